/**
 * The watch room: one cache for each resource, fed by the store's watch, and the fan-out of its changes. It holds each
 * object once, frozen, beside its bytes; every get, list and watch of every client shares them (law 11).
 *
 * Who may call it: the API room. Everybody else watches through the client contract.
 */

import type { Token } from '../kernel/contract.js'
import { one } from '../kernel/contract.js'
import type { FieldSelector, KubeObject, ResourceKind, Selector } from '../kinds/contract.js'
import type { Entry, Key, Revision } from '../store/contract.js'

export const WatchCachesToken: Token<WatchCaches, 'one'> = one<WatchCaches>('watch.caches/v1')

/**
 * One revision of one object. `object` and `bytes` are made at most once, when first asked for, and shared by all.
 * `bytes` is the JSON that every reply shows: the stored JSON with `metadata.resourceVersion` put in.
 */
export interface CachedObject {
  readonly key: Key
  /** '' for a cluster-scoped object. */
  readonly namespace: string
  readonly name: string
  readonly revision: Revision
  /** Revision of its creation. */
  readonly created: Revision
  /** Deeply frozen. */
  readonly object: KubeObject
  /** Never written to by anyone. */
  readonly bytes: Buffer
}

/** What a watcher sees of a change, after its selectors: leaving them is DELETED, entering them ADDED. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** For DELETED the last state that the watcher may see (for a selector's leaving: the one before), with the revision of this change. */
  readonly item: CachedObject
}

/** Turns one event into bytes on the wire. The same encoder object must be used for all watchers that share a form. */
export interface EventEncoder {
  /** Called once for each event and encoder, whatever the number of watchers. */
  encode(event: WatchEvent): Uint8Array
}

/**
 * The events of one or more commits, in order. Watchers of the same resource, namespace and selectors that stand at the
 * same place get the very same object, so that `frames` is joined and encoded once for all of them.
 */
export interface WatchBatch {
  readonly events: readonly WatchEvent[]
  /** Everything up to this revision has been delivered, also where no event of it matched. */
  readonly upTo: Revision
  /** All events, encoded and joined. */
  frames(encoder: EventEncoder): Uint8Array
}

export interface Scope {
  /** Absent: all namespaces. */
  readonly namespace?: string
  readonly labels?: Selector
  readonly fields?: FieldSelector
}

export interface SubscribeOptions extends Scope {
  /** Changes with a greater revision. */
  readonly after: Revision
  /** Call `progress` about once in so many milliseconds while nothing matched. 0 or absent: never. */
  readonly progressMs?: number
}
export interface Subscriber {
  /** In order, nothing lost, nothing twice; must not throw and must not wait. Called in a later turn than the commit. */
  batch(batch: WatchBatch): void
  /** Nothing matched since the last call of either, and all up to `revision` is delivered: the time for a bookmark. */
  progress?(revision: Revision): void
  /** Over: `DAVIT_STORE_COMPACTED` when `after` is too old (before the first batch), `DAVIT_STORE_CLOSED` at shutdown. */
  end(error: Error): void
}

export interface ListOptions extends Scope {
  readonly limit?: number
  /** Only keys greater than this: the place where the page before ended. */
  readonly startAfter?: Key
}
export interface CacheList {
  /** In order of key. Frozen; for an unfiltered list of a whole resource the same array until something changes. */
  readonly items: readonly CachedObject[]
  readonly revision: Revision
  readonly more: boolean
  /** Items beyond the limit; exact where no selector applies, else absent. */
  readonly remaining?: number
}

export interface ResourceCache {
  /** Resolves when the first load is complete. Reads before that must wait for it. */
  readonly ready: Promise<void>
  /** All changes up to here are in. */
  readonly revision: Revision
  /** Number of objects. */
  readonly size: number
  get(namespace: string, name: string): CachedObject | undefined
  /** Throws nothing; an empty result is an empty list. */
  list(options?: ListOptions): CacheList
  /** Resolves once `revision` of the store is in here: at once for what this process wrote. Rejects with the signal's reason. */
  waitFor(revision: Revision, signal?: AbortSignal): Promise<void>
  subscribe(options: SubscribeOptions, subscriber: Subscriber): { close(): void }
  /** All of `namespace`, without a scan of the others. */
  readonly namespaces: readonly string[]
}

export interface WatchCaches {
  /** The cache of `/group/resource/`; made and loaded on first use. */
  cache(group: string, resource: string): ResourceCache
  /** Statistics for metrics: resources, objects, watchers, events, joined frames, dropped. */
  statistics(): { readonly resources: number; readonly objects: number; readonly subscribers: number; readonly events: number }
}

/**
 * How objects lie in the store: the JSON without `metadata.resourceVersion` (the revision is not known before the
 * commit), `apiVersion`, `kind` and `metadata` first, so that the number can be put in without parsing.
 */
export interface Codec {
  /**
   * `object` gets frozen; its own resourceVersion, if any, is left out. `escapes`: those of its kind. `memo` goes into
   * `Put.memo`.
   */
  encode(object: KubeObject, escapes?: ResourceKind['escapes']): { readonly value: Uint8Array; readonly memo: KubeObject }
  /** Does no work before `object` or `bytes` is read; uses `entry.memo` where it is there. */
  open(entry: Entry): CachedObject
}
export function keyOf(group: string, resource: string, namespace: string, name: string): Key {
  return `/${group || 'core'}/${resource}/${namespace}/${name}`
}
export { codec } from './codec.js'
export { type Lookup, lookup } from './lookup.js'
