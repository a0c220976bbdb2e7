import { type Clock, DavitError, type Timer } from '@davit/core/kernel'
import type {
  Entry,
  Key,
  Lease,
  LeaseId,
  RangeOptions,
  RangeResult,
  Revision,
  Store,
  StoreCapabilities,
  StoreEvent,
  Transaction,
  TransactionResult,
  WatchHandle,
  WatchOptions,
  WatchSink,
} from '@davit/core/store'
import { apply, checkTransaction, undo } from './state.js'
import { Watcher } from './watcher.js'

/** What is `false` here, the test kit leaves out, and nothing else. */
export const supports: StoreCapabilities & Readonly<Record<string, boolean>> = {
  durable: false,
  memo: true,
  leases: true,
  snapshots: false,
  remote: false,
}

export interface Trace {
  readonly revision: Revision
  readonly wrote: readonly string[]
}

/**
 * The present state is a map, the past a list of what changed with each revision: an old state is the present one with
 * the changes since taken back. Each method does its work in one turn, so transactions are in one order by nature.
 */
export class TracingStore implements Store {
  readonly supports = supports
  readonly #present = new Map<Key, Entry>()
  /** What each revision after `compacted` changed, oldest first. */
  #history: (readonly StoreEvent[])[] = []
  #compacted: Revision = 0
  #revision: Revision = 0
  #closed = false
  #leases = 0
  readonly #timers = new Map<LeaseId, { readonly ttl: number; timer: Timer }>()
  readonly #watchers = new Set<Watcher>()

  readonly #clock: Clock
  readonly #retain: number
  readonly #trace: (trace: Trace) => void

  constructor(clock: Clock, retainRevisions: number, trace: (trace: Trace) => void) {
    this.#clock = clock
    this.#retain = retainRevisions
    this.#trace = trace
  }

  get compacted(): Revision {
    return this.#compacted
  }

  async current(): Promise<Revision> {
    this.#refuseClosed()
    return this.#revision
  }

  async get(key: Key, { revision }: { readonly revision?: Revision } = {}): Promise<Entry | undefined> {
    this.#refuseClosed()
    return this.#stateAt(revision).get(key)
  }

  async range({ from, to, limit, revision, keysOnly }: RangeOptions): Promise<RangeResult> {
    this.#refuseClosed()
    const found = [...this.#stateAt(revision).values()].filter(({ key }) => key >= from && key < to)
    found.sort((a, b) => (a.key < b.key ? -1 : 1))
    const page = limit === undefined ? found : found.slice(0, limit)
    const entries = keysOnly ? page.map((entry) => ({ ...entry, value: new Uint8Array(0) })) : page
    return { entries, more: page.length < found.length, count: found.length, revision: revision ?? this.#revision }
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    this.#refuseClosed()
    checkTransaction(transaction)
    const { compare, operations } = transaction
    if (compare.some(({ key, revision }) => (this.#present.get(key)?.revision ?? 0) !== revision)) {
      const current = new Map(compare.map(({ key }) => [key, this.#present.get(key)]))
      return { ok: false, revision: this.#revision, current }
    }
    for (const operation of operations) {
      const lease = operation.type === 'put' ? operation.lease : undefined
      if (lease !== undefined && !this.#timers.has(lease))
        throw new DavitError('DAVIT_STORE_LEASE_GONE', `There is no lease ${lease} (any more).`)
    }
    const events = apply(this.#present, operations, this.#revision + 1)
    if (events.length > 0) this.#commit(events)
    return { ok: true, revision: this.#revision }
  }

  watch(options: WatchOptions, sink: WatchSink): WatchHandle {
    const watcher = new Watcher(options, sink, () => this.#watchers.delete(watcher))
    const refusal = this.#closed
      ? closedError()
      : options.after < this.#compacted
        ? this.#compactedError(options.after)
        : undefined
    if (!refusal) this.#watchers.add(watcher)
    // The caller has its handle before the sink hears of the past.
    queueMicrotask(() => (refusal ? watcher.end(refusal) : this.#tell(watcher)))
    return { close: () => watcher.close() }
  }

  async grantLease(ttl: number): Promise<Lease> {
    this.#refuseClosed()
    this.#leases += 1
    const id = `${this.#leases}`
    this.#timers.set(id, { ttl, timer: this.#expiry(id, ttl) })
    return { id, ttl }
  }

  async keepLease(id: LeaseId): Promise<boolean> {
    this.#refuseClosed()
    const lease = this.#timers.get(id)
    if (!lease) return false
    lease.timer.cancel()
    lease.timer = this.#expiry(id, lease.ttl)
    return true
  }

  async revokeLease(id: LeaseId): Promise<void> {
    this.#refuseClosed()
    this.#end(id)
  }

  async compact(revision: Revision): Promise<void> {
    this.#refuseClosed()
    if (revision > this.#revision) throw futureError(revision, this.#revision)
    if (revision <= this.#compacted) return
    for (const watcher of this.#watchers) this.#tell(watcher)
    this.#history = this.#history.slice(revision - this.#compacted)
    this.#compacted = revision
  }

  snapshot(): Promise<never> {
    return this.#unsupported('written to a file')
  }

  restore(): Promise<never> {
    return this.#unsupported('restored from a file')
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const { timer } of this.#timers.values()) timer.cancel()
    for (const watcher of [...this.#watchers]) {
      this.#tell(watcher)
      watcher.end(closedError())
    }
  }

  #commit(events: readonly StoreEvent[]): void {
    this.#revision += 1
    this.#history.push(events)
    const wrote = events.map((event) => (event.type === 'put' ? event.entry.key : `-${event.key}`))
    this.#trace({ revision: this.#revision, wrote })
    // Told before the writer is answered.
    for (const watcher of [...this.#watchers]) this.#tell(watcher)
    // Now and then rather than each time, for it costs a copy.
    if (this.#history.length > 2 * this.#retain) void this.compact(this.#revision - this.#retain)
  }

  #tell(watcher: Watcher): void {
    watcher.tell(
      () => this.#revision,
      (revision) => this.#history[revision - this.#compacted - 1] ?? [],
    )
  }

  #stateAt(revision: Revision | undefined): ReadonlyMap<Key, Entry> {
    if (revision === undefined || revision === this.#revision) return this.#present
    if (revision > this.#revision) throw futureError(revision, this.#revision)
    if (revision < this.#compacted) throw this.#compactedError(revision)
    return undo(this.#present, this.#history.slice(revision - this.#compacted))
  }

  #expiry(id: LeaseId, ttl: number): Timer {
    return this.#clock.setTimer(ttl * 1000, () => this.#end(id), { unref: true })
  }

  #end(id: LeaseId): void {
    this.#timers.get(id)?.timer.cancel()
    if (!this.#timers.delete(id)) return
    const held = [...this.#present.values()].filter(({ lease }) => lease === id).map(({ key }) => key)
    const operations = held.sort().map((key) => ({ type: 'delete' as const, key }))
    const events = apply(this.#present, operations, this.#revision + 1)
    if (events.length > 0) this.#commit(events)
  }

  async #unsupported(what: string): Promise<never> {
    this.#refuseClosed()
    throw new DavitError('DAVIT_STORE_FAILED', `This store is not ${what}: it supports no snapshots.`)
  }

  #refuseClosed(): void {
    if (this.#closed) throw closedError()
  }

  #compactedError(wanted: Revision): DavitError {
    return new DavitError(
      'DAVIT_STORE_COMPACTED',
      `Revision ${wanted} is compacted; the oldest that is kept is ${this.#compacted}.`,
    )
  }
}

function closedError(): DavitError {
  return new DavitError('DAVIT_STORE_CLOSED', 'The store is closed.')
}

function futureError(wanted: Revision, current: Revision): DavitError {
  return new DavitError('DAVIT_STORE_FUTURE_REVISION', `Revision ${wanted} is not reached yet; the newest is ${current}.`)
}
