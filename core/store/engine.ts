import { type Clock, DavitError, type Logger } from '../kernel/contract.js'
import { CommitQueue } from './commit.js'
import { Compaction } from './compaction.js'
import type {
  Entry,
  Key,
  Lease,
  LeaseId,
  Operation,
  RangeOptions,
  RangeResult,
  Revision,
  Store,
  StoreCapabilities,
  Transaction,
  TransactionResult,
  WatchHandle,
  WatchOptions,
  WatchSink,
} from './contract.js'
import type { Disk } from './disk.js'
import { closedError, compactedError, failedError, futureError, messageOf } from './errors.js'
import type { History, Version } from './history.js'
import { Leases } from './lease.js'
import { type Loaded, wipe } from './load.js'
import { type DiskWrite, encode, leaseName, leaseWrite, metaNames } from './records.js'
import { restoreSnapshot, verifySnapshot } from './restore.js'
import { Retention, type RetentionOptions } from './retention.js'
import { Ring } from './ring.js'
import { writeSnapshot } from './snapshot.js'
import { checkTransaction } from './transaction.js'
import { entryOf, Values } from './values.js'
import { Watchers } from './watch.js'

export interface EngineOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly retention: RetentionOptions
  /** Bytes of recent values that are kept in memory; ignored where there is no disk. */
  readonly ringBytes: number
}

const noValue = new Uint8Array(0)

/** The store over one disk, or over none. It puts the parts together; each of them has its own file. */
export class Engine implements Store {
  readonly supports: StoreCapabilities
  readonly #disk: Disk
  readonly #log: Logger
  readonly #history: History
  readonly #values: Values
  readonly #watchers: Watchers
  readonly #leases: Leases
  readonly #queue: CommitQueue
  readonly #retention: Retention
  readonly #ring: Ring | undefined
  #lastLease: number
  readonly #compaction: Compaction
  /** A restore has the store for itself; whoever comes meanwhile waits. */
  #restoring: Promise<unknown> | undefined
  #closing: Promise<void> | undefined
  #failure: unknown

  constructor(disk: Disk, loaded: Loaded, options: EngineOptions) {
    const { clock, log } = options
    const memo = !disk.durable || options.ringBytes > 0
    this.supports = { durable: disk.durable, memo, leases: true, snapshots: true, remote: false }
    this.#disk = disk
    this.#log = log
    this.#history = loaded.history
    this.#values = new Values(disk)
    this.#watchers = new Watchers(this.#history, this.#values, log)
    this.#leases = new Leases(clock, (id) => this.#expire(id))
    this.#lastLease = loaded.lastLease
    this.#ring = disk.durable ? new Ring(options.ringBytes) : undefined
    this.#retention = new Retention(options.retention, clock, this.#history.visible)
    this.#queue = new CommitQueue(disk, clock, loaded.ceiling, {
      publish: (versions) => this.#publish(versions),
      rollback: () => this.#rollback(),
    })
    this.#compaction = new Compaction(this.#history, {
      write: (writes) => this.#commit(writes, [], () => {}, [], false),
      compacted: () => this.#watchers.end(compactedError(0, this.compacted), this.compacted),
      stopped: () => this.#closing !== undefined,
    })
    for (const lease of loaded.leases) this.#leases.add(lease)
    this.#leases.reattach(this.#attachments())
    if (loaded.garbage.length > 0) this.#inBackground(() => this.#compaction.discard(loaded.garbage))
  }

  get compacted(): Revision {
    return this.#history.compacted
  }

  async current(): Promise<Revision> {
    await this.#ready()
    return this.#history.visible
  }

  get(key: Key, options: { readonly revision?: Revision } = {}): Promise<Entry | undefined> {
    return this.#reading(async () => {
      const version = this.#history.at(key, this.#readable(options.revision))
      return version && this.#values.now(version)
    })
  }

  range(options: RangeOptions): Promise<RangeResult> {
    return this.#reading(async () => {
      const revision = this.#readable(options.revision)
      const limit = options.limit ?? Number.POSITIVE_INFINITY
      const { versions, more, count } = this.#history.select(options.from, options.to, revision, limit)
      const entries = options.keysOnly ? versions.map((version) => entryOf(version, noValue)) : await this.#values.all(versions)
      return { entries, more, count, revision }
    })
  }

  transact(transaction: Transaction): Promise<TransactionResult> {
    return this.#writing(() => {
      checkTransaction(transaction)
      return this.#stage(transaction)
    })
  }

  watch(options: WatchOptions, sink: WatchSink): WatchHandle {
    const refusal = this.#refusal()
    const handle = this.#watchers.add(options, sink)
    if (refusal) queueMicrotask(() => this.#watchers.end(refusal))
    return handle
  }

  grantLease(ttl: number): Promise<Lease> {
    return this.#writing(() => {
      if (!(ttl > 0 && ttl <= 1_000_000_000)) throw new DavitError('DAVIT_STORE_INVALID', `A lease of ${ttl} seconds is refused.`)
      const lease = { id: (++this.#lastLease).toString(), ttl }
      const counter = { name: metaNames.lease, value: encode(this.#lastLease) }
      return this.#commit([leaseWrite(lease), counter], [{ name: leaseName(lease.id), value: undefined }], () => {
        this.#leases.add(lease)
        return lease
      })
    })
  }

  keepLease(id: LeaseId): Promise<boolean> {
    return this.#writing(async () => this.#leases.keep(id))
  }

  revokeLease(id: LeaseId): Promise<void> {
    return this.#writing(() => this.#endLease(id))
  }

  compact(revision: Revision): Promise<void> {
    return this.#writing(() => {
      if (revision > this.#history.visible) throw futureError(revision, this.#history.visible)
      return this.#compaction.run(revision)
    })
  }

  snapshot(file: string): Promise<{ readonly revision: Revision; readonly entries: number }> {
    return this.#reading(() =>
      writeSnapshot(file, () => {
        const revision = this.#history.visible
        const { versions } = this.#history.select('', '\uffff', revision, Number.POSITIVE_INFINITY)
        const header = { revision, lastLease: this.#lastLease }
        return { header, leases: this.#leases.all(), pieces: this.#values.pieces(versions) }
      }),
    )
  }

  restore(file: string): Promise<Revision> {
    return this.#writing(() => {
      const restoring = this.#restore(file)
      this.#restoring = restoring.then(
        () => {},
        () => {},
      )
      return restoring.finally(() => {
        this.#restoring = undefined
      })
    })
  }

  /** How much history to leave from now on. */
  retain(options: RetentionOptions): void {
    this.#retention.options = options
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  // -------------------------------------------------------------------------------------------------- transactions

  /** Accepts or refuses in this turn, so the order of the calls is the order of the transactions. */
  #stage(transaction: Transaction): Promise<TransactionResult> {
    const { compare, operations, durability } = transaction
    const holds = compare.every(({ key, revision }) => (this.#history.newest(key)?.revision ?? 0) === revision)
    const seen = this.#history.staged
    if (!holds) {
      const current = new Map(compare.map(({ key }) => [key, this.#present(key)]))
      return this.#commit([], [], () => ({ ok: false, revision: seen, current }))
    }
    for (const operation of operations) this.#checkLease(operation)
    const changes = operations.filter(({ type, key }) => type === 'put' || this.#history.newest(key) !== undefined)
    if (changes.length === 0) return this.#commit([], [], () => ({ ok: true, revision: seen }))
    const revision = seen + 1
    const versions = changes.map((operation, order) => this.#change(operation, revision, order))
    return this.#commit([], [], () => ({ ok: true, revision }), versions, durability !== 'relaxed')
  }

  #present(key: Key): Entry | undefined {
    const version = this.#history.newest(key)
    return version && this.#values.now(version)
  }

  #checkLease(operation: Operation): void {
    if (operation.type === 'delete' || operation.lease === undefined || this.#leases.get(operation.lease)) return
    throw new DavitError('DAVIT_STORE_LEASE_GONE', `The lease ${operation.lease} of ${operation.key} does not exist any more.`)
  }

  #change(operation: Operation, revision: Revision, order: number): Version {
    const { key } = operation
    const before = this.#history.newest(key)
    const put = operation.type === 'put' ? operation : undefined
    const version: Version = {
      key,
      revision,
      created: put === undefined ? 0 : (before?.created ?? revision),
      order,
      lease: put?.lease,
      entry: undefined,
      older: undefined,
    }
    if (put !== undefined) version.entry = entryOf(version, put.value, put.memo)
    this.#history.stage(version)
    this.#leases.move(key, before?.lease, put?.lease)
    return version
  }

  /** Queues what is staged, or nothing but the turn, and resolves with what `result` gives once that is committed. */
  #commit<T>(
    writes: readonly DiskWrite[],
    undo: readonly DiskWrite[],
    result: () => T,
    versions: readonly Version[] = [],
    durable = true,
  ): Promise<T> {
    if (this.#queue.idle && versions.length === 0 && writes.length === 0) return Promise.resolve(result())
    return new Promise((resolve, failed) => {
      this.#queue.add({ versions, writes, undo, durable, done: () => resolve(result()), failed })
    })
  }

  #publish(versions: readonly Version[]): void {
    const last = versions.at(-1)
    if (last === undefined) return
    this.#history.visible = last.revision
    this.#watchers.publish(versions, last.revision)
    this.#ring?.add(versions)
    const target = this.#retention.note(last.revision, this.#history.compacted)
    if (target !== undefined) this.#inBackground(() => this.compact(target))
  }

  #rollback(): void {
    this.#history.rollback()
    this.#leases.reattach(this.#attachments())
  }

  // -------------------------------------------------------------------------------------------------------- leases

  *#attachments(): Generator<readonly [Key, LeaseId]> {
    for (const { key, head } of this.#history.index.all()) if (head.lease !== undefined) yield [key, head.lease]
  }

  #endLease(id: LeaseId): Promise<void> {
    const lease = this.#leases.get(id)
    if (lease === undefined) return this.#commit([], [], () => {})
    const keys = this.#leases.keysOf(id)
    this.#leases.markEnding(id)
    const revision = this.#history.staged + 1
    const versions = keys.map((key, order) => this.#change({ type: 'delete', key }, revision, order))
    const ended = this.#commit(
      [{ name: leaseName(id), value: undefined }],
      [leaseWrite(lease)],
      () => this.#leases.remove(id),
      versions,
    )
    return ended.catch((error: unknown) => {
      this.#leases.markHeld(id)
      throw error
    })
  }

  #expire(id: LeaseId): void {
    this.#inBackground(() => this.revokeLease(id))
  }

  // --------------------------------------------------------------------------------------------- restore and close

  async #restore(file: string): Promise<Revision> {
    await this.#commit([], [], () => {})
    if (this.#history.visible > 0 || this.#leases.size > 0) {
      throw new DavitError('DAVIT_STORE_NOT_EMPTY', 'The store is not empty; a snapshot is restored into an empty one only.')
    }
    await verifySnapshot(file)
    const restored = await restoreSnapshot(this.#disk, file).catch((error) => this.#undoRestore(error))
    this.#history.compacted = restored.revision
    for (const version of restored.versions) this.#history.load(version)
    this.#history.finishLoading()
    this.#lastLease = restored.lastLease
    for (const lease of restored.leases) this.#leases.add(lease)
    this.#leases.reattach(this.#attachments())
    this.#watchers.end(compactedError(0, restored.revision))
    return restored.revision
  }

  async #undoRestore(cause: unknown): Promise<never> {
    try {
      await this.#disk.recover()
      await wipe(this.#disk)
    } catch (error) {
      this.#failure = error
    }
    throw new DavitError('DAVIT_STORE_WRITE_FAILED', `The snapshot could not be loaded: ${messageOf(cause)}`, { cause })
  }

  async #close(): Promise<void> {
    this.#leases.close()
    await this.#restoring
    try {
      await this.#queue.close()
      await this.#compaction.settled()
      await this.#queue.close()
    } finally {
      this.#watchers.end(closedError())
      await this.#disk.close()
    }
  }

  // --------------------------------------------------------------------------------------------------------- gates

  #refusal(): Error | undefined {
    if (this.#closing) return closedError()
    return this.#failure === undefined ? undefined : failedError(this.#failure)
  }

  /** The revision to read: the newest, or the one that was asked for if it can be had. */
  #readable(wanted: Revision | undefined): Revision {
    const { visible, compacted } = this.#history
    if (wanted === undefined) return visible
    if (wanted < compacted) throw compactedError(wanted, compacted)
    if (wanted > visible) throw futureError(wanted, visible)
    return wanted
  }

  async #ready(): Promise<void> {
    for (let wait = this.#wait(); wait !== undefined; wait = this.#wait()) await wait
    const refusal = this.#refusal()
    if (refusal) throw refusal
  }

  #wait(): Promise<unknown> | undefined {
    return this.#closing ? undefined : (this.#restoring ?? this.#queue.recovering)
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    if (this.#wait()) await this.#ready()
    const refusal = this.#refusal()
    if (refusal) throw refusal
    try {
      return await read()
    } catch (error) {
      throw error instanceof DavitError ? error : (this.#refusal() ?? failedError(error))
    }
  }

  /** Calls `write` in this turn, unless the store is taken. */
  #writing<T>(write: () => Promise<T>): Promise<T> {
    const wait = this.#wait()
    if (wait) return wait.then(() => this.#writing(write))
    return this.#attempt(write)
  }

  async #attempt<T>(write: () => Promise<T>): Promise<T> {
    const refusal = this.#refusal()
    if (refusal) throw refusal
    return write()
  }

  #inBackground(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (this.#closing === undefined) this.#log.warn({ error }, 'the store could not finish work of its own; it tries again')
    })
  }
}
