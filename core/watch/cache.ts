import type { Clock, Logger, Timer } from '../kernel/contract.js'
import type { Entry, Revision, Store, StoreEvent } from '../store/contract.js'
import { prefixEnd } from '../store/contract.js'
import { Change } from './change.js'
import { codec } from './codec.js'
import type { CachedObject, CacheList, ListOptions, ResourceCache, Scope, SubscribeOptions, Subscriber } from './contract.js'
import { Fanout, type Source } from './fanout.js'
import { isCompacted, isUnavailable, type Receiver, retryMs, type StoreFeed } from './feed.js'
import { type HistorySink, replay } from './history.js'
import type { StoredItem } from './item.js'
import { Objects } from './objects.js'
import type { ProgressTimer } from './progress.js'
import { differences } from './relist.js'
import { Ring, type RingLimits } from './ring.js'

export interface CacheOptions {
  readonly store: Store
  readonly feed: StoreFeed
  readonly clock: Clock
  readonly log: Logger
  readonly progress: ProgressTimer
  readonly ring: RingLimits
  readonly pageSize: number
  /** `/group/resource/` */
  readonly prefix: string
  /** The store ended; this cache is of no use any more. */
  onEnd(): void
}

/** The present state of one resource and its newest changes. Loaded once from the store, kept by the feed. */
export class StoreCache implements ResourceCache, Receiver, Source {
  readonly ready: Promise<void>
  readonly ring: Ring
  readonly #options: CacheOptions
  readonly #objects: Objects
  readonly #fanout: Fanout
  readonly #unregister: () => void
  #revision: Revision = 0
  /** Events that come while it loads; undefined when it does not. */
  #waiting: StoreEvent[] | undefined = []
  /** Counts interruptions: what was read before one is of no use after it. */
  #generation = 0
  #loaded = false
  #retry: Timer | undefined
  #ended = false
  /** The load that is under way, or the last one. */
  #loading: Promise<void> = Promise.resolve()
  #settle = { resolve(): void {}, reject(_error: Error): void {} }

  constructor(options: CacheOptions) {
    this.#options = options
    this.#objects = new Objects(options.prefix)
    this.ring = new Ring(options.ring)
    this.#fanout = new Fanout(this, options.clock, options.log, options.progress)
    this.#unregister = options.feed.register(options.prefix, this)
    this.ready = this.#expectLoad()
    // Else it is told when the feed runs again: what it read before would lack what comes until then.
    if (!options.feed.interrupted) void this.#load()
  }

  get steady(): boolean {
    return this.#waiting === undefined
  }
  get revision(): Revision {
    return this.steady ? Math.max(this.#revision, this.#options.feed.revision) : this.#revision
  }
  get size(): number {
    return this.#objects.size
  }
  get namespaces(): readonly string[] {
    return this.#objects.namespaces
  }
  get statistics(): { readonly subscribers: number; readonly events: number } {
    return this.#fanout
  }

  get(namespace: string, name: string): CachedObject | undefined {
    return this.#objects.get(namespace, name)
  }

  list(options: ListOptions = {}): CacheList {
    const { items, more, remaining } = this.#objects.list(options)
    return { items, more, revision: this.revision, ...(remaining === undefined ? {} : { remaining }) }
  }

  async waitFor(revision: Revision, signal?: AbortSignal): Promise<void> {
    await this.#loading
    while (revision > this.revision) {
      signal?.throwIfAborted()
      if (this.steady) await this.#options.feed.waitFor(revision, signal)
      else await this.#loading
    }
  }

  subscribe(options: SubscribeOptions, subscriber: Subscriber): { close(): void } {
    const subscription = this.#fanout.add(options, subscriber)
    if (options.after <= this.revision) return subscription
    // It begins where another server over the same store has been already. What brings us there may be none of our changes.
    const over = new AbortController()
    this.waitFor(options.after, over.signal).then(
      () => this.#fanout.schedule(),
      () => undefined,
    )
    return {
      close() {
        over.abort()
        subscription.close()
      },
    }
  }

  replay(scope: Scope, after: Revision, sink: HistorySink): { close(): void } {
    return replay(this.#options.store, this.#options.prefix, scope, after, () => this.ring.floor, sink)
  }

  changed(events: readonly StoreEvent[]): void {
    if (this.#waiting !== undefined) this.#waiting.push(...events)
    else for (const event of events) this.#apply(event)
  }

  interrupted(): void {
    if (this.steady) void this.#expectLoad()
    this.#revision = this.revision
    this.#generation += 1
    this.#waiting = []
    this.#retry?.cancel()
  }

  resumed(): void {
    // A load that began since, as after two losses in a row, and its retry are of no use beside this one.
    this.interrupted()
    void this.#load()
  }

  ended(error: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#retry?.cancel()
    this.#unregister()
    this.#fanout.end(error)
    this.#settle.reject(error)
    this.#options.onEnd()
  }

  #expectLoad(): Promise<void> {
    this.#loading = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // Who reads waits for it and hears of a failure there.
    this.#loading.catch(() => undefined)
    return this.#loading
  }

  async #load(): Promise<void> {
    const generation = this.#generation
    try {
      const { entries, revision } = await this.#read()
      if (generation === this.#generation && !this.#ended) this.#take(entries, revision)
    } catch (error) {
      // Some hold on to their cache for good: it must not die of a store that comes back.
      if (isUnavailable(error)) this.#loadLater(generation)
      else this.ended(error as Error)
    }
  }

  #loadLater(generation: number): void {
    if (generation !== this.#generation || this.#ended) return
    this.#retry = this.#options.clock.setTimer(retryMs, () => void this.#load(), { unref: true })
  }

  #take(entries: readonly Entry[], revision: Revision): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    if (this.#loaded) for (const change of differences(this.#objects, entries, revision)) this.#note(change)
    else {
      for (const entry of entries) this.#objects.set(codec.open(entry) as StoredItem)
      this.ring.begin(revision)
    }
    this.#loaded = true
    this.#revision = Math.max(this.#revision, revision)
    for (const event of waiting) this.#apply(event)
    this.#fanout.schedule()
    this.#settle.resolve()
  }

  /** All entries, page by page, at one revision; from the start again where that is compacted away meanwhile. */
  async #read(): Promise<{ entries: Entry[]; revision: Revision }> {
    const { store, prefix, pageSize: limit } = this.#options
    const to = prefixEnd(prefix)
    for (;;) {
      try {
        let page = await store.range({ from: prefix, to, limit })
        const { revision } = page
        const entries = [...page.entries]
        while (page.more && entries.length > 0) {
          page = await store.range({ from: `${entries.at(-1)?.key}\0`, to, limit, revision })
          for (const entry of page.entries) entries.push(entry)
        }
        return { entries, revision }
      } catch (error) {
        if (!isCompacted(error)) throw error
      }
    }
  }

  #apply(event: StoreEvent): void {
    if (event.revision <= this.#revision) return
    if (event.type === 'put') {
      const item = codec.open(event.entry) as StoredItem
      const previous = this.#objects.set(item)
      this.#note(new Change(previous === undefined ? 'ADDED' : 'MODIFIED', item, previous))
    } else {
      const previous = this.#objects.delete(event.key)
      if (previous !== undefined) this.#note(new Change('DELETED', previous.at(event.revision), previous))
    }
  }

  #note(change: Change): void {
    this.ring.push(change)
    this.#fanout.publish(change)
  }
}
