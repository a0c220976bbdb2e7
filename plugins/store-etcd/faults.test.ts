/** What becomes of a store when its etcd stops, stands still, forgets or is written to by others. One etcd for all cases. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '@davit/core/kernel'
import type { Entry, Operation, Store, StoreEvent, WatchHandle } from '@davit/core/store'
import { startEtcd } from '@davit/core/store/testkit'
import { assert, createVirtualClock, missing, type TestContext, type TestOptions, test } from '@davit/core/testing'
import type { EtcdConfig } from './config.js'
import { openEtcdStore } from './open.js'
import type { EtcdStore } from './store.js'
import { configOf, proxyTo, realServices } from './testing.js'

const etcd = (await missing('etcd')) === undefined ? await startEtcd() : undefined
const needs: TestOptions = { requires: ['etcd'], timeoutMs: 20_000 }
const config: EtcdConfig = { ...configOf(etcd?.endpoint ?? ''), timeoutSeconds: 1 }
const all = { from: '/', to: '0' }
let opened = 0

test.after(() => etcd?.stop())

/** A store of this test's own; of one etcd with the same prefix, a second server's. */
async function open(t: TestContext, changes: Partial<EtcdConfig> = {}, clock?: Clock): Promise<EtcdStore> {
  opened += 1
  const services = { ...realServices(`${opened}`), ...(clock && { clock }) }
  const store = await openEtcdStore({ ...config, prefix: `/fault/${opened}`, ...changes }, services)
  t.defer(() => store.close())
  return store
}

const put = (key: string, text: string): Operation => ({ type: 'put', key, value: Buffer.from(text) })
async function write(store: Store, key: string, text: string, revision?: number): Promise<number> {
  const compare = revision === undefined ? [] : [{ key, revision }]
  const result = await store.transact({ compare, operations: [put(key, text)] })
  assert.ok(result.ok)
  return result.revision
}
const textOf = (entry: Entry | undefined): string | undefined => entry && Buffer.from(entry.value).toString()
const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code
const refused = async (work: Promise<unknown>): Promise<unknown> => codeOf(await assert.rejects(work))

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5)
}

interface Seen extends WatchHandle {
  readonly lines: string[]
  readonly events: StoreEvent[]
  upTo: number
  ended: unknown
  until(condition: () => boolean): Promise<void>
}
function follow(store: Store, after: number): Seen {
  let wake = (): void => undefined
  const told = (upTo: number): void => {
    seen.upTo = upTo
    wake()
  }
  const handle = store.watch(
    { ...all, after },
    {
      events(events, upTo) {
        for (const event of events) {
          seen.events.push(event)
          seen.lines.push(event.type === 'put' ? `${event.entry.key}=${textOf(event.entry)}` : `-${event.key}`)
        }
        told(upTo)
      },
      progress: told,
      end(error) {
        seen.ended = error
        wake()
      },
    },
  )
  const seen: Seen = {
    lines: [],
    events: [],
    upTo: after,
    ended: undefined,
    close: () => handle.close(),
    async until(condition) {
      while (!condition()) await new Promise<void>((resolve) => (wake = resolve))
    },
  }
  return seen
}

test(
  'two servers over one etcd see what both write, in one order',
  async (t) => {
    const [a, b] = [await open(t, { prefix: '/two' }), await open(t, { prefix: '/two' })]
    const start = await a.current()
    const watches = [follow(a, start), follow(b, start)]
    const writer = async (store: Store, name: string): Promise<void> => {
      for (let round = 0; round < 20; round++) await write(store, `/k/${round % 3}`, `${name}${round}`)
    }
    await Promise.all([writer(a, 'a'), writer(b, 'b')])
    const end = await write(b, '/end', 'b')
    await Promise.all(watches.map((watch) => watch.until(() => watch.upTo >= end)))
    assert.is(watches[0]?.lines.length, 41)
    assert.equal(watches[0]?.lines, watches[1]?.lines)
    assert.equal(
      watches[0]?.events.map((event) => event.revision),
      watches[1]?.events.map((event) => event.revision),
    )
    // One of two that compare the same wins, wherever they are.
    const race = await Promise.all(
      [a, b].map((store) => store.transact({ compare: [{ key: '/race', revision: 0 }], operations: [put('/race', 'x')] })),
    )
    assert.equal(race.map(({ ok }) => ok).sort(), [false, true])
    assert.is(await a.current(), await b.current())
  },
  needs,
)

test(
  'others in the same etcd are not seen, and keep nobody waiting for a revision that is theirs',
  async (t) => {
    const [mine, other] = [await open(t), await open(t)]
    const watch = follow(mine, await mine.current())
    await write(mine, '/a', 'mine')
    await write(other, '/a', 'other')
    const newest = await mine.current()
    assert.ok(newest > watch.upTo)
    await watch.until(() => watch.upTo >= newest)
    assert.equal(watch.lines, ['/a=mine'])
    assert.is((await mine.range(all)).count, 1)
    assert.is(textOf(await other.get('/a')), 'other')
  },
  needs,
)

test(
  'who asks while a mark is awaited is not forgotten where the watch gets to the first revision by itself',
  async (t) => {
    const [mine, other] = [await open(t), await open(t)]
    const watch = follow(mine, await mine.current())
    // The watch is live from here on.
    await write(mine, '/a', '0')
    await write(other, '/a', '1')
    await mine.current()
    // This tells the watch more than was asked for until now, so that no mark is needed for that any more.
    await write(mine, '/a', '2')
    await write(other, '/a', '3')
    const newest = await mine.current()
    await watch.until(() => watch.upTo >= newest)
    assert.equal(watch.lines, ['/a=0', '/a=2'])
  },
  needs,
)

test(
  'a transaction that etcd cuts into several messages is told in one call',
  async (t) => {
    // That many bytes take their time where others use the disk.
    const store = await open(t, { timeoutSeconds: 8 })
    const start = await store.current()
    const large = (fill: number): Operation[] =>
      ['/a', '/b', '/c'].map((key) => ({ type: 'put', key, value: new Uint8Array(2_600_000).fill(fill) }))
    const calls: string[][] = []
    const live: string[][] = []
    const record = (into: string[][]) => (events: readonly StoreEvent[]) =>
      void into.push(events.map((event) => `${event.type === 'put' && event.entry.key}${event.revision - start}`))
    const watch = (into: string[][]): void =>
      t.defer(store.watch({ ...all, after: start }, { events: record(into), end: () => undefined }).close)
    watch(live)
    for (const fill of [1, 2]) await store.transact({ compare: [], operations: large(fill) })
    watch(calls)
    await until(() => calls.flat().length === 6 && live.flat().length === 6)
    // Each with what stood there before: more than one message holds. Several transactions may come in one call.
    const expected = [1, 2].flatMap((revision) => ['/a', '/b', '/c'].map((key) => `${key}${revision}`))
    for (const told of [calls, live]) {
      assert.equal(told.flat(), expected)
      for (const call of told) assert.is(call.length % 3, 0, call.join())
    }
  },
  needs,
)

test(
  'a lease runs out by the time of etcd',
  async (t) => {
    const store = await open(t)
    const watch = follow(store, await store.current())
    const { id, ttl } = await store.grantLease(0.5)
    assert.ok(ttl >= 1)
    await store.transact({ compare: [], operations: [{ type: 'put', key: '/held', value: Buffer.from('x'), lease: id }] })
    assert.is(await store.keepLease(id), true)
    await watch.until(() => watch.lines.length === 2)
    assert.equal(watch.lines, ['/held=x', '-/held'])
    assert.is(watch.events[1]?.previous?.lease, id)
    assert.is(await store.keepLease(id), false)
  },
  needs,
)

test(
  'etcd is killed and comes again: nothing acknowledged is lost, watches go on, and calls wait for it',
  async (t) => {
    const store = await open(t, { timeoutSeconds: 10 })
    const watch = follow(store, await store.current())
    const acknowledged: string[] = []
    let writing = true
    const writer = async (name: number): Promise<void> => {
      for (let round = 0; writing; round++) {
        const key = `/w/${name}/${round}`
        await write(store, key, 'x', 0)
        acknowledged.push(`${key}=x`)
      }
    }
    const writers = [0, 1, 2, 3].map(writer)
    await until(() => acknowledged.length > 20)
    await etcd?.kill()
    const waiting = store.get('/w/0/0')
    await until(() => !store.reachable)
    await etcd?.start()
    assert.is(textOf(await waiting), 'x')
    const before = acknowledged.length
    await until(() => acknowledged.length >= before + 20)
    writing = false
    await Promise.all(writers)
    const { entries, revision } = await store.range(all)
    await watch.until(() => watch.upTo >= revision)
    const there = entries.map((entry) => `${entry.key}=${textOf(entry)}`)
    assert.equal(there.sort(), [...acknowledged].sort())
    assert.equal([...watch.lines].sort(), there)
    assert.is(watch.ended, undefined)
    assert.ok(store.reachable)
  },
  needs,
)

test(
  'etcd stands still: calls end in time and are told apart, and it heals by itself',
  async (t) => {
    const store = await open(t)
    const kept = await write(store, '/kept', '1')
    const watch = follow(store, kept)
    etcd?.pause()
    t.defer(() => etcd?.resume())
    const [blind, compared, read] = await Promise.allSettled([
      write(store, '/blind', 'x'),
      write(store, '/compared', 'x', 0),
      store.get('/kept'),
    ])
    assert.is(blind.status === 'rejected' && codeOf(blind.reason), 'DAVIT_STORE_OUTCOME_UNKNOWN')
    assert.is(compared.status === 'rejected' && codeOf(compared.reason), 'DAVIT_STORE_OUTCOME_UNKNOWN')
    assert.is(read.status === 'rejected' && codeOf(read.reason), 'DAVIT_STORE_UNAVAILABLE')
    assert.is(store.reachable, false)
    const began = performance.now()
    assert.is(await refused(store.current()), 'DAVIT_STORE_UNAVAILABLE')
    assert.is(await refused(write(store, '/later', 'x')), 'DAVIT_STORE_UNAVAILABLE')
    assert.ok(performance.now() - began < 500, 'what is lost for long is refused at once')
    etcd?.resume()
    await until(() => store.reachable)
    const after = await write(store, '/kept', '2', kept)
    await watch.until(() => watch.upTo >= after)
    assert.is(watch.lines.at(-1), '/kept=2')
    assert.is(watch.lines.includes('/later=x'), false)
    assert.is(watch.ended, undefined)
  },
  needs,
)

test(
  'an answer that is lost on the way is found out: done once, and told as done',
  async (t) => {
    const proxy = await proxyTo(etcd?.endpoint ?? '')
    t.defer(() => proxy.close())
    const direct = await open(t, { prefix: '/lost' })
    const store = await open(t, { prefix: '/lost', endpoints: [proxy.endpoint], timeoutSeconds: 5 })
    const created = await lose(proxy, direct, '/a', () => write(store, '/a', 'mine', 0))
    assert.is((await direct.get('/a'))?.revision, created)
    assert.is((await direct.get('/a'))?.created, created)
    // Somebody wrote over it before the question could be asked again: whose it was cannot be told.
    const overwritten = lose(
      proxy,
      direct,
      '/a',
      () => write(store, '/a', 'again', created),
      async () => {
        const present = await direct.get('/a')
        await write(direct, '/a', 'other', present?.revision ?? 0)
      },
    )
    assert.is(await refused(overwritten), 'DAVIT_STORE_OUTCOME_UNKNOWN')
    const current = (await direct.get('/a'))?.revision ?? 0
    const removal = { compare: [{ key: '/a', revision: current }], operations: [{ type: 'delete' as const, key: '/a' }] }
    assert.is(await refused(lose(proxy, direct, '/a', () => store.transact(removal))), 'DAVIT_STORE_OUTCOME_UNKNOWN')
    assert.is(await direct.get('/a'), undefined)
  },
  needs,
)

/** Does `work` while no answer comes through, until `key` was changed behind the proxy; then the way is free again. */
async function lose<T>(
  proxy: { swallow(): void; cut(): void },
  direct: Store,
  key: string,
  work: () => Promise<T>,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<T> {
  const before = (await direct.get(key))?.revision
  proxy.swallow()
  const working = work()
  working.catch(() => undefined)
  await until(async () => (await direct.get(key))?.revision !== before)
  await meanwhile()
  proxy.cut()
  return working
}

test(
  'history that is compacted away under a watch that etcd has lost ends it so that it lists anew',
  async (t) => {
    const proxy = await proxyTo(etcd?.endpoint ?? '')
    t.defer(() => proxy.close())
    const direct = await open(t, { prefix: '/compacted' })
    const store = await open(t, { prefix: '/compacted', endpoints: [proxy.endpoint] })
    const first = await write(direct, '/a', '1')
    const watch = follow(store, first)
    await write(store, '/a', '2')
    await watch.until(() => watch.lines.length === 1)
    proxy.swallow()
    await write(direct, '/a', '3')
    await write(direct, '/a', '4')
    const last = await write(direct, '/a', '5')
    await direct.compact(last)
    proxy.cut()
    await watch.until(() => watch.ended !== undefined)
    assert.is(codeOf(watch.ended), 'DAVIT_STORE_COMPACTED')
    assert.equal(watch.lines, ['/a=2'])
    assert.is(store.compacted, last)
    assert.is(await refused(store.get('/a', { revision: first })), 'DAVIT_STORE_COMPACTED')
    const again = follow(store, last)
    const next = await write(direct, '/a', '6')
    await again.until(() => again.upTo >= next)
    assert.equal(again.lines, ['/a=6'])
  },
  needs,
)

test(
  'a deletion that is compacted away as the very next thing after what a lost watch was told ends it too',
  async (t) => {
    const proxy = await proxyTo(etcd?.endpoint ?? '')
    t.defer(() => proxy.close())
    const direct = await open(t, { prefix: '/next' })
    const store = await open(t, { prefix: '/next', endpoints: [proxy.endpoint] })
    const watch = follow(store, await store.current())
    await write(store, '/a', '1')
    proxy.swallow()
    const removed = await direct.transact({ compare: [], operations: [{ type: 'delete', key: '/a' }] })
    assert.is(removed.revision, watch.upTo + 1)
    await direct.compact(removed.revision)
    proxy.cut()
    await watch.until(() => watch.ended !== undefined)
    assert.is(codeOf(watch.ended), 'DAVIT_STORE_COMPACTED')
    assert.equal(watch.lines, ['/a=1'])
  },
  needs,
)

test(
  'of two servers one compacts, up to where the store was an interval before, and never while nothing is written',
  async (t) => {
    // Their time goes on only where it is told to, so that whatever they are about to do can be seen.
    const clocks = [createVirtualClock(), createVirtualClock()]
    const pass = async (): Promise<void> => {
      for (const clock of clocks) await clock.advance(200)
    }
    const changes = { prefix: '/turns', compactionSeconds: 0.2, timeoutSeconds: 600 }
    const servers = await Promise.all(clocks.map((clock) => open(t, changes, clock)))
    const watcher = await open(t, { prefix: '/turns', compactionSeconds: 0 })
    let last = 0
    await until(async () => {
      for (const server of servers) last = await write(server, '/a', `${last}`)
      await pass()
      return servers.some((server) => server.compacted > 0)
    })
    const newest = Math.max(...servers.map((server) => server.compacted))
    assert.ok(newest > 0 && newest < last, `${newest} of ${last}`)
    assert.is(await refused(watcher.get('/a', { revision: newest - 1 })), 'DAVIT_STORE_COMPACTED')
    assert.is(watcher.compacted >= newest, true)
    // The last turn of each finds that nothing was written: then no call is under way and no timer set for a further one.
    await until(async () => {
      await pass()
      return clocks.every(({ pending }) => pending === 0)
    })
    const idle = await watcher.current()
    await pass()
    assert.is(await watcher.current(), idle)
  },
  needs,
)
