import type { Informer } from '../client/contract.js'
import type { Clock } from '../kernel/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import { namespacedKey } from './key.js'

/** A watch that is so far behind is broken; acting on what it shows is then better than not acting at all. */
const defaultTimeoutMs = 5 * 60_000

interface Waiting {
  /** Of the owner: another of the same name has nothing to do with what was done for this one. */
  readonly owner: string | undefined
  /** Creations whose resourceVersion the informer has yet to reach. */
  creations: bigint[]
  /** Deletions that the informer has yet to show, by uid. */
  readonly deletions: Map<string, { readonly namespace: string; readonly name: string }>
  /** When the last of them was made, on the monotonic clock. */
  since: number
}

/**
 * What a controller did itself and its informer does not show yet. A reconciler that counts dependants must not act
 * while something is outstanding: it would create again what is on its way, or delete others beside those that go.
 *
 * It holds no counters that an unforeseen event could put out of step: a creation is seen when the informer has come to
 * its resourceVersion, also if the object went again meanwhile; a deletion when the object is marked, gone or replaced.
 */
export class Expectations<T extends KubeObject> {
  readonly #informer: Pick<Informer<T>, 'get' | 'on'>
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #waiting = new Map<string, Waiting>()
  readonly #stopListening: () => void
  #reached = 0n

  constructor(options: {
    readonly informer: Pick<Informer<T>, 'get' | 'on'>
    readonly clock: Clock
    readonly timeoutMs?: number
  }) {
    this.#informer = options.informer
    this.#clock = options.clock
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs
    const reach = (object: T) => this.#reach(object)
    this.#stopListening = options.informer.on({ added: reach, updated: reach, deleted: reach })
  }

  /** After a creation for `owner` (or a write of itself) succeeded, with what the API answered. */
  created(owner: KubeObject, object: T): void {
    const version = revisionOf(object)
    if (version > this.#reached) this.#of(owner).creations.push(version)
  }

  /** After a deletion for `owner` succeeded. */
  deleted(owner: KubeObject, object: T): void {
    const { uid = '', namespace = '', name } = object.metadata
    this.#of(owner).deletions.set(uid, { namespace, name })
  }

  /** How many milliseconds `owner` has to wait at most; `undefined`: nothing is outstanding, act. */
  outstanding(owner: KubeObject): number | undefined {
    const key = namespacedKey(owner)
    const waiting = this.#present(owner)
    if (!waiting) return undefined
    waiting.creations = waiting.creations.filter((version) => version > this.#reached)
    for (const [uid, { namespace, name }] of waiting.deletions) {
      const shown = this.#informer.get(namespace, name)?.metadata
      if (shown?.uid !== uid || shown.deletionTimestamp !== undefined) waiting.deletions.delete(uid)
    }
    const left = waiting.since + this.#timeoutMs - this.#clock.monotonic()
    if (left > 0 && waiting.creations.length + waiting.deletions.size > 0) return left
    this.#waiting.delete(key)
    return undefined
  }

  /** The owner of this key is gone. */
  forget(key: string): void {
    this.#waiting.delete(key)
  }

  /** Stops listening to the informer. Idempotent. */
  close(): void {
    this.#stopListening()
    this.#waiting.clear()
  }

  #of(owner: KubeObject): Waiting {
    const now = this.#clock.monotonic()
    const { uid } = owner.metadata
    const waiting = this.#present(owner) ?? { owner: uid, creations: [], deletions: new Map(), since: now }
    waiting.since = now
    this.#waiting.set(namespacedKey(owner), waiting)
    return waiting
  }

  #present(owner: KubeObject): Waiting | undefined {
    const waiting = this.#waiting.get(namespacedKey(owner))
    return waiting?.owner === owner.metadata.uid ? waiting : undefined
  }

  #reach(object: T): void {
    const version = revisionOf(object)
    if (version > this.#reached) this.#reached = version
  }
}

/** Versions of one resource grow with each change; an object without one was never stored and is waited for no longer. */
function revisionOf({ metadata }: KubeObject): bigint {
  return /^\d+$/.test(metadata.resourceVersion ?? '') ? BigInt(metadata.resourceVersion ?? 0) : 0n
}
