import type { Logger } from '../kernel/contract.js'
import type { Key, Revision, StoreEvent, WatchHandle, WatchOptions, WatchSink } from './contract.js'
import { compactedError, failedError } from './errors.js'
import { type History, previousOf, type Version } from './history.js'
import type { Values } from './values.js'

interface Watcher {
  readonly from: Key
  readonly to: Key
  readonly sink: WatchSink
  readonly wantsPrevious: boolean
  /** All up to here is delivered. */
  cursor: Revision
  /** Has caught up: `publish` serves it. */
  live: boolean
  closed: boolean
}

const versionsAtOnce = 512

/**
 * All watches of one store. A watcher first reads the history behind it, then joins the live ones in the same turn in
 * which it has seen all that is visible, so nothing falls between and nothing comes twice.
 */
export class Watchers {
  readonly #history: History
  readonly #values: Values
  readonly #log: Logger
  readonly #live = new Set<Watcher>()
  readonly #catchingUp = new Set<Watcher>()
  /** Which live watchers look at a folder of keys; made when first asked for, forgotten when one comes or goes. */
  readonly #byFolder = new Map<string, readonly Watcher[]>()

  constructor(history: History, values: Values, log: Logger) {
    this.#history = history
    this.#values = values
    this.#log = log
  }

  add(options: WatchOptions, sink: WatchSink): WatchHandle {
    const { from, to, after, previous: wantsPrevious = true } = options
    const watcher: Watcher = { from, to, sink, wantsPrevious, cursor: after, live: false, closed: false }
    this.#catchingUp.add(watcher)
    void this.#catchUp(watcher)
    return { close: () => this.#remove(watcher) }
  }

  /** Hands one committed group to all who look at it. */
  publish(versions: readonly Version[], upTo: Revision): void {
    if (this.#live.size === 0) return
    try {
      for (const [watcher, events] of this.#batches(versions)) this.#deliver(watcher, events, upTo)
    } catch (error) {
      // What was there before could not be read. Those who listen list anew; the commit itself stands.
      this.#log.error({ error }, 'committed changes could not be told to the watchers of the store; all watches are ended')
      this.end(failedError(error))
    }
  }

  #batches(versions: readonly Version[]): Map<Watcher, StoreEvent[]> {
    const batches = new Map<Watcher, StoreEvent[]>()
    for (const version of versions) {
      const { key, revision } = version
      const told = this.#watchersOf(key).filter(({ from, to, cursor }) => key >= from && key < to && revision > cursor)
      if (told.length === 0) continue
      const wantsPrevious = told.some((watcher) => watcher.wantsPrevious)
      const event = this.#eventOf(version, wantsPrevious)
      for (const watcher of told) {
        const batch = batches.get(watcher)
        if (batch === undefined) batches.set(watcher, [event])
        else batch.push(event)
      }
    }
    return batches
  }

  /** Ends all watches, or those that stand before a revision. */
  end(error: Error, before = Number.POSITIVE_INFINITY): void {
    for (const watcher of [...this.#live, ...this.#catchingUp]) {
      const cursor = watcher.live ? Math.max(watcher.cursor, this.#history.visible) : watcher.cursor
      if (cursor < before) this.#end(watcher, error)
    }
  }

  async #catchUp(watcher: Watcher): Promise<void> {
    try {
      await Promise.resolve()
      while (!watcher.closed) {
        const { compacted, visible } = this.#history
        if (watcher.cursor < compacted) return this.#end(watcher, compactedError(watcher.cursor, compacted))
        if (watcher.cursor >= visible) return this.#join(watcher)
        await this.#step(watcher)
      }
    } catch (error) {
      if (watcher.cursor < this.#history.compacted) this.#end(watcher, compactedError(watcher.cursor, this.#history.compacted))
      else this.#end(watcher, failedError(error))
    }
  }

  async #step(watcher: Watcher): Promise<void> {
    const versions = this.#history.since(watcher.cursor, versionsAtOnce)
    const upTo = versions.at(-1)?.revision ?? this.#history.visible
    const seen = versions.filter((version) => version.key >= watcher.from && version.key < watcher.to)
    const previous = watcher.wantsPrevious ? seen.map(previousOf) : []
    const wanted: Version[] = []
    for (const [at, version] of seen.entries()) {
      if (version.created !== 0) wanted.push(version)
      const before = previous[at]
      if (before !== undefined) wanted.push(before)
    }
    const entries = await this.#values.all(wanted)
    let next = 0
    const events = seen.map((version, at): StoreEvent => {
      const entry = version.created === 0 ? undefined : entries[next++]
      return toEvent(version, entry, previous[at] && entries[next++])
    })
    if (watcher.closed) return
    if (events.length > 0) this.#deliver(watcher, events, upTo)
    watcher.cursor = upTo
  }

  #join(watcher: Watcher): void {
    this.#catchingUp.delete(watcher)
    watcher.live = true
    this.#live.add(watcher)
    this.#byFolder.clear()
  }

  #eventOf(version: Version, wantsPrevious: boolean): StoreEvent {
    const before = wantsPrevious ? previousOf(version) : undefined
    const entry = version.created === 0 ? undefined : this.#values.now(version)
    return toEvent(version, entry, before && this.#values.now(before))
  }

  #deliver(watcher: Watcher, events: readonly StoreEvent[], upTo: Revision): void {
    if (watcher.closed) return
    try {
      watcher.sink.events(events, upTo)
    } catch (error) {
      this.#log.error({ error, from: watcher.from }, 'a watcher of the store threw; its watch is ended')
      this.#end(watcher, failedError(error))
    }
  }

  #end(watcher: Watcher, error: Error): void {
    if (watcher.closed) return
    this.#remove(watcher)
    try {
      watcher.sink.end(error)
    } catch (thrown) {
      this.#log.error({ error: thrown, from: watcher.from }, 'a watcher of the store threw as its watch ended')
    }
  }

  #remove(watcher: Watcher): void {
    watcher.closed = true
    this.#catchingUp.delete(watcher)
    if (this.#live.delete(watcher)) this.#byFolder.clear()
  }

  #watchersOf(key: Key): readonly Watcher[] {
    const folder = folderOf(key)
    let watchers = this.#byFolder.get(folder)
    if (watchers === undefined) {
      const beyond = `${folder}\uffff`
      watchers = [...this.#live].filter((watcher) => watcher.from < beyond && watcher.to > folder)
      this.#byFolder.set(folder, watchers)
    }
    return watchers
  }
}

/** `/group/resource/` of a key: few of them, with many keys in each. */
function folderOf(key: Key): string {
  const second = key.indexOf('/', 1)
  const third = second < 0 ? -1 : key.indexOf('/', second + 1)
  return key.slice(0, third + 1)
}

function toEvent(version: Version, entry: StoreEvent['previous'], previous: StoreEvent['previous']): StoreEvent {
  const { key, revision } = version
  const before = previous === undefined ? {} : { previous }
  return entry === undefined ? { type: 'delete', revision, key, ...before } : { type: 'put', revision, entry, ...before }
}
