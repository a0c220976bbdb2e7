/**
 * The store: one ordered, durable map from keys to bytes, with one revision counter over all of it. It knows no
 * Kubernetes. The shape is what etcd can do, so an engine over etcd fits behind it without a change, and the embedded
 * engines do no more than that.
 *
 * Who may call it: the API room and the watch room alone (law 8).
 */
import type { Token } from '../kernel/contract.js'
import { one } from '../kernel/contract.js'

export const StoreToken: Token<Store, 'one'> = one<Store>('store.engine/v1')

/** `/group/resource/namespace/name`, printable ASCII, no NUL. Ordered as bytes. */
export type Key = string
/**
 * Counts committed transactions: every write transaction that changes something raises it by exactly one, and all that
 * it changes carries that number. The first is 1; an empty store is at 0. Exact up to 2^53. A store that lies in a
 * database which others write to as well counts their transactions too: it begins higher, and leaves numbers out.
 */
export type Revision = number

export interface Entry {
  readonly key: Key
  readonly value: Uint8Array
  /** Revision of the last put. */
  readonly revision: Revision
  /** Revision of the put that created the key (a delete in between starts anew). */
  readonly created: Revision
  /** The lease that the key is attached to. */
  readonly lease?: LeaseId
  /** See `Put.memo`. */
  readonly memo?: unknown
}

/** True when `key` stands at `revision`; 0 means that the key does not exist. */
export interface Compare {
  readonly key: Key
  readonly revision: Revision
}
export interface Put {
  readonly type: 'put'
  readonly key: Key
  /** Owned by the store from here on: the caller never changes these bytes again. */
  readonly value: Uint8Array
  readonly lease?: LeaseId
  /**
   * Rides along, unpersisted, to the watchers and `Entry`s of this process while the engine can still give it (never
   * after a restart, maybe never at all). It saves decoding again what was just encoded. It must equal what decoding
   * `value` would give, and be frozen.
   */
  readonly memo?: unknown
}
export interface Delete {
  readonly type: 'delete'
  readonly key: Key
}
export type Operation = Put | Delete

export interface Transaction {
  /** All must hold, else nothing is written. Each key at most once. */
  readonly compare: readonly Compare[]
  /** Applied together, under one revision. Each key at most once; deleting a missing key is no change. */
  readonly operations: readonly Operation[]
  /**
   * `durable` (default): the promise resolves when the write is on disk. `relaxed`: it resolves when the write is
   * visible, and a crash of the machine within about a second may lose it, in order: nothing later survives it.
   */
  readonly durability?: 'durable' | 'relaxed'
}
/** A failed comparison is a result, not an error: `current` holds the present entries of the keys that were compared. */
export type TransactionResult =
  | { readonly ok: true; readonly revision: Revision }
  | { readonly ok: false; readonly revision: Revision; readonly current: ReadonlyMap<Key, Entry | undefined> }

export interface RangeOptions {
  /** First key, inclusive. */
  readonly from: Key
  /** First key beyond the range. `prefixEnd(prefix)` makes one. */
  readonly to: Key
  /** At most so many entries; the result's `more` says whether there are further ones. */
  readonly limit?: number
  /** Reads the state at this revision instead of the newest. Compacted: `DAVIT_STORE_COMPACTED`. Not reached yet: `DAVIT_STORE_FUTURE_REVISION`. */
  readonly revision?: Revision
  /** Entries come with an empty `value`. */
  readonly keysOnly?: boolean
}
export interface RangeResult {
  readonly entries: readonly Entry[]
  readonly more: boolean
  /** How many keys the whole range holds at that revision. */
  readonly count: number
  /** The revision that was read. */
  readonly revision: Revision
}

/** `previous` is what stood there before, absent for a creation, where it is compacted away, and perhaps where nobody wants it. */
export type StoreEvent =
  | { readonly type: 'put'; readonly revision: Revision; readonly entry: Entry; readonly previous?: Entry }
  | { readonly type: 'delete'; readonly revision: Revision; readonly key: Key; readonly previous?: Entry }

export interface WatchOptions {
  readonly from: Key
  readonly to: Key
  /** Delivers every change with a greater revision than this. */
  readonly after: Revision
  /** False: who watches does without `previous`, which an engine may have to read from the disk. Default true. */
  readonly previous?: boolean
}
export interface WatchSink {
  /**
   * Called with one or more events in order of revision, never out of order, never twice, never concurrently. All
   * events of one transaction come in one call. Called only with what is visible to `range` (and durable, where the
   * write asked for that). Must not throw and must not wait.
   */
  events(events: readonly StoreEvent[], upTo: Revision): void
  /**
   * Everything up to `upTo` has been delivered, and nothing of it was in the range. Only from remote stores, and only to
   * watches of all keys: there the newest revision may be of something that no watch is told of.
   */
  progress?(upTo: Revision): void
  /**
   * The watch is over: `DAVIT_STORE_COMPACTED` when `after` is older than the history (list anew), or whatever ended
   * the engine. Never called after `close`.
   */
  end(error: Error): void
}
export interface WatchHandle {
  /** No call of the sink begins after this returns. Idempotent. */
  close(): void
}

export type LeaseId = string
export interface Lease {
  readonly id: LeaseId
  /** Seconds. */
  readonly ttl: number
}

/**
 * Every method may be called at any time from `open` to `close`, concurrently. After `close`, or after a write error
 * that the engine cannot recover from, all reject with `DAVIT_STORE_CLOSED` or `DAVIT_STORE_FAILED`. While a remote store
 * does not answer, they reject with `DAVIT_STORE_UNAVAILABLE`, and its watches stay open and go on afterwards.
 */
export interface Store {
  /** What this engine can do. Gates the cases of the test kit, and `remote` says that several servers may be over it. */
  readonly supports: StoreCapabilities
  /** False while a remote store does not answer. Absent: always there. Looked at for readiness; costs nothing to read. */
  readonly reachable?: boolean
  /**
   * The newest revision: at least that of every transaction acknowledged anywhere before the call. Embedded engines
   * answer without waiting; a remote one asks.
   */
  current(): Promise<Revision>
  get(key: Key, options?: { readonly revision?: Revision }): Promise<Entry | undefined>
  range(options: RangeOptions): Promise<RangeResult>
  /**
   * Serialisable: all transactions of the store are in one order, which is the order of the calls unless the store is
   * `remote`. Sees the writes before it in that order, durable yet or not. A transaction whose operations change nothing
   * keeps the revision. Rejections: `DAVIT_STORE_WRITE_FAILED` and `DAVIT_STORE_UNAVAILABLE` (nothing was written; `cause`
   * says why), `DAVIT_STORE_TOO_LARGE` (value over 3 MiB), `DAVIT_STORE_OUTCOME_UNKNOWN` (a remote store did not answer,
   * and what was sent may have been written or be written yet).
   */
  transact(transaction: Transaction): Promise<TransactionResult>
  watch(options: WatchOptions, sink: WatchSink): WatchHandle
  /** Keys attached to a lease are deleted, each as a normal delete, when it runs out or is revoked. */
  grantLease(ttl: number): Promise<Lease>
  /** Starts the lease's time anew; false when it is gone. */
  keepLease(id: LeaseId): Promise<boolean>
  revokeLease(id: LeaseId): Promise<void>
  /**
   * Forgets what was overwritten or deleted at or before `revision`, so that watches and reads from before it answer
   * `DAVIT_STORE_COMPACTED`. Present entries stay. Idempotent.
   */
  compact(revision: Revision): Promise<void>
  /** The oldest revision that can still be read and watched from. */
  readonly compacted: Revision
  /** Writes a consistent copy of the present state to a new file while the store runs, and syncs it. Rejects if the file exists. */
  snapshot(file: string): Promise<{ readonly revision: Revision; readonly entries: number }>
  /** Loads a snapshot into an empty store, keeping revisions. Rejects `DAVIT_STORE_NOT_EMPTY` otherwise, `DAVIT_SNAPSHOT_CORRUPT` when its checksum fails. */
  restore(file: string): Promise<Revision>
  /** Waits for what is in flight, ends the watches, releases the lock. Idempotent. */
  close(): Promise<void>
}

export interface StoreCapabilities {
  /** Survives `close` and a crash. */
  readonly durable: boolean
  /** Hands `memo` to watchers of the same process. */
  readonly memo: boolean
  readonly leases: boolean
  readonly snapshots: boolean
  /**
   * The data lies with another process, which others may write to as well: transactions that are called without awaiting
   * each other take effect in any order, and leases run out by that process's time, whoever is connected.
   */
  readonly remote: boolean
}

export { closedError, compactedError, failedError, futureError } from './errors.js'
export { checkTransaction } from './transaction.js'

/** The first key after all keys that begin with `prefix`. */
export function prefixEnd(prefix: string): Key {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
}
