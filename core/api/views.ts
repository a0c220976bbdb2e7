/**
 * Views: versions of a resource whose objects are stored in another form. Events lie in the store as core/v1, autoscalers
 * as autoscaling/v2; the other version of each is made of that when it is read, and turned into it when it is written.
 * Custom resources lie in the version that their definition names.
 */
import type { KindRegistry, KubeObject, ResourceKind } from '../kinds/contract.js'
import type { CachedObject } from '../watch/contract.js'
import { autoscalerFromV2, autoscalerToV2 } from './view-autoscaler.js'
import { customView } from './view-custom.js'
import { eventFromCore, eventToCore } from './view-event.js'
import { ViewedObject } from './viewed-object.js'

export interface View {
  /** Group of the stored form. */
  readonly group: string
  /** Where showing needs an answer from elsewhere: must have resolved for an item before `show`. Items may be shown already. */
  prepare?(items: readonly CachedObject[]): Promise<void>
  show(item: CachedObject): CachedObject
  /** A stored object in this version. */
  served(object: KubeObject): KubeObject
  /** Fresh on the levels that differ; shares the rest with its argument. */
  stored(object: KubeObject): KubeObject | Promise<KubeObject>
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

/** Of two versions of one built-in kind; undefined where they have the same form. Shares parts with its argument. */
export function converterBetween(from: ResourceKind, to: ResourceKind): ((object: KubeObject) => KubeObject) | undefined {
  const [out, into] = [from, to].map(({ group, version, resource }) => conversions.get(`${group}/${version}/${resource}`))
  if (!out && !into) return undefined
  return (object) => {
    const stored = out ? out.stored(object) : object
    return into ? into.served(stored) : stored
  }
}

export function createViews(kinds: KindRegistry): (kind: ResourceKind) => View | undefined {
  return (kind) => {
    if (kind.custom) return customView(kind, kind.custom)
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
