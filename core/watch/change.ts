import type { KubeObject } from '../kinds/contract.js'
import type { Revision } from '../store/contract.js'
import type { EventEncoder, WatchBatch, WatchEvent } from './contract.js'
import type { StoredItem } from './item.js'

/** One event, shared by all whom it concerns, with its encodings. */
export class SharedEvent implements WatchEvent {
  readonly type: WatchEvent['type']
  readonly item: StoredItem
  #frames: Map<EventEncoder, Uint8Array> | undefined

  constructor(type: WatchEvent['type'], item: StoredItem) {
    this.type = type
    this.item = item
  }

  frame(encoder: EventEncoder): Uint8Array {
    let frame = this.#frames?.get(encoder)
    if (frame === undefined) {
      frame = encoder.encode(this)
      this.#frames ??= new Map()
      this.#frames.set(encoder, frame)
    }
    return frame
  }
}

/** What a commit did to one object, before anybody's selectors. */
export class Change {
  readonly type: WatchEvent['type']
  /** The new state; for a deletion the last one, with the revision of the deletion. */
  readonly item: StoredItem
  readonly previous: StoredItem | undefined
  readonly revision: Revision
  /** About how many bytes the ring holds for it: both states, and a frame as large as the new one. */
  readonly size: number
  readonly #events: { [type in WatchEvent['type']]?: SharedEvent } = {}
  #object: KubeObject | undefined
  #before: KubeObject | undefined

  constructor(type: WatchEvent['type'], item: StoredItem, previous: StoredItem | undefined) {
    this.type = type
    this.item = item
    this.previous = previous
    this.revision = item.revision
    this.size = 2 * item.size + (previous?.size ?? 0) + 512
  }

  // Held while selectors of many groups read them one after the other.
  get object(): KubeObject {
    this.#object ??= this.item.object
    return this.#object
  }
  get before(): KubeObject | undefined {
    this.#before ??= this.previous?.object
    return this.#before
  }

  event(type: WatchEvent['type']): SharedEvent {
    const known = this.#events[type]
    if (known !== undefined) return known
    const made = new SharedEvent(type, type === 'DELETED' ? this.#last() : this.item)
    this.#events[type] = made
    return made
  }

  settle(): void {
    this.#object = undefined
    this.#before = undefined
    this.item.settle()
    this.previous?.settle()
  }

  // Who loses sight of an object sees what it saw last, not what it may see no more.
  #last(): StoredItem {
    return this.type === 'DELETED' || this.previous === undefined ? this.item : this.previous.at(this.revision)
  }
}

export class SharedBatch implements WatchBatch {
  readonly events: readonly SharedEvent[]
  readonly upTo: Revision
  #frames: Map<EventEncoder, Uint8Array> | undefined

  constructor(events: readonly SharedEvent[], upTo: Revision) {
    this.events = events
    this.upTo = upTo
  }

  frames(encoder: EventEncoder): Uint8Array {
    const [only] = this.events
    if (only !== undefined && this.events.length === 1) return only.frame(encoder)
    let joined = this.#frames?.get(encoder)
    if (joined === undefined) {
      joined = Buffer.concat(this.events.map((event) => event.frame(encoder)))
      this.#frames ??= new Map()
      this.#frames.set(encoder, joined)
    }
    return joined
  }
}
