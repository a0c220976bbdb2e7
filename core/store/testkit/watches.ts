import { assert } from '../../testing/contract.js'
import type { StoreEvent } from '../contract.js'
import { bytes, everything, type Kit, put, record, remove, text, write } from './kit.js'

export function watchCases(kit: Kit): void {
  kit.test('a watch is told what is written after it began', async ({ store }) => {
    const watch = record(store, 0)
    await write(store, put('/a', '1'))
    await write(store, put('/a', '2'))
    await write(store, remove('/a'))
    await watch.reached(3)
    assert.equal(watch.lines(), ['1 /a=1', '2 /a=2', '3 -/a'])
    watch.handle.close()
  })

  kit.test('a watch from the past is told the history first', async ({ store }) => {
    for (let at = 1; at <= 6; at++) await write(store, put(`/k/${at % 2}`, `${at}`))
    const watch = record(store, 3)
    await write(store, put('/k/0', '7'))
    await watch.reached(7)
    assert.equal(watch.lines(), ['4 /k/0=4', '5 /k/1=5', '6 /k/0=6', '7 /k/0=7'])
    watch.handle.close()
  })

  kit.test('only the keys of the range are told', async ({ store }) => {
    const range = { from: '/b/', to: '/b0' }
    await write(store, put('/a/1', 'x'), put('/b/1', 'x'), put('/b', 'x'))
    const past = record(store, 0, range)
    const present = record(store, 1, range)
    await write(store, put('/b/2', 'y'), put('/b0', 'y'), remove('/a/1'))
    await write(store, put('/c', 'z'))
    await write(store, remove('/b/1'))
    await Promise.all([past.reached(4), present.reached(4)])
    assert.equal(past.lines(), ['1 /b/1=x', '2 /b/2=y', '4 -/b/1'])
    assert.equal(present.lines(), ['2 /b/2=y', '4 -/b/1'])
    past.handle.close()
    present.handle.close()
  })

  kit.test('all events of one transaction come in one call, in its order', async ({ store }) => {
    await write(store, put('/old', 'x'))
    const batches: StoreEvent[][] = []
    const sink = { events: (events: readonly StoreEvent[]) => void batches.push([...events]), end: () => {} }
    const live = store.watch({ ...everything, after: 1 }, sink)
    const count = 600
    await write(store, ...Array.from({ length: count }, (_, at) => put(`/k/${(at * 7919) % count}`, `${at}`)), remove('/old'))
    const replayed = store.watch({ ...everything, after: 1 }, sink)
    const end = record(store, 1)
    await end.reached(2)
    while (batches.length < 2) await new Promise<void>((resolve) => setImmediate(resolve))
    for (const batch of batches) {
      assert.is(batch.length, count + 1)
      assert.is(batch[1]?.type === 'put' && batch[1].entry.key, '/k/119')
      assert.is(batch.at(-1)?.type, 'delete')
    }
    for (const handle of [live, replayed, end.handle]) handle.close()
  })

  kit.test('an event brings what stood there before', async ({ store }) => {
    const watch = record(store, 0)
    await write(store, put('/a', '1'))
    await write(store, put('/a', '2'))
    await write(store, remove('/a'))
    await write(store, put('/a', '4'))
    const replay = record(store, 0)
    for (const one of [watch, replay]) {
      await one.reached(4)
      const before = one.events.map((event) => event.previous && `${text(event.previous.value)}@${event.previous.revision}`)
      assert.equal(before, [undefined, '1@1', '2@2', undefined])
      one.handle.close()
    }
  })

  kit.test('who wants none of what stood there before hears the same, also beside one who does', async ({ store }) => {
    const lean = { ...everything, previous: false }
    const [without, beside] = [record(store, 0, lean), record(store, 0)]
    await write(store, put('/a', '1'))
    await write(store, put('/a', '2'))
    await write(store, remove('/a'))
    const replayed = record(store, 0, lean)
    for (const watch of [without, beside, replayed]) {
      await watch.reached(3)
      assert.equal(watch.lines(), ['1 /a=1', '2 /a=2', '3 -/a'])
      watch.handle.close()
    }
    assert.equal(
      beside.events.map((event) => text(event.previous?.value)),
      [undefined, '1', '2'],
    )
  })

  kit.test('a watch of the future waits for it', async ({ store }) => {
    await write(store, put('/a', '1'))
    const watch = record(store, 3)
    for (let at = 2; at <= 5; at++) await write(store, put('/a', `${at}`))
    await watch.reached(5)
    assert.equal(watch.lines(), ['4 /a=4', '5 /a=5'])
    watch.handle.close()
  })

  kit.test('what a watcher is told can be read already, and is told before the writer is answered', async ({ store }) => {
    let told = 0
    const reads: Promise<boolean>[] = []
    const handle = store.watch(
      { ...everything, after: 0 },
      {
        events(events) {
          told = events.at(-1)?.revision ?? told
          for (const { revision } of events) reads.push(store.get('/a').then((entry) => (entry?.revision ?? 0) >= revision))
        },
        end: () => {},
      },
    )
    await new Promise<void>((resolve) => setImmediate(resolve))
    for (let at = 1; at <= 20; at++) {
      const revision = await write(store, put('/a', `${at}`))
      assert.ok(told >= revision)
    }
    assert.ok((await Promise.all(reads)).every((fresh) => fresh))
    assert.is(reads.length, 20)
    handle.close()
  })

  kit.test('nothing is told after close, and closing twice is allowed', async ({ store }) => {
    const watch = record(store, 0)
    await write(store, put('/a', '1'))
    await watch.reached(1)
    watch.handle.close()
    watch.handle.close()
    const other = record(store, 1)
    await write(store, put('/a', '2'))
    await other.reached(2)
    assert.is(watch.calls, 1)
    assert.is(watch.ended, undefined)
    other.handle.close()
  })

  kit.test('a watch may be closed, and others begun, from inside a call', async ({ store }) => {
    const inner: ReturnType<typeof record>[] = []
    let calls = 0
    const handle = store.watch(
      { ...everything, after: 0 },
      {
        events(_, upTo) {
          calls += 1
          inner.push(record(store, upTo))
          handle.close()
        },
        end: () => {},
      },
    )
    await write(store, put('/a', '1'))
    while (inner.length === 0) await new Promise<void>((resolve) => setImmediate(resolve))
    const last = await write(store, put('/a', '2'))
    await inner[0]?.reached(last)
    assert.is(calls, 1)
    assert.equal(inner[0]?.lines(), ['2 /a=2'])
    inner[0]?.handle.close()
  })

  kit.test('watches that begin amid concurrent writers miss nothing and see nothing twice', async ({ store }) => {
    const writers = 8
    const rounds = kit.times(60)
    const watches: ReturnType<typeof record>[] = [record(store, 0)]
    const writer = async (name: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        const pair = [put(`/w/${name}`, `${round}`), round % 5 === 4 ? remove(`/x/${name}`) : put(`/x/${name}`, `${round}`)]
        await store.transact({ compare: [], operations: pair, durability: round % 3 === 0 ? 'relaxed' : 'durable' })
        if (round % 10 === name) watches.push(record(store, Math.max(0, (await store.current()) - round)))
      }
    }
    await Promise.all(Array.from({ length: writers }, (_, name) => writer(name)))
    const last = await write(store, { type: 'put', key: '/end', value: bytes('end') })
    assert.is(last, writers * rounds + 1)
    await Promise.all(watches.map((watch) => watch.reached(last)))
    const all = watches[0]?.lines() ?? []
    assert.is(all.length, writers * rounds * 2 + 1)
    assert.ok(watches.length > writers)
    for (const watch of watches) {
      assert.equal(watch.lines(), all.slice(all.length - watch.events.length))
      const first = watch.events[0]?.revision ?? 0
      assert.is(watch.lines().length, all.filter((line) => Number.parseInt(line, 10) >= first).length)
      watch.handle.close()
    }
  })

  if (!kit.supports.memo) return
  kit.test('a memo reaches the watchers of this process', async ({ store }) => {
    const memo = Object.freeze({ name: 'a' })
    const watch = record(store, 0)
    await store.transact({ compare: [], operations: [{ type: 'put', key: '/a', value: bytes('{}'), memo }] })
    await write(store, remove('/a'))
    await watch.reached(2)
    const [created, deleted] = watch.events
    assert.is(created?.type === 'put' && created.entry.memo, memo)
    assert.is(deleted?.previous?.memo, memo)
    watch.handle.close()
  })
}
