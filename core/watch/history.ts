import { DavitError } from '../kernel/contract.js'
import type { Revision, Store, StoreEvent } from '../store/contract.js'
import { prefixEnd } from '../store/contract.js'
import { Change, SharedBatch } from './change.js'
import { codec } from './codec.js'
import type { Scope, WatchBatch } from './contract.js'
import type { StoredItem } from './item.js'
import { eventsFor } from './scope.js'

export interface HistorySink {
  batch(batch: WatchBatch): void
  /** All up to `revision` is told, and memory has the rest. */
  caughtUp(revision: Revision): void
  end(error: Error): void
}

/** Reads from the store what the ring has no more, until it reaches what the ring still has. */
export function replay(
  store: Store,
  prefix: string,
  scope: Scope,
  after: Revision,
  floor: () => Revision,
  sink: HistorySink,
): { close(): void } {
  const from = scope.namespace === undefined ? prefix : `${prefix}${scope.namespace}/`
  let closed = false
  const close = (): void => {
    closed = true
    handle?.close()
  }
  const handle: { close(): void } | undefined = store.watch(
    { from, to: prefixEnd(from), after },
    {
      events(events, upTo) {
        if (closed) return
        const changes = events.map(changeOf)
        if (changes.includes(undefined)) {
          close()
          return sink.end(new DavitError('DAVIT_STORE_COMPACTED', 'The state before a deletion is compacted away.'))
        }
        const seen = eventsFor(scope, changes as Change[])
        for (const change of changes) change?.settle()
        if (seen.length > 0) sink.batch(new SharedBatch(seen, upTo))
        if (closed || upTo < floor()) return
        close()
        sink.caughtUp(upTo)
      },
      end(error) {
        if (closed) return
        closed = true
        sink.end(error)
      },
    },
  )
  if (closed) handle.close()
  return { close }
}

/** Undefined for a deletion of which nothing is known but the key. */
function changeOf(event: StoreEvent): Change | undefined {
  const previous = event.previous && (codec.open(event.previous) as StoredItem)
  if (event.type === 'delete') return previous && new Change('DELETED', previous.at(event.revision), previous)
  const item = codec.open(event.entry) as StoredItem
  return new Change(item.created === item.revision ? 'ADDED' : 'MODIFIED', item, previous)
}
