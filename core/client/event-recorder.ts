/** Writes core/v1 Events about objects: best effort, counted up rather than repeated, bounded in number and in rate. */

import type { Clock, Logger, Random } from '../kernel/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import { isNotFound } from './api-error.js'
import type { Client } from './contract.js'
import { events } from './resources.js'

export interface EventRecorder {
  /**
   * Never throws, never waits. An event equal to an earlier one (object, type, reason, message, field) raises that
   * one's count. When more than `backlog` wait to be written, new ones are dropped and counted.
   */
  record(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void
  readonly dropped: number
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>
  /** Writes no more. */
  close(): void
}
export interface EventRecorderOptions {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** "kubelet", "default-scheduler", "deployment-controller". */
  readonly component: string
  readonly host?: string
}

interface Known {
  readonly namespace: string
  name: string
  count: number
  readonly firstTimestamp: string
}
interface Pending {
  readonly key: string
  readonly object: KubeObject
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly fieldPath: string | undefined
  /** Milliseconds since 1970. */
  readonly at: number
}

const backlog = 1000
const concurrency = 4
const remembered = 4096

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new Recorder(options)
}

class Recorder implements EventRecorder {
  dropped = 0
  readonly #options: EventRecorderOptions
  readonly #known = new Map<string, Known>()
  readonly #queue: Pending[] = []
  readonly #busy = new Set<string>()
  #waiters: (() => void)[] = []
  #closed = false
  #last = 0

  constructor(options: EventRecorderOptions) {
    this.#options = options
  }

  record(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void {
    if (this.#closed) return
    if (this.#queue.length >= backlog) {
      this.dropped += 1
      return
    }
    const { uid, namespace, name } = object.metadata
    const key = [object.kind, uid ?? `${namespace}/${name}`, type, reason, fieldPath ?? '', message].join('\0')
    this.#queue.push({ key, object, type, reason, message, fieldPath, at: this.#moment() })
    this.#pump()
  }

  async idle(): Promise<void> {
    if (this.#queue.length === 0 && this.#busy.size === 0) return
    await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  close(): void {
    this.#closed = true
    this.#queue.length = 0
    this.#settle()
  }

  /** Later than every one before: two events of a millisecond keep their order. */
  #moment(): number {
    this.#last = Math.max(this.#options.clock.now(), this.#last + 2 ** -12)
    return this.#last
  }

  /** Events of one key are written one after the other, so that none overtakes the count of another. */
  #pump(): void {
    while (this.#busy.size < concurrency) {
      const index = this.#queue.findIndex((pending) => !this.#busy.has(pending.key))
      if (index < 0) break
      const [pending] = this.#queue.splice(index, 1)
      if (!pending) break
      this.#busy.add(pending.key)
      this.#write(pending)
        .catch((error: unknown) =>
          this.#options.log.debug({ error: String(error), reason: pending.reason }, 'an event was not written'),
        )
        .finally(() => {
          this.#busy.delete(pending.key)
          this.#pump()
          this.#settle()
        })
    }
  }

  #settle(): void {
    if (this.#queue.length > 0 || this.#busy.size > 0) return
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  async #write(pending: Pending): Promise<void> {
    const known = this.#known.get(pending.key)
    if (known) {
      known.count += 1
      try {
        const patch = { count: known.count, lastTimestamp: timeText(pending.at) }
        await this.#options.client.patch(events, known.namespace, known.name, 'merge', patch)
        return
      } catch (error) {
        if (!isNotFound(error)) throw error
        // It outlived its time in the store: begin anew with the count it had.
      }
    }
    const created = this.#event(pending, known)
    await this.#options.client.create(events, created)
    this.#remember(pending.key, {
      namespace: created.metadata.namespace ?? 'default',
      name: created.metadata.name ?? '',
      count: created.count,
      firstTimestamp: created.firstTimestamp,
    })
  }

  #event(pending: Pending, known: Known | undefined) {
    const { object, fieldPath } = pending
    const { component, host, random } = this.#options
    const namespace = object.metadata.namespace || 'default'
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${object.metadata.name}.${orderedText(pending.at)}${random.string(4, hexDigits)}`, namespace },
      involvedObject: {
        kind: object.kind,
        apiVersion: object.apiVersion,
        namespace: object.metadata.namespace,
        name: object.metadata.name,
        uid: object.metadata.uid,
        resourceVersion: object.metadata.resourceVersion,
        ...(fieldPath !== undefined && { fieldPath }),
      },
      type: pending.type,
      reason: pending.reason,
      message: pending.message,
      source: { component, ...(host !== undefined && { host }) },
      reportingComponent: component,
      reportingInstance: host ?? '',
      firstTimestamp: known?.firstTimestamp ?? timeText(pending.at),
      lastTimestamp: timeText(pending.at),
      count: known?.count ?? 1,
    }
  }

  #remember(key: string, known: Known): void {
    this.#known.delete(key)
    this.#known.set(key, known)
    if (this.#known.size <= remembered) return
    const oldest = this.#known.keys().next().value
    if (oldest !== undefined) this.#known.delete(oldest)
  }
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
