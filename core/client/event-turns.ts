import type { Clock } from '../kernel/contract.js'

/** Who has events to write. */
export interface EventSource {
  /** Begins the next write; undefined where there is none that may begin. Never rejects. */
  next(): Promise<void> | undefined
}

const atOnce = 4

/**
 * The events of one process are written a few at a time, each recorder in its turn, and the next ones in a later turn of
 * the event loop. So they get on fast where there is nothing else to do, and hold up nobody where there is.
 */
export class EventTurns {
  readonly #clock: Clock
  readonly #waiting = new Set<EventSource>()
  #running = 0
  #scheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `source` has something to write. Asking again is allowed. */
  ask(source: EventSource): void {
    this.#waiting.add(source)
    if (!this.#scheduled) this.#begin()
  }

  #begin(): void {
    for (const source of this.#waiting) {
      if (this.#running >= atOnce) return
      this.#waiting.delete(source)
      const write = source.next()
      if (write === undefined) continue
      this.#running += 1
      // Behind all others, until it has nothing more.
      this.#waiting.add(source)
      void write.then(() => this.#ended())
    }
  }

  #ended(): void {
    this.#running -= 1
    if (this.#scheduled || this.#waiting.size === 0) return
    this.#scheduled = true
    this.#clock.defer(() => {
      this.#scheduled = false
      this.#begin()
    })
  }
}
