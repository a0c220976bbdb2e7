/**
 * Objects as they are after our own writes, also where the informer has not heard of them yet: a second look at
 * a Service must not write again what the first one wrote.
 */
import type { Informer } from '@davit/core/client'
import { namespacedKey } from '@davit/core/controller'
import type { Clock } from '@davit/core/kernel'
import type { KubeObject } from '@davit/core/kinds'

interface Write<T> {
  /** Absent: deleted. */
  readonly object?: T
  readonly uid: string | undefined
  readonly at: number
}

export interface OwnWritesOptions<T extends KubeObject> {
  readonly informer: Informer<T>
  readonly clock: Clock
  /** What the informer has of an owner. */
  find(owner: string): readonly T[]
  /** Whose it is. */
  owners(object: T): readonly string[]
}

export class OwnWrites<T extends KubeObject> {
  readonly #options: OwnWritesOptions<T>
  /** By the object's key; gone as soon as the informer has caught up. */
  readonly #writes = new Map<string, Write<T>>()

  constructor(options: OwnWritesOptions<T>) {
    this.#options = options
  }

  /** Returns the undo. */
  follow(): () => void {
    const seen = (object: T) => this.#seen(object)
    return this.#options.informer.on({
      added: seen,
      updated: seen,
      deleted: (object) => this.#gone(object),
    })
  }

  of(owner: string): readonly T[] {
    const found = this.#options.find(owner)
    const writes = this.#of(owner)
    if (writes.size === 0) return found.filter(stays)
    const objects = new Map(found.map((object) => [namespacedKey(object), object]))
    for (const [key, { object }] of writes) {
      if (object) objects.set(key, object)
      else objects.delete(key)
    }
    return [...objects.values()].filter(stays)
  }

  /** True while the informer has not heard of all that was written for `owner`. */
  isAhead(owner: string): boolean {
    return this.#of(owner).size > 0
  }

  /** The change was made by us: there is nothing to look at again. */
  knows(object: T): boolean {
    return this.#writes.get(namespacedKey(object))?.object?.metadata.resourceVersion === object.metadata.resourceVersion
  }

  wrote(object: T): void {
    const { namespace = '', name, uid } = object.metadata
    const present = this.#options.informer.get(namespace, name)
    if (present && versionOf(present) >= versionOf(object)) return
    this.#writes.set(namespacedKey(object), { object, uid, at: this.#options.clock.monotonic() })
  }

  removed(object: T): void {
    const { namespace = '', name, uid } = object.metadata
    if (this.#options.informer.get(namespace, name)?.metadata.uid !== uid) this.#writes.delete(namespacedKey(object))
    else this.#writes.set(namespacedKey(object), { uid, at: this.#options.clock.monotonic() })
  }

  #of(owner: string): ReadonlyMap<string, Write<T>> {
    const writes = new Map<string, Write<T>>()
    for (const [key, write] of this.#writes) {
      // A watch that had to begin anew may never tell of it.
      if (this.#options.clock.monotonic() - write.at > rememberedMs) this.#writes.delete(key)
      else if (!write.object || this.#options.owners(write.object).includes(owner)) writes.set(key, write)
    }
    return writes
  }

  #seen(object: T): void {
    const write = this.#writes.get(namespacedKey(object))
    if (!write) return
    const overtaken = write.object ? versionOf(object) >= versionOf(write.object) : object.metadata.uid !== write.uid
    if (overtaken) this.#writes.delete(namespacedKey(object))
  }

  #gone(object: T): void {
    const write = this.#writes.get(namespacedKey(object))
    if (write?.uid === object.metadata.uid) this.#writes.delete(namespacedKey(object))
  }
}

export const rememberedMs = 10_000

function stays({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined
}

function versionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion ?? 0)
}
