/**
 * Views: versions of a resource whose objects are stored in another form. Events lie in the store as core/v1, autoscalers
 * as autoscaling/v2; the other version of each is made of that when it is read, and turned into it when it is written.
 */
import type { KindRegistry, KubeObject, ResourceKind } from '../kinds/contract.js'
import type { CachedObject } from '../watch/contract.js'
import { autoscalerFromV2, autoscalerToV2 } from './view-autoscaler.js'
import { eventFromCore, eventToCore } from './view-event.js'

export interface View {
  /** Group of the stored form. */
  readonly group: string
  show(item: CachedObject): CachedObject
  /** A stored object in this version. */
  served(object: KubeObject): KubeObject
  /** Fresh on the levels that differ; shares the rest with its argument. */
  stored(object: KubeObject): KubeObject
}

interface Conversion {
  readonly group: string
  readonly version: string
  served(object: KubeObject): KubeObject
  stored(object: KubeObject): KubeObject
}

const conversions: ReadonlyMap<string, Conversion> = new Map([
  ['events.k8s.io/v1/events', { group: '', version: 'v1', served: eventFromCore, stored: eventToCore }],
  [
    'autoscaling/v1/horizontalpodautoscalers',
    { group: 'autoscaling', version: 'v2', served: autoscalerFromV2, stored: autoscalerToV2 },
  ],
])

export function createViews(kinds: KindRegistry): (kind: ResourceKind) => View | undefined {
  return (kind) => {
    const conversion = conversions.get(`${kind.group}/${kind.version}/${kind.resource}`)
    if (!conversion || !kinds.resource(conversion.group, conversion.version, kind.resource)) return undefined
    const shown = new WeakMap<CachedObject, CachedObject>()
    return {
      group: conversion.group,
      stored: conversion.stored,
      served: conversion.served,
      show(item) {
        const known = shown.get(item)
        if (known) return known
        const view = new ViewedObject(item, conversion.served)
        shown.set(item, view)
        return view
      },
    }
  }
}

/** A stored object in another version; object and bytes are made when first asked for. */
class ViewedObject implements CachedObject {
  readonly key: string
  readonly namespace: string
  readonly name: string
  readonly revision: number
  readonly created: number
  readonly #item: CachedObject
  readonly #convert: (object: KubeObject) => KubeObject
  #object: KubeObject | undefined
  #bytes: Buffer | undefined

  constructor(item: CachedObject, convert: (object: KubeObject) => KubeObject) {
    this.key = item.key
    this.namespace = item.namespace
    this.name = item.name
    this.revision = item.revision
    this.created = item.created
    this.#item = item
    this.#convert = convert
  }

  get object(): KubeObject {
    this.#object ??= freeze(this.#convert(this.#item.object))
    return this.#object
  }
  get bytes(): Buffer {
    this.#bytes ??= Buffer.from(JSON.stringify(this.object))
    return this.#bytes
  }
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const part of Object.values(value)) freeze(part)
  return Object.freeze(value)
}
