/** Writes core/v1 Events about objects: best effort, counted up rather than repeated, bounded in number and in rate. */

import type { Clock, Logger, Random } from '../kernel/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import { isNotFound } from './api-error.js'
import type { Client, EventTurns } from './contract.js'
import { EventMemory, type Written } from './event-correlation.js'
import { events } from './resources.js'

export interface EventRecorder {
  /**
   * Never throws, never waits. An event equal to an earlier one (object, type, reason, message, field) raises that
   * one's count; from the tenth on those that differ in the message alone are combined. When more than `backlog` wait to be
   * written, or the object has had too many, new ones are dropped and counted.
   */
  record(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void
  readonly dropped: number
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>
  /** Writes no more. */
  close(): void
}
export interface EventRecorderOptions {
  /** Shared by all recorders of the process. */
  readonly turns: EventTurns
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** "kubelet", "default-scheduler", "deployment-controller". */
  readonly component: string
  readonly host?: string
}

interface Pending {
  /** Whom it is about, as `EventMemory` knows it. */
  readonly about: string
  /** Of the object, not the object itself: it may wait for long, and be gone by then. */
  readonly involvedObject: EventObject
  readonly type: string
  readonly reason: string
  message: string
  count: number
  /** Milliseconds since 1970. */
  readonly first: number
  last: number
}
type EventObject = ReturnType<typeof involved>

const backlog = 10_000

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new Recorder(options)
}

class Recorder implements EventRecorder {
  dropped = 0
  readonly #options: EventRecorderOptions
  readonly #memory = new EventMemory()
  /** By the key of the Event that they become: what comes while one waits is counted there. */
  readonly #queue = new Map<string, Pending>()
  readonly #busy = new Set<string>()
  #waiters: (() => void)[] = []
  #closed = false
  #last = 0

  constructor(options: EventRecorderOptions) {
    this.#options = options
  }

  record(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void {
    if (this.#closed) return
    const { uid, namespace, name } = object.metadata
    const about = `${object.kind}\0${uid ?? `${namespace}/${name}`}`
    const now = this.#moment()
    const event = this.#memory.correlate(about, `${type}\0${reason}\0${fieldPath ?? ''}`, message, now)
    const key = `${about}\0${event?.key}`
    const waiting = this.#queue.get(key)
    if (event && waiting) Object.assign(waiting, { count: waiting.count + event.count, last: now, message: event.message })
    else if (!event || this.#queue.size >= backlog) this.dropped += 1
    else {
      const involvedObject = involved(object, fieldPath)
      const { message: text, count } = event
      this.#queue.set(key, { about, involvedObject, type, reason, message: text, count, first: now, last: now })
      this.#options.turns.ask(this)
    }
  }

  async idle(): Promise<void> {
    if (this.#queue.size === 0 && this.#busy.size === 0) return
    await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  close(): void {
    this.#closed = true
    this.#queue.clear()
    this.#settle()
  }

  /** Events of one key are written one after the other, so that none overtakes the count of another. */
  next(): Promise<void> | undefined {
    for (const [key, pending] of this.#queue) {
      if (this.#busy.has(key)) continue
      this.#queue.delete(key)
      this.#busy.add(key)
      return this.#write(key, pending).then(
        () => this.#wrote(key),
        (error: unknown) => {
          this.#options.log.debug({ error: String(error), reason: pending.reason }, 'an event was not written')
          this.#wrote(key)
        },
      )
    }
    return undefined
  }

  #wrote(key: string): void {
    this.#busy.delete(key)
    // Its turn came and went while the one before was written.
    if (this.#queue.has(key)) this.#options.turns.ask(this)
    this.#settle()
  }

  /** Later than every one before: two events of a millisecond keep their order. */
  #moment(): number {
    this.#last = Math.max(this.#options.clock.now(), this.#last + 2 ** -12)
    return this.#last
  }

  #settle(): void {
    if (this.#queue.size > 0 || this.#busy.size > 0) return
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  async #write(key: string, pending: Pending): Promise<void> {
    const { about, message } = pending
    const known = this.#memory.written(about, key)
    const count = (known?.count ?? 0) + pending.count
    if (known) {
      this.#memory.wrote(about, key, { ...known, count })
      try {
        const patch = { count, lastTimestamp: timeText(pending.last), message }
        await this.#options.client.patch(events, known.namespace, known.name, 'merge', patch)
        return
      } catch (error) {
        if (!isNotFound(error)) throw error
        // It outlived its time in the store: begin anew with the count it had.
      }
    }
    const created = this.#event(pending, count, known)
    await this.#options.client.create(events, created)
    const { metadata, firstTimestamp } = created
    this.#memory.wrote(about, key, { namespace: metadata.namespace, name: metadata.name, count, firstTimestamp })
  }

  #event({ involvedObject, type, reason, message, first, last }: Pending, count: number, known: Written | undefined) {
    const { component, host, random } = this.#options
    const namespace = involvedObject.namespace || 'default'
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${involvedObject.name}.${orderedText(first)}${random.string(4, hexDigits)}`, namespace },
      involvedObject,
      type,
      reason,
      message,
      source: { component, ...(host !== undefined && { host }) },
      reportingComponent: component,
      reportingInstance: host ?? '',
      firstTimestamp: known?.firstTimestamp ?? timeText(first),
      lastTimestamp: timeText(last),
      count,
    }
  }
}

function involved({ kind, apiVersion, metadata }: KubeObject, fieldPath: string | undefined) {
  const { namespace, name, uid, resourceVersion } = metadata
  return { kind, apiVersion, namespace, name, uid, resourceVersion, ...(fieldPath !== undefined && { fieldPath }) }
}

const hexDigits = '0123456789abcdef'

/**
 * Sorts as the moment does. Times of events are whole seconds, and clients that list them keep the order of names within
 * one. What follows tells apart the events of several recorders.
 */
function orderedText(moment: number): string {
  return Math.floor(moment * 2 ** 12)
    .toString(16)
    .padStart(14, '0')
}

function timeText(moment: number): string {
  return `${new Date(moment).toISOString().slice(0, 19)}Z`
}
