import { assert } from '../../testing/contract.js'
import { everything, type Kit, put, record, rejectsWith, remove, text, write } from './kit.js'

export function compactionCases(kit: Kit): void {
  kit.test('compaction forgets the past and keeps the present', async ({ store }) => {
    await write(store, put('/a', '1'))
    await write(store, put('/b', '2'))
    await write(store, put('/a', '3'))
    await write(store, remove('/b'))
    await write(store, put('/c', '5'))
    await store.compact(3)
    assert.is(store.compacted, 3)
    await rejectsWith('DAVIT_STORE_COMPACTED', store.get('/a', { revision: 2 }))
    await rejectsWith('DAVIT_STORE_COMPACTED', store.range({ ...everything, revision: 1 }))
    assert.is(text((await store.get('/a'))?.value), '3')
    assert.is(text((await store.get('/b', { revision: 3 }))?.value), '2')
    assert.is((await store.range(everything)).count, 2)
    assert.is(await store.current(), 5)
  })

  kit.test('a watch from before the compaction is ended, one from it goes on', async ({ store }) => {
    for (let at = 1; at <= 5; at++) await write(store, put('/a', `${at}`))
    await store.compact(3)
    const late = record(store, 2)
    assert.is(((await late.end()) as { code?: unknown }).code, 'DAVIT_STORE_COMPACTED')
    assert.equal(late.events, [])
    const good = record(store, 3)
    await good.reached(5)
    assert.equal(good.lines(), ['4 /a=4', '5 /a=5'])
    assert.is(good.events[0]?.previous?.revision, 3)
    good.handle.close()
  })

  kit.test('watches that have seen all live through compactions', async ({ store }) => {
    const watch = record(store, 0, { from: '/a', to: '/b' })
    await write(store, put('/a', '1'))
    await watch.reached(1)
    for (let at = 2; at <= 50; at++) await write(store, put('/z', `${at}`))
    await store.compact(50)
    await write(store, put('/a', '51'))
    await watch.reached(51)
    assert.equal(watch.lines(), ['1 /a=1', '51 /a=51'])
    assert.is(watch.events[1]?.previous?.revision, 1)
    assert.is(watch.ended, undefined)
    watch.handle.close()
  })

  kit.test('it is idempotent, never goes back, and not into the future', async ({ store }) => {
    for (let at = 1; at <= 5; at++) await write(store, put('/a', `${at}`))
    for (let round = 0; round < 10; round++) await store.compact(4)
    await store.compact(2)
    assert.is(store.compacted, 4)
    await rejectsWith('DAVIT_STORE_FUTURE_REVISION', store.compact(6))
    await Promise.all([store.compact(5), store.compact(4), store.compact(5)])
    assert.is(store.compacted, 5)
    assert.is(text((await store.get('/a', { revision: 5 }))?.value), '5')
  })

  kit.test('keys that were deleted come back as new ones', async ({ store }) => {
    await write(store, put('/a', '1'))
    await write(store, remove('/a'))
    await store.compact(2)
    assert.is((await store.range(everything)).count, 0)
    assert.equal(await store.transact({ compare: [{ key: '/a', revision: 0 }], operations: [put('/a', '3')] }), {
      ok: true,
      revision: 3,
    })
    assert.is((await store.get('/a'))?.created, 3)
    await store.compact(3)
    assert.is(text((await store.get('/a'))?.value), '3')
  })

  kit.test('compaction amid writers loses nothing', async ({ store }) => {
    const rounds = kit.times(80)
    const writer = async (name: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        await write(store, put(`/k/${name}`, `${round}`), round % 3 === 2 ? remove(`/t/${name}`) : put(`/t/${name}`, `${round}`))
        if (round % 7 === name) await store.compact(await store.current())
      }
    }
    await Promise.all(Array.from({ length: 7 }, (_, name) => writer(name)))
    await store.compact(await store.current())
    const { entries } = await store.range(everything)
    const expected = Array.from({ length: 7 }, (_, name) => [`/k/${name}=${rounds - 1}`, `/t/${name}=${rounds - 1}`]).flat()
    assert.equal(entries.map((entry) => `${entry.key}=${text(entry.value)}`).sort(), expected.sort())
    assert.is(await store.current(), 7 * rounds)
  })
}
