/** The definitions that are there now, kept up to date by a list and a watch that is opened again for ever. */
import type { WatchSink } from '@davit/core/api'
import type { Clock, Logger } from '@davit/core/kernel'
import type { Definition } from './definition.js'
import type { System } from './system.js'

export interface DefinitionsOptions {
  readonly system: System
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  /** A definition came, changed or went. Not for those of the first list. */
  changed(name: string): void
}

const retryMs = 1000

export class Definitions {
  readonly #options: DefinitionsOptions
  #present = new Map<string, Definition>()
  #version = ''
  #watch: { close(): void } | undefined

  constructor(options: DefinitionsOptions) {
    this.#options = options
  }

  get(name: string): Definition | undefined {
    return this.#present.get(name)
  }
  all(): readonly Definition[] {
    return [...this.#present.values()]
  }

  /** Resolves with the state at hand and the watch open. */
  async follow(): Promise<void> {
    await this.#list()
    await this.#open()
  }

  /** What this process wrote itself is known at once: names must not be given away twice. */
  learn(definition: Definition): void {
    const known = this.#present.get(definition.metadata.name)
    if (known && isNewer(definition, known)) this.#present.set(definition.metadata.name, definition)
  }

  close(): void {
    this.#watch?.close()
  }

  async #list(): Promise<void> {
    const { items, resourceVersion } = await this.#options.system.list()
    this.#present = new Map(items.map((item) => [item.metadata.name, item as Definition]))
    this.#version = resourceVersion
  }

  async #open(): Promise<void> {
    const sink: WatchSink = {
      batch: (batch) => {
        for (const { type, item } of batch.events) this.#take(type, item.object as Definition)
        this.#version = String(batch.upTo)
      },
      bookmark: (version) => {
        this.#version = version
      },
      end: (status) => void this.#again(status !== undefined),
    }
    const watch = await this.#options.system.watch(this.#version, sink)
    if (this.#options.signal.aborted) watch.close()
    else this.#watch = watch
  }

  #take(type: 'ADDED' | 'MODIFIED' | 'DELETED', definition: Definition): void {
    const { name } = definition.metadata
    const known = this.#present.get(name)
    if (type === 'DELETED') this.#present.delete(name)
    else if (!known || isNewer(definition, known)) this.#present.set(name, definition)
    this.#options.changed(name)
  }

  /** An ordinary end goes on where it was; after any other all may have changed. */
  async #again(anew: boolean): Promise<void> {
    const { clock, log, signal } = this.#options
    for (let relist = anew; !signal.aborted; relist = true) {
      try {
        if (relist) {
          const before = [...this.#present.keys()]
          await this.#list()
          for (const name of new Set([...before, ...this.#present.keys()])) this.#options.changed(name)
        }
        await this.#open()
        return
      } catch (error) {
        if (signal.aborted) return
        log.warn({ error }, 'definitions cannot be watched; tried again')
        await clock.sleep(retryMs, signal).catch(() => undefined)
      }
    }
  }
}

function isNewer(definition: Definition, known: Definition): boolean {
  return Number(definition.metadata.resourceVersion) > Number(known.metadata.resourceVersion)
}
