import type { Clock } from '../kernel/contract.js'

/** Who has events to write. */
export interface EventSource {
  /** Begins the oldest write that may begin; undefined where there is none. Never rejects. */
  next(): Promise<void> | undefined
}

const atOnce = 4

/**
 * The events of one process are written a few at a time, the oldest first, whoever recorded them, and the next ones in a
 * later turn of the event loop. So they get on fast where there is nothing else to do, and hold up nobody where there is.
 */
export class EventTurns {
  readonly #clock: Clock
  /** One entry for each event; those before `#next` had their turn. */
  #waiting: EventSource[] = []
  #next = 0
  #running = 0
  #scheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `source` has one more to write. Asking too often is allowed. */
  ask(source: EventSource): void {
    this.#waiting.push(source)
    if (!this.#scheduled) this.#begin()
  }

  #begin(): void {
    while (this.#running < atOnce && this.#next < this.#waiting.length) {
      const write = this.#waiting[this.#next++]?.next()
      if (write === undefined) continue
      this.#running += 1
      void write.then(() => this.#ended())
    }
    if (this.#next < 1000 && this.#next < this.#waiting.length) return
    this.#waiting = this.#waiting.slice(this.#next)
    this.#next = 0
  }

  #ended(): void {
    this.#running -= 1
    if (this.#scheduled || this.#waiting.length === 0) return
    this.#scheduled = true
    this.#clock.defer(() => {
      this.#scheduled = false
      this.#begin()
    })
  }
}
