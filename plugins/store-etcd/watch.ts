import type { Clock, Logger, Timer } from '@davit/core/kernel'
import {
  closedError,
  compactedError,
  failedError,
  type Key,
  type Revision,
  type StoreEvent,
  type WatchOptions,
  type WatchSink,
} from '@davit/core/store'
import type { Connection } from './connection.js'
import type { Place } from './keys.js'
import type { Memos } from './memos.js'
import { eventDelete, type Received } from './messages.js'
import type { Duplex, Transport } from './transport.js'

export interface WatchServices {
  readonly connection: Connection
  readonly place: Place
  readonly memos: Memos
  readonly clock: Clock
  readonly log: Logger
  /** The newest revision that is known here. */
  newest(): Revision
  /** Watches end here where the past before this is gone. */
  compacted(): Revision
  /** etcd says that it has compacted so far. */
  learnCompacted(revision: Revision): void
  gone(watch: EtcdWatch): void
}

/** `opening`: from the present on, but etcd has not answered yet; `behind`: told of the past; `live`: of each write at once. */
type State = 'opening' | 'behind' | 'live' | 'broken' | 'closed'

interface Waiter {
  readonly revision: Revision
  resolve(): void
}

const longestPauseMs = 1_000

/** One watch, on a stream of its own. When that breaks it begins another one where it had come to. */
export class EtcdWatch {
  readonly #services: WatchServices
  readonly #sink: WatchSink
  readonly #from: Key
  readonly #to: Key
  readonly #previous: boolean
  #stream: Duplex<'Watch'> | undefined
  /** Where the stream is. */
  #transport: Transport | undefined
  #wasOpened = false
  /** All up to here is told. */
  #told: Revision
  #state: State
  /** What etcd's newest revision was when the stream was made. */
  #head: Revision = 0
  /** Events of a revision whose rest is still to come. */
  #held: Received<'Event'>[] = []
  #waiters: Waiter[] = []
  /** Gives up an opening that etcd does not answer, or tries again after a stream broke. */
  #timer: Timer | undefined
  #pauseMs = 100

  constructor(options: WatchOptions, sink: WatchSink, services: WatchServices) {
    this.#from = options.from
    this.#to = options.to
    this.#previous = options.previous !== false
    this.#told = options.after
    this.#sink = sink
    this.#services = services
    this.#state = options.after < services.newest() ? 'behind' : 'opening'
  }

  get told(): Revision {
    return this.#told
  }
  /** It hears the marks, and so how far it has come. */
  get isWhole(): boolean {
    return this.#from === '/' && this.#state !== 'closed'
  }

  /** Resolves when what was written at `revision` is told; at once where the watch is not as far as the present anyway. */
  reached(keys: readonly Key[], revision: Revision): Promise<void> | undefined {
    if (this.#told >= revision || !this.#stream || (this.#state !== 'live' && this.#state !== 'opening')) return undefined
    if (!keys.some((key) => key >= this.#from && key < this.#to)) return undefined
    return new Promise((resolve) => void this.#waiters.push({ revision, resolve }))
  }

  close(): void {
    this.#become('closed')
    this.#timer?.cancel()
    this.#stream?.cancel()
    this.#services.gone(this)
  }

  end(error: Error): void {
    if (this.#state === 'closed') return
    this.close()
    try {
      this.#sink.end(error)
    } catch (thrown) {
      this.#services.log.error({ error: thrown, from: this.#from }, 'a watcher of the store threw as its watch ended')
    }
  }

  #become(state: State): void {
    if (this.#state === 'closed') return
    this.#state = state
    if (state !== 'broken' && state !== 'closed') return
    for (const { resolve } of this.#waiters.splice(0)) resolve()
  }

  /** Called once by the store, and by the watch itself to begin anew. */
  async open(): Promise<void> {
    try {
      // What is opened where nobody answers may not be heard of again.
      await this.#services.connection.found()
    } catch (error) {
      this.end(error as Error)
    }
    if (this.#state !== 'closed') this.#begin()
  }

  /** Calls go to this endpoint now: what is at another one follows, for that may be silent for long before it breaks. */
  move(transport: Transport): void {
    if (this.#stream === undefined || this.#transport === transport) return
    this.#leave()
    void this.open()
  }

  #begin(): void {
    const { connection, place, clock, compacted, newest } = this.#services
    if (this.#told < compacted()) {
      this.end(compactedError(this.#told, compacted()))
      return
    }
    const { timeoutMs } = connection
    const { stream, transport } = connection.stream('Watch')
    this.#stream = stream
    this.#transport = transport
    this.#held = []
    const broke = (error: unknown): void => this.#broken(stream, error)
    const late = new Error(`no watch from ${transport.endpoint} within ${timeoutMs} ms`)
    this.#timer = clock.setTimer(timeoutMs, () => broke(late), { unref: true })
    stream.on('data', (message) => {
      if (this.#stream === stream && this.#state !== 'closed') this.#take(message)
    })
    stream.on('error', broke)
    stream.on('end', () => broke(new Error('etcd ended a watch')))
    // One revision earlier than it must be: etcd refuses only what lies before the compaction, and of the revision of the
    // compaction itself it no longer has the deletions. One that begins at the present does without, for that is told sooner.
    const behind = this.#wasOpened || this.#told < newest() ? 0 : 1
    this.#wasOpened = true
    const startRevision = place.revision(this.#told) + behind
    const [key, rangeEnd] = [place.watched(this.#from), place.key(this.#to)]
    stream.write({ createRequest: { key, rangeEnd, startRevision, prevKv: this.#previous, fragment: true } })
  }

  #leave(): void {
    const stream = this.#stream
    this.#stream = undefined
    stream?.cancel()
    this.#timer?.cancel()
    this.#become('broken')
  }

  #broken(stream: Duplex<'Watch'>, error: unknown): void {
    if (this.#stream !== stream || this.#state === 'closed') return
    this.#leave()
    const { connection, clock } = this.#services
    connection.broken(this.#transport as Transport, error)
    this.#timer = clock.setTimer(this.#pauseMs, () => void this.open(), { unref: true })
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2)
  }

  #take(message: Received<'WatchResponse'>): void {
    const { connection, place } = this.#services
    connection.saw(message.header)
    if (message.canceled) {
      this.#canceled(message)
      return
    }
    if (message.created) {
      this.#timer?.cancel()
      this.#pauseMs = 100
      this.#head = place.revisionOf(message.header?.revision ?? 0)
      this.#become(this.#told >= this.#head ? 'live' : 'behind')
    }
    if (message.events.length > 0) this.#tell(message.events, message.fragment)
  }

  #canceled({ compactRevision, cancelReason }: Received<'WatchResponse'>): void {
    if (compactRevision === 0) {
      this.#broken(this.#stream as Duplex<'Watch'>, new Error(`etcd ended a watch: ${cancelReason}`))
      return
    }
    const compacted = this.#services.place.revisionOf(compactRevision)
    this.#services.learnCompacted(compacted)
    this.end(compactedError(this.#told, compacted))
  }

  /** All events of one revision go together, wherever etcd has cut its message. */
  #tell(events: readonly Received<'Event'>[], cut: boolean): void {
    let whole = this.#held.length > 0 ? [...this.#held, ...events] : events
    this.#held = []
    if (cut) {
      const last = revisionOf(whole.at(-1))
      this.#held = whole.filter((event) => revisionOf(event) === last)
      whole = whole.slice(0, whole.length - this.#held.length)
    }
    const upTo = this.#services.place.revisionOf(revisionOf(whole.at(-1)))
    if (upTo <= this.#told) return
    const told = whole.flatMap((event) => this.#eventOf(event) ?? [])
    this.#told = upTo
    try {
      if (told.length > 0) this.#sink.events(told, upTo)
      else this.#sink.progress?.(upTo)
    } catch (error) {
      this.#services.log.error({ error, from: this.#from }, 'a watcher of the store threw; its watch is ended')
      this.end(failedError(error))
      return
    }
    if (this.#state === 'behind' && upTo >= this.#head) this.#become('live')
    this.#waiters = this.#waiters.filter((waiter) => {
      if (waiter.revision <= upTo) waiter.resolve()
      return waiter.revision > upTo
    })
  }

  #eventOf({ type, kv, prevKv }: Received<'Event'>): StoreEvent | undefined {
    const { place, memos } = this.#services
    if (!kv) return undefined
    const key = place.keyOf(kv.key)
    if (key === undefined) return undefined
    const revision = place.revisionOf(kv.modRevision)
    if (revision <= this.#told) return undefined
    const before = prevKv && memos.own(key, prevKv.value)
    const previous = before && { previous: place.entry(key, prevKv, before.value, before.memo) }
    if (type === eventDelete) return { type: 'delete', revision, key, ...previous }
    const { value, memo } = memos.own(key, kv.value)
    return { type: 'put', revision, entry: place.entry(key, kv, value, memo), ...previous }
  }
}

function revisionOf(event: Received<'Event'> | undefined): number {
  return event?.kv?.modRevision ?? 0
}

/** Ends all of them, each for the same reason. */
export function endAll(watches: Iterable<EtcdWatch>, error: Error = closedError()): void {
  for (const watch of [...watches]) watch.end(error)
}
