import { formatJson, type KubeObject } from '../kinds/contract.js'
import type { CachedObject } from '../watch/contract.js'

/** A stored object in another version; object and bytes are made when first asked for. */
export class ViewedObject implements CachedObject {
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
    this.#bytes ??= Buffer.from(formatJson(this.object))
    return this.#bytes
  }
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const part of Object.values(value)) freeze(part)
  return Object.freeze(value)
}
