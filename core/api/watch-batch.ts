/** Batches beside those of the watch room: the state that a watch begins with, and batches in another version. */
import type { Revision } from '../store/contract.js'
import type { CachedObject, EventEncoder, WatchBatch, WatchEvent } from '../watch/contract.js'
import type { Resource } from './resource.js'

/** So that a large state is neither one huge buffer nor a write for each object. */
const eventsInBatch = 500

/** The present state as ADDED events. Only the last batch is up to `revision`. */
export function* stateBatches(items: readonly CachedObject[], revision: Revision): Generator<WatchBatch> {
  for (let start = 0; start < items.length; start += eventsInBatch) {
    const events = items.slice(start, start + eventsInBatch).map((item): WatchEvent => ({ type: 'ADDED', item }))
    yield new EventBatch(events, start + eventsInBatch >= items.length ? revision : 0)
  }
}

class EventBatch implements WatchBatch {
  readonly events: readonly WatchEvent[]
  readonly upTo: Revision
  readonly #frames = new Map<EventEncoder, Uint8Array>()

  constructor(events: readonly WatchEvent[], upTo: Revision) {
    this.events = events
    this.upTo = upTo
  }

  frames(encoder: EventEncoder): Uint8Array {
    let frames = this.#frames.get(encoder)
    if (!frames) {
      frames = Buffer.concat(this.events.map((event) => encoder.encode(event)))
      this.#frames.set(encoder, frames)
    }
    return frames
  }
}

const viewed = new WeakMap<Resource, WeakMap<WatchBatch, WatchBatch>>()

/** The batch in the version of the resource; the same one for all its watchers. */
export function viewedBatch(resource: Resource, batch: WatchBatch): WatchBatch {
  if (!resource.view) return batch
  let known = viewed.get(resource)
  if (!known) {
    known = new WeakMap()
    viewed.set(resource, known)
  }
  let made = known.get(batch)
  if (!made) {
    made = new EventBatch(
      batch.events.map(({ type, item }) => ({ type, item: resource.show(item) })),
      batch.upTo,
    )
    known.set(batch, made)
  }
  return made
}
