import { assert } from '../../testing/contract.js'
import { bytes, type Kit, put, rejectsWith, remove, text, write } from './kit.js'

export function transactionCases(kit: Kit): void {
  kit.test('an empty store is at revision 0', async ({ store }) => {
    assert.is(await store.current(), 0)
    assert.is(store.compacted, 0)
    assert.is(await store.get('/a'), undefined)
    assert.equal({ ...store.supports }, { ...kit.supports })
  })

  kit.test('a put is read as it was written', async ({ store }) => {
    assert.is(await write(store, put('/a', 'one')), 1)
    const entry = await store.get('/a')
    assert.is(entry?.key, '/a')
    assert.is(text(entry?.value), 'one')
    assert.is(entry?.revision, 1)
    assert.is(entry?.created, 1)
    assert.is(entry?.lease, undefined)
    assert.is(await store.current(), 1)
  })

  kit.test('an update keeps the revision of the creation, and a deletion ends it', async ({ store }) => {
    await write(store, put('/a', 'one'))
    await write(store, put('/a', 'two'))
    assert.is((await store.get('/a'))?.created, 1)
    assert.is((await store.get('/a'))?.revision, 2)
    await write(store, remove('/a'))
    assert.is(await store.get('/a'), undefined)
    await write(store, put('/a', 'three'))
    assert.is((await store.get('/a'))?.created, 4)
  })

  kit.test('a key is deleted and written again in a row', async ({ store }) => {
    for (let round = 0; round < 10; round++) {
      assert.is(await write(store, put('/a', `round ${round}`)), round * 2 + 1)
      assert.is((await store.get('/a'))?.created, round * 2 + 1)
      assert.is(await write(store, remove('/a')), round * 2 + 2)
      assert.is(await store.get('/a'), undefined)
    }
  })

  kit.test('a comparison with 0 holds only where nothing is', async ({ store }) => {
    const create = () => store.transact({ compare: [{ key: '/a', revision: 0 }], operations: [put('/a', 'mine')] })
    assert.equal(await create(), { ok: true, revision: 1 })
    const second = await create()
    assert.is(second.ok, false)
    assert.is(second.revision, 1)
    assert.is(second.ok ? undefined : text(second.current.get('/a')?.value), 'mine')
    await write(store, remove('/a'))
    assert.equal(await create(), { ok: true, revision: 3 })
  })

  kit.test('a failed comparison writes nothing and shows what is there', async ({ store }) => {
    await write(store, put('/a', 'one'), put('/b', 'two'))
    const compare = [
      { key: '/a', revision: 1 },
      { key: '/b', revision: 7 },
      { key: '/c', revision: 0 },
    ]
    const result = await store.transact({ compare, operations: [put('/a', 'never'), put('/d', 'never')] })
    assert.is(result.ok, false)
    if (result.ok) return
    assert.equal([...result.current.keys()].sort(), ['/a', '/b', '/c'])
    assert.is(result.current.get('/b')?.revision, 1)
    assert.is(result.current.get('/c'), undefined)
    assert.is(text((await store.get('/a'))?.value), 'one')
    assert.is(await store.get('/d'), undefined)
    assert.is(await store.current(), 1)
  })

  kit.test('all that one transaction writes carries one revision', async ({ store }) => {
    await write(store, put('/gone', 'x'))
    assert.is(await write(store, put('/b', '1'), remove('/gone'), put('/a', '2')), 2)
    assert.is((await store.get('/a'))?.revision, 2)
    assert.is((await store.get('/b'))?.revision, 2)
    assert.is(await store.get('/gone'), undefined)
  })

  kit.test('what changes nothing keeps the revision', async ({ store }) => {
    await write(store, put('/a', 'one'))
    for (let round = 0; round < 10; round++) {
      assert.equal(await store.transact({ compare: [], operations: [remove('/missing')] }), { ok: true, revision: 1 })
      assert.equal(await store.transact({ compare: [{ key: '/a', revision: 1 }], operations: [] }), { ok: true, revision: 1 })
    }
    assert.is(await store.current(), 1)
  })

  const inOrder: typeof kit.test = (name, run) => {
    if (!kit.supports.remote) kit.test(name, run)
  }
  inOrder('transactions that are sent at once see each other in order', async ({ store }) => {
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        store.transact({ compare: [{ key: '/a', revision: at }], operations: [put('/a', `${at}`)] }),
      ),
    )
    assert.equal(
      results,
      Array.from({ length: 50 }, (_, at) => ({ ok: true, revision: at + 1 })),
    )
  })

  kit.test('of many that compare the same, one wins, and the others see what it wrote', async ({ store }) => {
    for (let round = 0; round < 10; round++) {
      const revision = (await store.get('/a'))?.revision ?? 0
      const attempts = Array.from({ length: 20 }, (_, at) =>
        store.transact({ compare: [{ key: '/a', revision }], operations: [put('/a', `${round}.${at}`)] }),
      )
      const results = await Promise.all(attempts)
      const won = results.findIndex((result) => result.ok)
      assert.is(results.filter((result) => result.ok).length, 1)
      for (const result of results) if (!result.ok) assert.is(text(result.current.get('/a')?.value), `${round}.${won}`)
      assert.is(text((await store.get('/a'))?.value), `${round}.${won}`)
    }
  })

  kit.test('what is acknowledged is read', async ({ store }) => {
    const rounds = kit.times(20)
    const writer = async (name: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        const revision = await write(store, put(`/w/${name}`, `${round}`))
        assert.is(text((await store.get(`/w/${name}`))?.value), `${round}`)
        assert.ok((await store.current()) >= revision)
      }
    }
    await Promise.all(Array.from({ length: 10 }, (_, name) => writer(name)))
    assert.is(await store.current(), 10 * rounds)
  })

  kit.test('relaxed writes are visible when they resolve, and stay in order with durable ones', async ({ store }) => {
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, at) => {
        const durability = at % 3 === 0 ? 'durable' : 'relaxed'
        return store.transact({ compare: [], operations: [put(`/k/${at}`, `${at}`)], durability })
      }),
    )
    assert.equal(
      kit.ordered(results.map((result) => result.revision)),
      Array.from({ length: 60 }, (_, at) => at + 1),
    )
    const last = await store.transact({ compare: [], operations: [put('/last', 'x')], durability: 'relaxed' })
    assert.is((await store.get('/last'))?.revision, last.revision)
  })

  kit.test('values of any bytes and of up to 3 MiB', async ({ store }) => {
    const odd = Uint8Array.from([0, 255, 10, 13, 0, 128])
    const large = new Uint8Array(3 * 1024 * 1024).fill(7)
    await store.transact({ compare: [], operations: [{ type: 'put', key: '/odd', value: odd }] })
    await store.transact({ compare: [], operations: [{ type: 'put', key: '/large', value: large }] })
    await store.transact({ compare: [], operations: [{ type: 'put', key: '/empty', value: new Uint8Array(0) }] })
    assert.equal([...((await store.get('/odd'))?.value ?? [])], [...odd])
    assert.is((await store.get('/large'))?.value.byteLength, large.byteLength)
    assert.is((await store.get('/empty'))?.value.byteLength, 0)
    const tooLarge = { type: 'put' as const, key: '/more', value: new Uint8Array(3 * 1024 * 1024 + 1) }
    await rejectsWith('DAVIT_STORE_TOO_LARGE', store.transact({ compare: [], operations: [put('/small', 'x'), tooLarge] }))
    assert.is(await store.get('/small'), undefined)
    assert.is(await store.current(), 3)
  })

  kit.test('what breaks the contract is refused', async ({ store }) => {
    const transact = (...keys: string[]) => store.transact({ compare: [], operations: keys.map((key) => put(key, 'x')) })
    await rejectsWith('DAVIT_STORE_INVALID', transact('/a', '/b', '/a'))
    await rejectsWith('DAVIT_STORE_INVALID', transact('/a\0b'))
    await rejectsWith('DAVIT_STORE_INVALID', transact('/ä'))
    await rejectsWith('DAVIT_STORE_INVALID', transact(''))
    const twice = { key: '/a', revision: 0 }
    await rejectsWith('DAVIT_STORE_INVALID', store.transact({ compare: [twice, twice], operations: [] }))
    assert.is(await store.current(), 0)
  })

  if (!kit.supports.memo) return
  kit.test('a memo rides along while the engine can still give it', async ({ store }) => {
    const memo = Object.freeze({ decoded: true })
    await store.transact({ compare: [], operations: [{ type: 'put', key: '/a', value: bytes('{}'), memo }] })
    assert.is((await store.get('/a'))?.memo, memo)
    await write(store, put('/a', '{"new":1}'))
    assert.is((await store.get('/a'))?.memo, undefined)
  })
}
