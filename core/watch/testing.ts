/** What the tests of this room share: a real store in memory, and writers of small objects. */

import { createClock } from '../kernel/clock.js'
import { createVirtualClock } from '../kernel/clock-virtual.js'
import type { Clock, Logger } from '../kernel/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import type { Revision, Store } from '../store/contract.js'
import { openMemoryStore } from '../store/memory-engine.js'
import { createWatchCaches, type WatchCachesOptions } from './caches.js'
import { codec, keyOf, type ResourceCache, type SubscribeOptions, type Subscriber, type WatchBatch } from './contract.js'

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

export interface Rig {
  readonly store: Store
  readonly caches: Awaited<ReturnType<typeof createWatchCaches>>
  readonly pods: ResourceCache
  put(name: string, fields?: Record<string, unknown>, namespace?: string): Promise<Revision>
  remove(name: string, namespace?: string): Promise<Revision>
  close(): Promise<void>
}

export async function createRig(options: Partial<WatchCachesOptions> & { clock?: Clock } = {}): Promise<Rig> {
  const clock = options.clock ?? createClock()
  const store = options.store ?? (await openMemoryStore({ clock, log: silent }))
  const caches = await createWatchCaches({ log: silent, ...options, store, clock })
  const write = async (operation: Parameters<Store['transact']>[0]['operations'][number]): Promise<Revision> => {
    const result = await store.transact({ compare: [], operations: [operation] })
    return result.revision
  }
  return {
    store,
    caches,
    pods: caches.cache('', 'pods'),
    put(name, fields = {}, namespace = 'default') {
      const { value, memo } = codec.encode(podOf(name, namespace, fields))
      return write({ type: 'put', key: keyOf('', 'pods', namespace, name), value, memo })
    },
    remove: (name, namespace = 'default') => write({ type: 'delete', key: keyOf('', 'pods', namespace, name) }),
    async close() {
      caches.close()
      await store.close()
    },
  }
}

function podOf(name: string, namespace: string, fields: Record<string, unknown>): KubeObject {
  const { labels, ...rest } = fields as { labels?: Record<string, string> }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, ...(labels ? { labels } : {}) }, ...rest }
}

export { createVirtualClock }

/** Writes down what a subscriber is told. */
export class Recorder implements Subscriber {
  readonly batches: WatchBatch[] = []
  readonly marks: Revision[] = []
  readonly ends: Error[] = []
  readonly #wakers = new Set<() => void>()

  batch(batch: WatchBatch): void {
    this.batches.push(batch)
    this.#wake()
  }
  progress(revision: Revision): void {
    this.marks.push(revision)
    this.#wake()
  }
  end(error: Error): void {
    this.ends.push(error)
    this.#wake()
  }

  get seen(): string[] {
    return this.batches.flatMap((batch) => batch.events.map(({ type, item }) => `${type} ${item.name}@${item.revision}`))
  }

  /** Resolves as soon as `condition` holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => void this.#wakers.add(resolve))
  }
  events(count: number): Promise<void> {
    return this.until(() => this.seen.length >= count)
  }

  #wake(): void {
    for (const wake of this.#wakers) wake()
    this.#wakers.clear()
  }
}

export function record(cache: ResourceCache, options: SubscribeOptions): Recorder & { close(): void } {
  const recorder = new Recorder()
  return Object.assign(recorder, { close: cache.subscribe(options, recorder).close })
}
