/**
 * Which events are one, and which are too many, as Kubernetes' own clients have it: from the tenth on, events of one object
 * that differ in their message alone become one, and an object has 25 at once and then one more each five minutes.
 */

const similarAtMost = 10
const similarForMs = 600_000
const burst = 25
const refillMs = 300_000
const rememberedObjects = 1024

/** What an event is written as: those of one key are one Event that is counted up. */
export interface Correlated {
  readonly key: string
  readonly message: string
  /** How often it happened: those that were too many are made up for by the next that is not. */
  readonly count: number
}
/** What is known of an Event that was written, for the next of its key. */
export interface Written {
  readonly namespace: string
  readonly name: string
  readonly count: number
  readonly firstTimestamp: string
}

interface Similar {
  readonly messages: Set<string>
  /** Milliseconds since 1970. */
  last: number
}
interface Remembered {
  tokens: number
  refilled: number
  readonly similar: Map<string, Similar>
  /** By key: how many were too many. */
  readonly skipped: Map<string, number>
  readonly written: Map<string, Written>
}

/** Remembers so many objects, those with the latest events. */
export class EventMemory {
  readonly #objects = new Map<string, Remembered>()

  /** `kind`: what the event says besides its message. undefined: the object has had too many. */
  correlate(object: string, kind: string, message: string, now: number): Correlated | undefined {
    const remembered = this.#touch(object, now)
    const joined = joinSimilar(remembered, kind, message, now)
    const { skipped } = remembered
    const count = 1 + (skipped.get(joined.key) ?? 0)
    const tokens = Math.min(burst, remembered.tokens + (now - remembered.refilled) / refillMs)
    remembered.refilled = now
    remembered.tokens = tokens < 1 ? tokens : tokens - 1
    if (tokens < 1) {
      skipped.set(joined.key, count)
      return undefined
    }
    skipped.delete(joined.key)
    return { ...joined, count }
  }

  written(object: string, key: string): Written | undefined {
    return this.#objects.get(object)?.written.get(key)
  }

  /** For an object that is forgotten by now it is of no use. */
  wrote(object: string, key: string, written: Written): void {
    this.#objects.get(object)?.written.set(key, written)
  }

  #touch(object: string, now: number): Remembered {
    const known = this.#objects.get(object)
    const remembered = known ?? { tokens: burst, refilled: now, similar: new Map(), skipped: new Map(), written: new Map() }
    this.#objects.delete(object)
    this.#objects.set(object, remembered)
    if (this.#objects.size > rememberedObjects) {
      const oldest = this.#objects.keys().next().value
      if (oldest !== undefined) this.#objects.delete(oldest)
    }
    return remembered
  }
}

function joinSimilar({ similar }: Remembered, kind: string, message: string, now: number): Omit<Correlated, 'count'> {
  const known = similar.get(kind)
  const group = known && now - known.last <= similarForMs ? known : { messages: new Set<string>(), last: now }
  group.last = now
  similar.set(kind, group)
  group.messages.add(message)
  if (group.messages.size < similarAtMost) return { key: `${kind}\0${message}`, message }
  group.messages.delete(message)
  return { key: kind, message: `(combined from similar events): ${message}` }
}
