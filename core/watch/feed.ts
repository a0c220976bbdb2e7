import { type Clock, DavitError } from '../kernel/contract.js'
import type { Key, Revision, Store, StoreEvent, WatchHandle } from '../store/contract.js'
import { prefixEnd } from '../store/contract.js'

/** The cache of one resource, as the feed sees it. None of these may throw. */
export interface Receiver {
  changed(events: readonly StoreEvent[]): void
  /** History is lost: what comes from here on is not the continuation of what came before. */
  interrupted(): void
  /** The feed runs again: load anew, and tell the differences. */
  resumed(): void
  ended(error: Error): void
}

interface Waiter {
  readonly revision: Revision
  resolve(): void
  reject(error: Error): void
}

/** How long a store that does not answer is left alone. */
export const retryMs = 1000

/**
 * One watch on the whole store, shared by the caches of all resources: so each of them knows how far it has come even
 * where the newest commits were none of its own.
 */
export class StoreFeed {
  readonly #store: Store
  readonly #clock: Clock
  readonly #closing = new AbortController()
  readonly #receivers = new Map<string, Receiver>()
  readonly #waiters = new Set<Waiter>()
  #handle: WatchHandle | undefined
  #revision: Revision = 0
  #interrupted = false
  #error: Error | undefined

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** All changes up to here were handed to the receivers. */
  get revision(): Revision {
    return this.#revision
  }

  /** From `interrupted` to `resumed`, which who registers meanwhile hears too. */
  get interrupted(): boolean {
    return this.#interrupted
  }

  async start(): Promise<void> {
    const revision = await this.#store.current()
    if (this.#error !== undefined) throw this.#error
    this.#handle = this.#store.watch(
      // Caches know what stood there before.
      { from: '/', to: prefixEnd('/'), after: revision, previous: false },
      {
        events: (events, upTo) => this.#dispatch(events, upTo),
        progress: (upTo) => this.#reached(upTo),
        end: (error) => void this.#ended(error),
      },
    )
    this.#reached(revision)
  }

  register(prefix: string, receiver: Receiver): () => void {
    this.#receivers.set(prefix, receiver)
    return () => void this.#receivers.delete(prefix)
  }

  waitFor(revision: Revision, signal?: AbortSignal): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (revision <= this.#revision) return Promise.resolve()
    if (signal?.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const abort = (): void => waiter.reject(signal?.reason)
      const done = (): void => {
        this.#waiters.delete(waiter)
        signal?.removeEventListener('abort', abort)
      }
      const waiter: Waiter = {
        revision,
        resolve: () => {
          done()
          resolve()
        },
        reject: (error) => {
          done()
          reject(error)
        },
      }
      this.#waiters.add(waiter)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** No receiver hears anything more but its end. */
  close(): void {
    this.#fail(new DavitError('DAVIT_STORE_CLOSED', 'The store is closed.'))
  }

  #dispatch(events: readonly StoreEvent[], upTo: Revision): void {
    let begin = 0
    let prefix = prefixOf(events[0])
    for (let at = 1; at <= events.length; at += 1) {
      const next = prefixOf(events[at])
      if (next === prefix) continue
      this.#receivers.get(prefix)?.changed(begin === 0 && at === events.length ? events : events.slice(begin, at))
      begin = at
      prefix = next
    }
    this.#reached(upTo)
  }

  #reached(revision: Revision): void {
    this.#revision = Math.max(this.#revision, revision)
    for (const waiter of this.#waiters) if (waiter.revision <= this.#revision) waiter.resolve()
  }

  async #ended(error: Error): Promise<void> {
    if (this.#error !== undefined) return
    if (!isCompacted(error)) return this.#fail(error)
    this.#interrupted = true
    for (const receiver of [...this.#receivers.values()]) receiver.interrupted()
    try {
      await this.#startAgain()
      this.#interrupted = false
      for (const receiver of [...this.#receivers.values()]) receiver.resumed()
    } catch (failure) {
      this.#fail(failure as Error)
    }
  }

  /** A remote store may be lost just then: it is waited for, as whoever reads waits for it. */
  async #startAgain(): Promise<void> {
    for (;;) {
      try {
        await this.start()
        return
      } catch (error) {
        if (!isUnavailable(error)) throw error
        await this.#clock.sleep(retryMs, this.#closing.signal)
      }
    }
  }

  #fail(error: Error): void {
    if (this.#error !== undefined) return
    this.#error = error
    this.#interrupted = false
    this.#closing.abort(error)
    this.#handle?.close()
    for (const receiver of [...this.#receivers.values()]) receiver.ended(error)
    for (const waiter of [...this.#waiters]) waiter.reject(error)
  }
}

export function isCompacted(error: unknown): boolean {
  return codeOf(error) === 'DAVIT_STORE_COMPACTED'
}

export function isUnavailable(error: unknown): boolean {
  return codeOf(error) === 'DAVIT_STORE_UNAVAILABLE'
}

function codeOf(error: unknown): string | undefined {
  return error instanceof DavitError ? error.code : undefined
}

/** `/group/resource/` of an event's key, '' beyond the last. */
function prefixOf(event: StoreEvent | undefined): string {
  if (event === undefined) return ''
  const key: Key = event.type === 'put' ? event.entry.key : event.key
  return key.slice(0, key.indexOf('/', key.indexOf('/', 1) + 1) + 1)
}
