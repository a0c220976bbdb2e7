/**
 * Pools of numbers that are given out once: cluster IPs and node ports. What is taken stands in the store under one key
 * each, written and deleted in the transaction of the service; the map in memory follows the store and only says where
 * to try. Two servers that try the same number meet in the store, where the second one's comparison fails.
 */
import { type Clock, DavitError, type Random } from '../kernel/contract.js'
import type { Entry, Key, Store, WatchHandle } from '../store/contract.js'
import { prefixEnd } from '../store/contract.js'

export const allocationPrefix = '/davit/allocations/'
const retryMs = 1_000

export interface Pool {
  readonly prefix: Key
  /** "10.96.0.1", "30080": the last part of the key. */
  name(index: number): string
  /** Undefined for what the pool does not hold. */
  index(name: string): number | undefined
  isTaken(index: number): boolean
  /** A free number, undefined when there is none. The low part, which people choose from, comes last. */
  pick(random: Random): number | undefined
  /** Between the choice and the commit. */
  reserve(index: number): void
  release(index: number): void
  mark(index: number, taken: boolean): void
  /** Nothing is taken, but what is reserved. */
  clear(): void
}

export interface PoolOptions {
  readonly prefix: Key
  readonly size: number
  /** So many of the first numbers are given out by themselves only when nothing else is left. */
  readonly low: number
  name(index: number): string
  index(name: string): number | undefined
}

export function createPool(options: PoolOptions): Pool {
  const { size, low } = options
  const taken = new Uint8Array(size)
  const reserved = new Set<number>()
  const free = (index: number): boolean => taken[index] === 0 && !reserved.has(index)
  const scan = (from: number, to: number, random: Random): number | undefined => {
    const count = to - from
    if (count <= 0) return undefined
    const start = random.integer(count)
    for (let step = 0; step < count; step++) {
      const index = from + ((start + step) % count)
      if (free(index)) return index
    }
    return undefined
  }
  return {
    prefix: options.prefix,
    name: options.name,
    index: options.index,
    isTaken: (index) => !free(index),
    pick: (random) => scan(low, size, random) ?? scan(0, low, random),
    reserve: (index) => void reserved.add(index),
    release: (index) => void reserved.delete(index),
    mark(index, isTaken) {
      taken[index] = isTaken ? 1 : 0
    },
    clear: () => void taken.fill(0),
  }
}

/** Reads what is taken and follows the changes until it is closed. */
export async function followPools(store: Store, clock: Clock, pools: readonly Pool[]): Promise<{ close(): void }> {
  const range = { from: allocationPrefix, to: prefixEnd(allocationPrefix) }
  let handle: WatchHandle | undefined
  const closing = new AbortController()
  const { signal } = closing
  const load = async (): Promise<void> => {
    const { entries, revision } = await store.range({ ...range, keysOnly: true })
    if (signal.aborted) return
    for (const pool of pools) pool.clear()
    for (const { key } of entries) markKey(pools, key, true)
    handle = store.watch(
      { ...range, after: revision },
      {
        events(events) {
          for (const event of events) markKey(pools, event.type === 'put' ? event.entry.key : event.key, event.type === 'put')
        },
        // Too old: read anew.
        end: (error) => {
          if (error instanceof DavitError && error.code === 'DAVIT_STORE_COMPACTED') void loadAgain()
        },
      },
    )
  }
  /** Until it has, a number that is wrongly thought free is put right by the store's answer. */
  const loadAgain = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        return await load()
      } catch {
        await clock.sleep(retryMs, signal).catch(() => undefined)
      }
    }
  }
  await load()
  return {
    close() {
      closing.abort(new Error('the numbers are followed no more'))
      handle?.close()
    },
  }
}

/** What the answer to a lost race says about allocations. */
export function learnTaken(pools: readonly Pool[], current: ReadonlyMap<Key, Entry | undefined>): void {
  for (const [key, entry] of current) if (key.startsWith(allocationPrefix)) markKey(pools, key, entry !== undefined)
}

function markKey(pools: readonly Pool[], key: Key, taken: boolean): void {
  for (const pool of pools) {
    if (!key.startsWith(pool.prefix)) continue
    const index = pool.index(key.slice(pool.prefix.length))
    if (index !== undefined) pool.mark(index, taken)
  }
}
