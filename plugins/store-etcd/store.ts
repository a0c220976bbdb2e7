import type { Clock, Logger, Random, Timer } from '@davit/core/kernel'
import {
  checkTransaction,
  closedError,
  compactedError,
  type Entry,
  failedError,
  futureError,
  type Key,
  type Lease,
  type LeaseId,
  type RangeOptions,
  type RangeResult,
  type Revision,
  type Store,
  type Transaction,
  type TransactionResult,
  type WatchHandle,
  type WatchOptions,
  type WatchSink,
} from '@davit/core/store'
import { Compactor, compact, findCompacted } from './compaction.js'
import type { Connection } from './connection.js'
import { isAnswer, isCompacted, isFuture, refusal, unsupported } from './errors.js'
import type { Place } from './keys.js'
import { grantLease, keepLease, revokeLease } from './leases.js'
import { Memos } from './memos.js'
import type { Received } from './messages.js'
import { Newest } from './newest.js'
import { supports } from './supports.js'
import { EtcdWatch, endAll, type WatchServices } from './watch.js'
import { commit } from './write.js'

export interface EtcdStoreOptions {
  readonly connection: Connection
  readonly place: Place
  readonly clock: Clock
  readonly log: Logger
  readonly random: Random
  /** How often history is compacted away; 0: never. */
  readonly compactionMs: number
}

/** How long a watch may be behind what is known to be written before it is woken by a write of our own. */
const markMs = 50
/** Between attempts to write it while etcd is lost. */
const retryMs = 1_000
const nothing = new Uint8Array(0)

/** The store in etcd. One connection, a stream for each watch, and no state but what etcd has. */
export class EtcdStore implements Store {
  readonly supports = supports
  readonly #connection: Connection
  readonly #place: Place
  readonly #clock: Clock
  readonly #random: Random
  readonly #memos = new Memos()
  readonly #watches = new Set<EtcdWatch>()
  readonly #watchServices: WatchServices
  readonly #newest: Newest
  readonly #compactor: Compactor
  readonly #running = new Set<Promise<unknown>>()
  #compacted: Revision = 0
  #mark: Timer | undefined
  /** How far whoever waits wants the watches to come. */
  #wanted: Revision = 0
  #closing: Promise<void> | undefined

  /** Resolves when etcd has answered, which the connection waits for. */
  static async open(options: EtcdStoreOptions): Promise<EtcdStore> {
    const store = new EtcdStore(options)
    const newest = await store.#newest.ask()
    store.#compacted = await findCompacted(options.connection, options.place, newest)
    return store
  }

  private constructor({ connection, place, clock, log, random, compactionMs }: EtcdStoreOptions) {
    this.#connection = connection
    this.#place = place
    this.#clock = clock
    this.#random = random
    this.#newest = new Newest(connection, place)
    const learnCompacted = (revision: Revision): void => {
      this.#compacted = Math.max(this.#compacted, revision)
    }
    this.#compactor = new Compactor({ connection, place, clock, log, intervalMs: compactionMs, compacted: learnCompacted })
    this.#watchServices = {
      connection,
      place,
      memos: this.#memos,
      clock,
      log,
      newest: () => this.#newest.known,
      compacted: () => this.#compacted,
      learnCompacted,
      gone: (watch) => void this.#watches.delete(watch),
    }
    connection.onFailure = (error) => endAll(this.#watches, error)
    connection.onFound = (transport) => {
      for (const watch of [...this.#watches]) watch.move(transport)
    }
  }

  get compacted(): Revision {
    return this.#compacted
  }
  get reachable(): boolean {
    return this.#connection.reachable
  }

  async current(): Promise<Revision> {
    this.#refuseClosed()
    const revision = await this.#newest.ask()
    this.#wake(revision)
    return revision
  }

  async get(key: Key, { revision }: { readonly revision?: Revision } = {}): Promise<Entry | undefined> {
    this.#refuseClosed()
    const { kvs } = await this.#read({ key: this.#place.key(key) }, revision)
    return kvs[0] && this.#entryOf(kvs[0], false)
  }

  async range({ from, to, limit = 0, revision, keysOnly = false }: RangeOptions): Promise<RangeResult> {
    this.#refuseClosed()
    const [key, rangeEnd] = [this.#place.key(from), this.#place.key(to)]
    // etcd takes an end before the beginning for something else than nothing.
    if (from >= to) return { entries: [], more: false, count: 0, revision: revision ?? (await this.current()) }
    const { kvs, more, count, header } = await this.#read({ key, rangeEnd, limit, keysOnly }, revision)
    const entries = kvs.map((found) => this.#entryOf(found, keysOnly))
    return { entries, more, count, revision: revision ?? this.#place.revisionOf(header?.revision ?? 0) }
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    this.#refuseClosed()
    checkTransaction(transaction)
    for (const operation of transaction.operations)
      if (operation.type === 'put') this.#memos.note(operation.key, operation.value, operation.memo)
    return this.#run(async () => {
      const { result, changed } = await commit(transaction, this.#connection, this.#place, this.#memos)
      if (changed.length === 0) return result
      this.#newest.learn(result.revision)
      this.#compactor.note()
      const waits = [...this.#watches].flatMap((watch) => watch.reached(changed, result.revision) ?? [])
      if (waits.length > 0) await Promise.all(waits)
      return result
    })
  }

  watch(options: WatchOptions, sink: WatchSink): WatchHandle {
    const watch = new EtcdWatch(options, sink, this.#watchServices)
    this.#watches.add(watch)
    const isClosed = this.#closing !== undefined
    // The caller has its handle before the sink hears anything.
    queueMicrotask(() => void (isClosed ? watch.end(closedError()) : watch.open()))
    return { close: () => watch.close() }
  }

  async grantLease(ttl: number): Promise<Lease> {
    this.#refuseClosed()
    return this.#run(() => grantLease(this.#connection, this.#random, ttl))
  }

  async keepLease(id: LeaseId): Promise<boolean> {
    this.#refuseClosed()
    return this.#run(() => keepLease(this.#connection, id))
  }

  async revokeLease(id: LeaseId): Promise<void> {
    this.#refuseClosed()
    return this.#run(() => revokeLease(this.#connection, id))
  }

  async compact(revision: Revision): Promise<void> {
    this.#refuseClosed()
    if (revision <= this.#compacted) return
    await this.#run(async () => {
      try {
        await compact(this.#connection, this.#place, revision)
      } catch (error) {
        if (isFuture(error)) throw futureError(revision, await this.#newest.ask())
        throw isAnswer(error) ? refusal(error) : error
      }
    })
    this.#compacted = Math.max(this.#compacted, revision)
  }

  async snapshot(): Promise<never> {
    this.#refuseClosed()
    throw unsupported('written to a file', 'etcdctl snapshot save')
  }

  async restore(): Promise<never> {
    this.#refuseClosed()
    throw unsupported('restored from a file', 'etcdctl snapshot restore')
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#compactor.close()
    this.#mark?.cancel()
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
    endAll(this.#watches)
    this.#connection.close()
  }

  async #read(
    request: { readonly key: Uint8Array; readonly rangeEnd?: Uint8Array; readonly limit?: number; readonly keysOnly?: boolean },
    revision: Revision | undefined,
  ): Promise<Received<'RangeResponse'>> {
    if (revision !== undefined && revision < this.#compacted) throw compactedError(revision, this.#compacted)
    const past = revision === undefined ? {} : { revision: this.#place.revision(revision) }
    try {
      return await this.#connection.call('Range', { ...request, ...past }, { repeat: true })
    } catch (error) {
      if (!isAnswer(error)) throw error
      if (revision !== undefined && isFuture(error)) throw futureError(revision, await this.#newest.ask())
      if (revision === undefined || !isCompacted(error)) throw failedError(error)
      this.#compacted = await findCompacted(this.#connection, this.#place, await this.#newest.ask())
      throw compactedError(revision, this.#compacted)
    }
  }

  #entryOf(found: Received<'KeyValue'>, keysOnly: boolean): Entry {
    const key = this.#place.keyOf(found.key) as Key
    if (keysOnly) return this.#place.entry(key, found, nothing, undefined)
    const { value, memo } = this.#memos.own(key, found.value)
    return this.#place.entry(key, found, value, memo)
  }

  /**
   * What others write to the same etcd raises the revision and is not told to our watches: whoever waits for them to come
   * that far would wait for ever. So a watch of everything that does not get there by itself is told by a write of ours.
   */
  #wake(revision: Revision, afterMs = markMs): void {
    // A mark that is on its way serves whoever asks meanwhile, so it must bring the watches as far as the last of them.
    this.#wanted = Math.max(this.#wanted, revision)
    const isBehind = (): boolean => [...this.#watches].some((watch) => watch.isWhole && watch.told < this.#wanted)
    if (this.#mark !== undefined || this.#closing || !isBehind()) return
    const tick = (): void => {
      this.#mark = undefined
      if (isBehind()) this.#run(() => this.#putMark()).catch(() => this.#wake(revision, retryMs))
    }
    this.#mark = this.#clock.setTimer(afterMs, tick, { unref: true })
  }

  async #putMark(): Promise<void> {
    const put = { requestPut: { key: this.#place.markKey, value: nothing } }
    const { header } = await this.#connection.call('Txn', { success: [put] })
    this.#newest.learn(this.#place.revisionOf(header?.revision ?? 0))
  }

  /** What `close` waits for. */
  #run<T>(work: () => Promise<T>): Promise<T> {
    const running = work()
    this.#running.add(running)
    const done = (): void => void this.#running.delete(running)
    running.then(done, done)
    return running
  }

  #refuseClosed(): void {
    if (this.#closing) throw closedError()
  }
}
