/** Turns at a steady rate: the first at once, each further one an interval after the one before. */
import type { Clock } from '@davit/core/kernel'

export class Pace {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #turns = new Map<string, number>()
  #next = 0

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock
    this.#intervalMs = 1000 / perSecond
    this.#next = clock.monotonic()
  }

  /** Milliseconds until it is this one's turn; 0: now. The turn stays its own until `leave`. */
  wait(name: string): number {
    const now = this.#clock.monotonic()
    let turn = this.#turns.get(name)
    if (turn === undefined) {
      turn = Math.max(now, this.#next)
      this.#turns.set(name, turn)
      this.#next = turn + this.#intervalMs
    }
    return Math.max(0, turn - now)
  }

  /** Idempotent. When nobody waits any more, the next one does not wait for those that left. */
  leave(name: string): void {
    if (!this.#turns.delete(name) || this.#turns.size > 0) return
    this.#next = Math.min(this.#next, this.#clock.monotonic() + this.#intervalMs)
  }
}
