import type { Revision, StoreEvent, WatchOptions, WatchSink } from '@davit/core/store'

/** One watch: how far it has been told, and of which keys. */
export class Watcher {
  readonly #options: WatchOptions
  readonly #sink: WatchSink
  readonly #gone: () => void
  #told: Revision
  #telling = false
  #over = false

  constructor(options: WatchOptions, sink: WatchSink, gone: () => void) {
    this.#options = options
    this.#sink = sink
    this.#gone = gone
    this.#told = options.after
  }

  /** A sink that writes makes new events while it is told of old ones: the call that is under way tells them too. */
  tell(newest: () => Revision, eventsOf: (revision: Revision) => readonly StoreEvent[]): void {
    if (this.#telling) return
    this.#telling = true
    while (!this.#over && this.#told < newest()) {
      this.#told += 1
      const events = eventsOf(this.#told).filter((event) => this.#covers(event))
      if (events.length > 0) this.#sink.events(events, this.#told)
    }
    this.#telling = false
  }

  end(error: Error): void {
    if (this.#over) return
    this.close()
    this.#sink.end(error)
  }

  close(): void {
    this.#over = true
    this.#gone()
  }

  #covers(event: StoreEvent): boolean {
    const key = event.type === 'put' ? event.entry.key : event.key
    return key >= this.#options.from && key < this.#options.to
  }
}
