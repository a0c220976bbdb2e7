import type { Clock, Random, Timer } from '../kernel/contract.js'

export interface WorkQueueOptions {
  readonly clock: Clock
  readonly random: Random
  /**
   * Does the work of one key; never called for the same key twice at once. A number asks for the key again after so
   * many milliseconds, unless it is added before. A throw puts it back with back-off.
   */
  work(key: string): Promise<number | undefined>
  /** Keys at once. Default 1. */
  readonly concurrency?: number
  /** Delay after the first failure of a key; each further one doubles it. Default 5 ms. */
  readonly baseMs?: number
  /** The longest delay. Default 1,000 s. */
  readonly maximumMs?: number
  /** Hears of each failure; `failures` counts those of this key in a row. A number overrides the delay. */
  failed?(key: string, error: unknown, failures: number): number | undefined
}

export interface WorkQueueStats {
  /** Ready and not taken yet. */
  readonly queued: number
  readonly running: number
  /** Waiting for their time. */
  readonly delayed: number
  /** Runs that ended, failed ones included. */
  readonly done: number
  readonly failed: number
}

/**
 * Keys to be worked on. A key that is added while it waits is worked on once; one that is added while it is worked on
 * is worked on again afterwards. So no change is missed, and no key is worked on twice at once.
 */
export interface WorkQueue {
  /** Ready now; takes the place of any delay. */
  add(key: string): void
  /** Ready after `ms`; of two delays of a key the sooner holds. */
  addAfter(key: string, ms: number): void
  /** Forgets the failures of a key, so that its next delay is the shortest. */
  forget(key: string): void
  /** Keys are taken from here on. Idempotent. */
  start(): void
  readonly stats: WorkQueueStats
  /** Resolves when nothing is ready, running or to be run again at once; delayed keys do not count. */
  idle(): Promise<void>
  /** Takes no more keys; resolves when those that are worked on are done. Idempotent. */
  close(): Promise<void>
}

interface Delayed {
  readonly due: number
  readonly timer: Timer
}

const defaults = { concurrency: 1, baseMs: 5, maximumMs: 1_000_000 }

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  return new KeyedQueue(options)
}

class KeyedQueue implements WorkQueue {
  readonly #options: WorkQueueOptions & typeof defaults
  readonly #ready = new Set<string>()
  readonly #running = new Set<string>()
  /** Added while running. */
  readonly #again = new Set<string>()
  readonly #delayed = new Map<string, Delayed>()
  readonly #failures = new Map<string, number>()
  readonly #idle = new Set<() => void>()
  #done = 0
  #failed = 0
  #started = false
  #closed = false
  #pumping = false

  constructor(options: WorkQueueOptions) {
    this.#options = { ...defaults, ...options, work: (key) => options.work(key) }
  }

  get stats(): WorkQueueStats {
    const { size: queued } = this.#ready
    return { queued, running: this.#running.size, delayed: this.#delayed.size, done: this.#done, failed: this.#failed }
  }

  add(key: string): void {
    if (this.#closed) return
    this.#cancelDelay(key)
    if (this.#running.has(key)) this.#again.add(key)
    else {
      this.#ready.add(key)
      this.#schedule()
    }
  }

  addAfter(key: string, ms: number): void {
    if (this.#closed || this.#ready.has(key) || this.#again.has(key)) return
    if (ms <= 0) {
      this.add(key)
      return
    }
    const { clock } = this.#options
    const due = clock.monotonic() + ms
    const known = this.#delayed.get(key)
    if (known !== undefined && known.due <= due) return
    known?.timer.cancel()
    this.#delayed.set(key, { due, timer: clock.setTimer(ms, () => this.add(key)) })
  }

  forget(key: string): void {
    this.#failures.delete(key)
  }

  start(): void {
    this.#started = true
    this.#schedule()
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.add(resolve)
      this.#tellIdle()
    })
  }

  close(): Promise<void> {
    this.#closed = true
    for (const { timer } of this.#delayed.values()) timer.cancel()
    this.#delayed.clear()
    this.#ready.clear()
    this.#again.clear()
    return this.idle()
  }

  // In a later turn, so that the events of one turn find each key once, and input and output have their share.
  #schedule(): void {
    if (this.#pumping || !this.#started || this.#ready.size === 0) return
    this.#pumping = true
    this.#options.clock.defer(() => {
      this.#pumping = false
      this.#pump()
    })
  }

  #pump(): void {
    for (const key of this.#ready) {
      if (this.#running.size >= this.#options.concurrency) return
      this.#ready.delete(key)
      this.#running.add(key)
      void this.#run(key)
    }
  }

  async #run(key: string): Promise<void> {
    try {
      const afterMs = await this.#options.work(key)
      this.#failures.delete(key)
      this.#ended(key)
      if (afterMs !== undefined) this.addAfter(key, afterMs)
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1
      this.#failures.set(key, failures)
      this.#failed += 1
      const delay = this.#options.failed?.(key, error, failures) ?? this.#backOff(failures)
      this.#ended(key)
      this.addAfter(key, delay)
    }
    this.#schedule()
    this.#tellIdle()
  }

  #ended(key: string): void {
    this.#done += 1
    this.#running.delete(key)
    if (this.#again.delete(key)) this.#ready.add(key)
  }

  // Half of it is random, so that keys that failed together do not come back together.
  #backOff(failures: number): number {
    const { baseMs, maximumMs, random } = this.#options
    const full = Math.min(maximumMs, baseMs * 2 ** (failures - 1))
    return full / 2 + (full / 2) * random.next()
  }

  #cancelDelay(key: string): void {
    this.#delayed.get(key)?.timer.cancel()
    this.#delayed.delete(key)
  }

  #tellIdle(): void {
    if (this.#running.size > 0 || (this.#ready.size > 0 && !this.#closed)) return
    for (const resolve of this.#idle) resolve()
    this.#idle.clear()
  }
}
