/**
 * Asks the agents of nodes what is used, when somebody wants to know: without questions there is neither work nor a timer.
 * A CPU is told as an average between two readings: this one and the one for the last question, or the start of a
 * container that is young. Where neither is of use, a question waits for a second reading.
 */
import type { NodeConnections, NodeUsage } from '@davit/core/api'
import type { Clock, Logger } from '@davit/core/kernel'
import type { MetricsConfig } from './config.js'
import { type NodeRates, ratesOf } from './rates.js'

export interface MeasurementParts {
  readonly config: MetricsConfig
  readonly connections: NodeConnections
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/** For all of a reading, from the connection to its last byte: who asks for all nodes waits for the slowest. */
const longestReadMs = 5_000

interface Known {
  readonly usage: NodeUsage
  readonly rates: NodeRates
  /** By a clock that nobody sets. */
  readonly readAt: number
}

export class Measurements {
  readonly #parts: MeasurementParts
  readonly #known = new Map<string, Known>()
  /** When a reading failed, by the same clock: for a resolution it counts as the answer, or each question would wait for it. */
  readonly #failed = new Map<string, number>()
  /** Who asks meanwhile gets the same answer. */
  readonly #asking = new Map<string, Promise<NodeRates | undefined>>()

  constructor(parts: MeasurementParts) {
    this.#parts = parts
  }

  /**
   * `uids`: the Pods that are asked for. Undefined: its agent is not there, or its runtime counts nothing. Never rejects.
   */
  async of(node: string, uids: readonly string[] = []): Promise<NodeRates | undefined> {
    const known = this.#known.get(node)
    if (known && this.#parts.connections.get(node) && this.#isFresh(known, uids)) return known.rates
    if (this.#hasJustFailed(node)) return undefined
    const asking = this.#asking.get(node) ?? this.#ask(node).finally(() => this.#asking.delete(node))
    this.#asking.set(node, asking)
    return asking
  }

  /** Pods that came since are not waited for until the next reading is due. */
  #isFresh({ readAt, rates }: Known, uids: readonly string[]): boolean {
    const { clock, config } = this.#parts
    const age = clock.monotonic() - readAt
    if (age < config.firstWindowMilliseconds) return true
    return age < config.resolutionSeconds * 1000 && uids.every((uid) => rates.pods.has(uid))
  }

  #hasJustFailed(node: string): boolean {
    const { clock, config } = this.#parts
    const since = this.#failed.get(node)
    if (since !== undefined && clock.monotonic() - since < config.resolutionSeconds * 1000) return true
    this.#failed.delete(node)
    return false
  }

  async #ask(node: string): Promise<NodeRates | undefined> {
    try {
      const known = await this.#measure(node)
      if (known) this.#known.set(node, known)
      else this.#known.delete(node)
      return known?.rates
    } catch (error) {
      this.#parts.log.debug({ node, error: String(error) }, 'what a node uses could not be read')
      this.#known.delete(node)
      this.#failed.set(node, this.#parts.clock.monotonic())
      return undefined
    }
  }

  async #measure(node: string): Promise<Known | undefined> {
    const { clock, config, signal } = this.#parts
    const windows = { shortestMs: config.firstWindowMilliseconds, longestMs: config.longestWindowSeconds * 1000 }
    const before = this.#known.get(node)
    const earlier = before ? [before.usage] : []
    const usage = await this.#read(node)
    if (!usage) return undefined
    const rates = ratesOf(usage, earlier, windows)
    if (!rates.incomplete) return { usage, rates, readAt: clock.monotonic() }
    await clock.sleep(windows.shortestMs, signal)
    const again = await this.#read(node)
    return again && { usage: again, rates: ratesOf(again, [...earlier, usage], windows), readAt: clock.monotonic() }
  }

  /** An agent may come and go between any two questions, and one that is there may never answer, or heed no signal. */
  async #read(node: string): Promise<NodeUsage | undefined> {
    const { connections, clock, signal } = this.#parts
    const late = new AbortController()
    const timer = clock.setTimer(longestReadMs, () => late.abort(new Error('it does not answer in time')), { unref: true })
    const either = AbortSignal.any([signal, late.signal])
    const ended = new Promise<never>((_resolve, reject) => {
      either.addEventListener('abort', () => reject(either.reason), { once: true })
    })
    try {
      either.throwIfAborted()
      return await Promise.race([connections.get(node)?.usage?.(either), ended])
    } finally {
      timer.cancel()
    }
  }
}
