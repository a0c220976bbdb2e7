import type { Clock, Logger, Random } from '../kernel/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import { isGone, isNotFound } from './api-error.js'
import type { Client, Informer, InformerEvents, ResourceRef } from './contract.js'
import { InformerState } from './informer-state.js'

export interface InformerScope {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}
export interface InformerOptions<T extends KubeObject> {
  readonly client: Client
  readonly resource: ResourceRef<T>
  readonly scope: InformerScope
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Objects in one page of the first list. 0: all at once. */
  readonly pageSize: number
  /** The resource is served no more, and nobody listens: this informer has closed itself. */
  abandoned?(): void
  /** It has been closed, for the first time or again. */
  closed?(): void
}

interface Handler<T> {
  readonly events: InformerEvents<T>
  /** It has been told what was there. */
  caughtUp: boolean
}

const firstBackOffMs = 100
const longestBackOffMs = 30_000
const shortestWatchMs = 1_000

/** Keeps the present state of a resource by a list and a watch, for ever, and tells its handlers what changes. */
export class WatchingInformer<T extends KubeObject> implements Informer<T> {
  readonly #options: InformerOptions<T>
  readonly #state = new InformerState<T>()
  readonly #handlers = new Set<Handler<T>>()
  readonly #stop = new AbortController()
  readonly #waiting = new Set<() => void>()
  /** Those of `whenCurrent`: a list that began before they came does not do. */
  readonly #wanting = new Set<() => void>()
  /** Ends the present watch in good order. */
  #endWatch: () => void = () => undefined
  #synced = false
  /** Everything up to this resourceVersion is in; '' asks for a list. */
  #version = ''
  #failures = 0
  /** Events and bookmarks so far. */
  #heard = 0

  constructor(options: InformerOptions<T>) {
    this.#options = options
    void this.#run()
  }

  get synced(): boolean {
    return this.#synced
  }

  whenSynced(signal?: AbortSignal): Promise<void> {
    return this.#synced ? Promise.resolve() : this.#waitIn(this.#waiting, signal)
  }

  whenCurrent(signal?: AbortSignal): Promise<void> {
    const current = this.#waitIn(this.#wanting, signal)
    this.#version = ''
    this.#endWatch()
    return current
  }

  #waitIn(waiting: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
    const signals = signal === undefined ? [this.#stop.signal] : [this.#stop.signal, signal]
    const aborted = signals.find((each) => each.aborted)
    if (aborted !== undefined) return Promise.reject(aborted.reason)
    return new Promise((resolve, reject) => {
      const forget = (): void => {
        waiting.delete(done)
        for (const each of signals) each.removeEventListener('abort', abort)
      }
      const done = (): void => {
        forget()
        resolve()
      }
      const abort = (event: Event): void => {
        forget()
        reject((event.target as AbortSignal).reason)
      }
      waiting.add(done)
      for (const each of signals) each.addEventListener('abort', abort, { once: true })
    })
  }

  get(namespace: string, name: string): T | undefined {
    return this.#state.get(namespace, name)
  }
  list(namespace?: string): readonly T[] {
    return this.#state.list(namespace)
  }
  index(name: string, keys: (object: T) => readonly string[]): void {
    this.#state.index(name, keys)
  }
  byIndex(name: string, key: string): readonly T[] {
    return this.#state.byIndex(name, key)
  }

  on(events: InformerEvents<T>): () => void {
    const handler: Handler<T> = { events, caughtUp: false }
    this.#handlers.add(handler)
    this.#options.clock.defer(() => {
      if (!this.#handlers.has(handler)) return
      handler.caughtUp = true
      for (const object of this.#state.list()) this.#call(handler, () => events.added?.(object))
    })
    return () => void this.#handlers.delete(handler)
  }

  /** Ends the watch; the state stays as it is. Idempotent. */
  close(): void {
    this.#handlers.clear()
    this.#stop.abort(new Error('the informer is closed'))
    this.#options.closed?.()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        if (this.#version === '') await this.#list()
        else await this.#watch()
      } catch (error) {
        if (signal.aborted) return
        await this.#failed(error)
      }
    }
  }

  async #failed(error: unknown): Promise<void> {
    if (isGone(error)) this.#version = ''
    if (isNotFound(error) && this.#handlers.size === 0 && this.#waiting.size === 0 && this.#wanting.size === 0) {
      this.close()
      this.#options.abandoned?.()
      return
    }
    this.#failures += 1
    const { clock, random, log, resource } = this.#options
    const full = Math.min(longestBackOffMs, firstBackOffMs * 2 ** (this.#failures - 1))
    const ms = full / 2 + (full / 2) * random.next()
    log.warn({ error, resource: resource.resource, retryInMs: Math.round(ms) }, 'an informer lost its watch and tries again')
    await clock.sleep(ms, this.#stop.signal).catch(() => undefined)
  }

  async #list(): Promise<void> {
    const { client, resource, scope, pageSize } = this.#options
    const limit = pageSize > 0 ? { limit: pageSize } : {}
    const wanting = [...this.#wanting]
    // Any cached state does for the first time; after that, no state older than what was seen.
    const version = this.#synced || wanting.length > 0 ? {} : { resourceVersion: '0' }
    let page = await client.list(resource, { ...scope, ...limit, ...version })
    const items = [...page.items]
    while (page.continue !== undefined && page.continue !== '') {
      page = await client.list(resource, { ...scope, ...limit, continue: page.continue })
      for (const item of page.items) items.push(item)
    }
    if (this.#stop.signal.aborted) return
    this.#replace(items)
    this.#synced = true
    for (const done of [...this.#waiting, ...wanting]) done()
    // Whoever came meanwhile wants a list that begins now.
    this.#version = this.#wanting.size > 0 ? '' : page.resourceVersion
  }

  /** The present state is `items`; what differs is told as events. */
  #replace(items: readonly T[]): void {
    const present = new Set(items.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`))
    for (const { metadata } of this.#state.list()) {
      if (!present.has(`${metadata.namespace ?? ''}/${metadata.name}`)) this.#remove(metadata.namespace ?? '', metadata.name)
    }
    for (const item of items) this.#put(item)
  }

  /** Resolves when the watch ended as watches do; rejects where it failed. */
  #watch(): Promise<void> {
    const { client, resource, scope, clock } = this.#options
    const { signal } = this.#stop
    const began = clock.monotonic()
    const heardBefore = this.#heard
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        signal.removeEventListener('abort', close)
        this.#endWatch = () => undefined
        // A server that ends each watch at once would otherwise be asked without a pause.
        const barren = this.#version !== '' && this.#heard === heardBefore && clock.monotonic() - began < shortestWatchMs
        if (!barren) this.#failures = 0
        if (error !== undefined) reject(error)
        else if (barren && !signal.aborted) reject(new Error('the watch ended at once'))
        else resolve()
      }
      const close = (): void => {
        handle.close()
        end()
      }
      const version = { resourceVersion: this.#version }
      const handle = client.watch(resource, { ...scope, ...version }, { ...this.#sink, end })
      signal.addEventListener('abort', close, { once: true })
      this.#endWatch = close
    })
  }

  readonly #sink = {
    event: (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void => {
      this.#heard += 1
      if (type === 'DELETED') this.#remove(object.metadata.namespace ?? '', object.metadata.name, object)
      else this.#put(object)
      this.#version = object.metadata.resourceVersion ?? this.#version
    },
    bookmark: (resourceVersion: string): void => {
      this.#heard += 1
      this.#version = resourceVersion
    },
  }

  #put(object: T): void {
    const old = this.#state.get(object.metadata.namespace ?? '', object.metadata.name)
    if (old !== undefined && old.metadata.resourceVersion === object.metadata.resourceVersion) return
    // Another object of the same name: whoever follows the first must see it end.
    if (old !== undefined && old.metadata.uid !== object.metadata.uid)
      this.#remove(old.metadata.namespace ?? '', old.metadata.name)
    const before = this.#state.set(object)
    if (before === undefined) this.#tell((events) => events.added?.(object))
    else this.#tell((events) => events.updated?.(object, before))
  }

  #remove(namespace: string, name: string, last?: T): void {
    const old = this.#state.delete(namespace, name)
    if (old !== undefined) this.#tell((events) => events.deleted?.(last ?? old))
  }

  #tell(call: (events: InformerEvents<T>) => void): void {
    for (const handler of this.#handlers) if (handler.caughtUp) this.#call(handler, () => call(handler.events))
  }

  // A handler that throws is a bug of its own, and must not stop the others or the watch.
  #call(handler: Handler<T>, call: () => void): void {
    if (!this.#handlers.has(handler)) return
    try {
      call()
    } catch (error) {
      this.#options.log.error({ error, resource: this.#options.resource.resource }, 'a handler of an informer threw')
    }
  }
}
