import type { Logger } from '../kernel/contract.js'
import type { Revision } from '../store/contract.js'
import type { SubscribeOptions, Subscriber, WatchBatch } from './contract.js'
import type { Waiting } from './progress.js'

/** One subscription: where it stands, and a wall between its subscriber and the others. */
export class Member implements Waiting {
  after: Revision
  readonly progressMs: number
  heard = 0
  closed = false
  /** The read of the store's history that it still needs. */
  replaying: { close(): void } | undefined
  left: () => void = () => undefined
  readonly #subscriber: Subscriber
  readonly #log: Logger
  readonly #revision: () => Revision

  constructor(options: SubscribeOptions, subscriber: Subscriber, log: Logger, revision: () => Revision) {
    this.after = options.after
    this.progressMs = options.progressMs ?? 0
    this.#subscriber = subscriber
    this.#log = log
    this.#revision = revision
  }

  batch(batch: WatchBatch, now: number): void {
    if (this.closed) return
    this.heard = now
    this.#guard(() => this.#subscriber.batch(batch))
  }

  tellProgress(): void {
    if (!this.closed) this.#guard(() => this.#subscriber.progress?.(this.#revision()))
  }

  end(error: Error): void {
    if (this.closed) return
    this.close()
    this.#guard(() => this.#subscriber.end(error))
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.replaying?.close()
    this.left()
  }

  // A subscriber that throws is a bug of its own, and must not cost the others their events.
  #guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#log.error({ error }, 'a watch subscriber threw; its watch is closed')
      this.close()
    }
  }
}
