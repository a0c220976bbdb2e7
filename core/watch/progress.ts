import type { Clock, Timer } from '../kernel/contract.js'

/** Somebody who wants to hear that nothing happened. */
export interface Waiting {
  readonly progressMs: number
  /** When it last heard anything, on the monotonic clock. */
  heard: number
  tellProgress(): void
}

/** One timer for all bookmarks of all resources; none while nobody wants any. */
export class ProgressTimer {
  readonly #clock: Clock
  readonly #waiting = new Set<Waiting>()
  #timer: Timer | undefined
  #due = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.monotonic()
  }

  add(waiting: Waiting): void {
    this.#waiting.add(waiting)
    if (waiting.heard + waiting.progressMs < this.#due) this.#arm()
  }

  remove(waiting: Waiting): void {
    if (this.#waiting.delete(waiting) && this.#waiting.size === 0) this.#disarm()
  }

  #arm(): void {
    this.#disarm()
    for (const waiting of this.#waiting) this.#due = Math.min(this.#due, waiting.heard + waiting.progressMs)
    if (this.#waiting.size > 0)
      this.#timer = this.#clock.setTimer(Math.max(1, this.#due - this.now()), () => this.#tick(), { unref: true })
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#due = Number.POSITIVE_INFINITY
  }

  // Those who are nearly due are told as well, so that a thousand watchers do not make a thousand wake-ups.
  #tick(): void {
    const now = this.now()
    for (const waiting of this.#waiting) {
      if (waiting.heard + waiting.progressMs * 0.9 > now) continue
      waiting.heard = now
      waiting.tellProgress()
    }
    this.#arm()
  }
}
