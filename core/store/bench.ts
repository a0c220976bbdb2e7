/**
 * Measures the store on this machine: `node --conditions=source --import tsx core/store/bench.ts [level|memory]`.
 * The directory is made under the system's temporary one, so point TMPDIR at the disk that is meant.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClock } from '../kernel/clock.js'
import type { Logger } from '../kernel/contract.js'
import { prefixEnd, type Store } from './contract.js'
import { openLevelStore } from './level-engine.js'
import { openMemoryStore } from './memory-engine.js'

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }
const value = Buffer.alloc(2048, 'davit pod spec ')
const keyOf = (number: number): string => `/core/pods/default/pod-${String(number).padStart(7, '0')}`
const all = { from: '/core/pods/', to: prefixEnd('/core/pods/') }

/** Runs `count` calls with so many in flight, and prints their rate and latencies. */
async function measure(name: string, count: number, writers: number, call: (number: number) => Promise<unknown>): Promise<void> {
  const took: number[] = []
  let next = 0
  const began = performance.now()
  const writer = async (): Promise<void> => {
    while (next < count) {
      const number = next++
      const at = performance.now()
      await call(number)
      took.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: writers }, writer))
  const seconds = (performance.now() - began) / 1000
  took.sort((a, b) => a - b)
  const at = (part: number): string => (took[Math.floor(took.length * part)] ?? 0).toFixed(3)
  console.log(`${name.padEnd(44)} ${Math.round(count / seconds)}/s  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms`)
}

async function benchWrites(store: Store): Promise<void> {
  let first = 0
  const create = (count: number, writers: number, durability: 'durable' | 'relaxed' = 'durable'): Promise<void> => {
    const base = first
    first += count
    return measure(`create, ${durability}, ${writers} in flight`, count, writers, (number) => {
      const key = keyOf(base + number)
      return store.transact({ compare: [{ key, revision: 0 }], operations: [{ type: 'put', key, value }], durability })
    })
  }
  await create(3_000, 1)
  await create(20_000, 32)
  await create(20_000, 256)
  await create(20_000, 32, 'relaxed')
  await measure('update after a read, 32 in flight', 20_000, 32, async (number) => {
    const key = keyOf(number)
    const revision = (await store.get(key))?.revision ?? 0
    return store.transact({ compare: [{ key, revision }], operations: [{ type: 'put', key, value }] })
  })
}

async function benchReads(store: Store): Promise<void> {
  await measure('get, 32 in flight', 100_000, 32, (number) => store.get(keyOf(number % 50_000)))
  await measure('range of 500, one at a time', 100, 1, () => store.range({ ...all, limit: 500 }))
  await measure('range of 10,000', 5, 1, () => store.range({ ...all, limit: 10_000 }))
  await measure('keys of all', 5, 1, () => store.range({ ...all, keysOnly: true }))
}

async function benchWatch(store: Store): Promise<void> {
  let calls = 0
  let events = 0
  const after = await store.current()
  const sink = {
    events(batch: readonly unknown[]) {
      calls += 1
      events += batch.length
    },
    end() {},
  }
  const handles = Array.from({ length: 100 }, () => store.watch({ ...all, after }, sink))
  await measure('update with 100 watchers, 32 in flight', 10_000, 32, (number) => {
    const key = keyOf(number)
    return store.transact({ compare: [], operations: [{ type: 'put', key, value }] })
  })
  console.log(`${events} events in ${calls} calls`)
  for (const handle of handles) handle.close()
}

const engine = process.argv[2] ?? 'level'
const directory = await mkdtemp(join(tmpdir(), 'davit-bench-'))
const services = { clock: createClock(), log: quiet }
const open = (): Promise<Store> =>
  engine === 'memory' ? openMemoryStore(services) : openLevelStore({ ...services, directory: join(directory, 'store') })
try {
  let store = await open()
  await benchWrites(store)
  await benchReads(store)
  await benchWatch(store)
  const { rss, heapUsed } = process.memoryUsage()
  console.log(
    `resident ${Math.round(rss / 2 ** 20)} MB, heap ${Math.round(heapUsed / 2 ** 20)} MB, ${(await store.range(all)).count} keys`,
  )
  await store.close()
  const began = performance.now()
  store = await open()
  console.log(`open again: ${(performance.now() - began).toFixed(1)} ms`)
  await store.close()
} finally {
  await rm(directory, { recursive: true, force: true })
}
