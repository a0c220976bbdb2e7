import type { Revision } from '@davit/core/store'
import type { Connection } from './connection.js'
import type { Place } from './keys.js'

/** Asks for the newest revision: whoever asks while a question is under way shares the next one, which is as new as it must be. */
export class Newest {
  readonly #connection: Connection
  readonly #place: Place
  #running: Promise<Revision> | undefined
  #next: Promise<Revision> | undefined
  /** The newest that was ever heard of here. */
  known: Revision = 0

  constructor(connection: Connection, place: Place) {
    this.#connection = connection
    this.#place = place
  }

  ask(): Promise<Revision> {
    if (this.#running === undefined) return this.#begin()
    this.#next ??= this.#running.then(
      () => this.#begin(),
      () => this.#begin(),
    )
    return this.#next
  }

  learn(revision: Revision): void {
    this.known = Math.max(this.known, revision)
  }

  #begin(): Promise<Revision> {
    this.#next = undefined
    const running = this.#ask().finally(() => {
      if (this.#running === running) this.#running = undefined
    })
    this.#running = running
    return running
  }

  async #ask(): Promise<Revision> {
    const request = { key: this.#place.markKey, countOnly: true }
    const { header } = await this.#connection.call('Range', request, { repeat: true })
    this.learn(this.#place.revisionOf(header?.revision ?? 0))
    return this.#place.revisionOf(header?.revision ?? 0)
  }
}
