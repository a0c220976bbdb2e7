import type { Clock, Logger } from '../kernel/contract.js'
import type { Store } from '../store/contract.js'
import { StoreCache } from './cache.js'
import { keyOf, type ResourceCache, type WatchCaches } from './contract.js'
import { StoreFeed } from './feed.js'
import { ProgressTimer } from './progress.js'
import type { RingLimits } from './ring.js'

export interface WatchCachesOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  /** How much of each resource's past is held in memory. */
  readonly ring?: RingLimits
  /** Entries that one read of the store brings while a resource is loaded. */
  readonly pageSize?: number
}

const defaultRing: RingLimits = { changes: 8192, bytes: 16 * 1024 * 1024 }

/** The caches of all resources over one store. Resolves when it follows the store's changes. */
export async function createWatchCaches(options: WatchCachesOptions): Promise<WatchCaches & { close(): void }> {
  const { store, clock, log, ring = defaultRing, pageSize = 1000 } = options
  const caches = new Map<string, StoreCache>()
  const feed = new StoreFeed(store, clock)
  const progress = new ProgressTimer(clock)
  await feed.start()

  function cache(group: string, resource: string): ResourceCache {
    const prefix = keyOf(group, resource, '', '').slice(0, -1)
    const known = caches.get(prefix)
    if (known !== undefined) return known
    const onEnd = (): void => void (caches.get(prefix) === made && caches.delete(prefix))
    const made: StoreCache = new StoreCache({ store, feed, clock, log, progress, ring, pageSize, prefix, onEnd })
    caches.set(prefix, made)
    return made
  }

  return {
    cache,
    statistics() {
      const total = { resources: caches.size, objects: 0, subscribers: 0, events: 0 }
      for (const each of caches.values()) {
        total.objects += each.size
        total.subscribers += each.statistics.subscribers
        total.events += each.statistics.events
      }
      return total
    },
    close: () => feed.close(),
  }
}
