import { assert } from '../../testing/contract.js'
import { type Entry, prefixEnd } from '../contract.js'
import { everything, type Kit, put, rejectsWith, remove, text, write } from './kit.js'

const show = (entries: readonly Entry[]): string[] =>
  entries.map((entry) => `${entry.key}=${text(entry.value)}@${entry.revision}`)

export function rangeCases(kit: Kit): void {
  kit.test('a range gives its entries in order of the bytes', async ({ store }) => {
    for (const key of ['/b/2', '/b/10', '/a/z', '/b/1', '/c', '/b']) await write(store, put(key, key))
    const { entries, more, count, revision } = await store.range({ from: '/b/', to: prefixEnd('/b/') })
    assert.equal(
      entries.map((entry) => entry.key),
      ['/b/1', '/b/10', '/b/2'],
    )
    assert.is(more, false)
    assert.is(count, 3)
    assert.is(revision, 6)
  })

  kit.test('both ends: the first included, the last not', async ({ store }) => {
    await write(store, put('/a', '1'), put('/b', '2'), put('/c', '3'))
    assert.equal(show((await store.range({ from: '/a', to: '/c' })).entries), ['/a=1@1', '/b=2@1'])
    assert.equal((await store.range({ from: '/b', to: '/b' })).entries, [])
    assert.equal((await store.range({ from: '/x', to: '/z' })).count, 0)
  })

  kit.test('a limit says that there is more, and the count is of the whole range', async ({ store }) => {
    await write(store, ...Array.from({ length: 7 }, (_, at) => put(`/k/${at}`, `${at}`)))
    const page = await store.range({ ...everything, limit: 3 })
    assert.is(page.entries.length, 3)
    assert.is(page.more, true)
    assert.is(page.count, 7)
    const rest = await store.range({ from: '/k/3', to: everything.to, limit: 4 })
    assert.equal(
      rest.entries.map((entry) => entry.key),
      ['/k/3', '/k/4', '/k/5', '/k/6'],
    )
    assert.is(rest.more, false)
  })

  kit.test('pages of one revision are one state, whatever is written meanwhile', async ({ store }) => {
    const count = 300
    await write(store, ...Array.from({ length: count }, (_, at) => put(`/k/${String(at).padStart(4, '0')}`, 'old')))
    const revision = await store.current()
    const keys: string[] = []
    for (let from = '/k/'; ; ) {
      const page = await store.range({ from, to: everything.to, limit: 37, revision })
      assert.is(page.revision, revision)
      assert.is(page.count, count - keys.length)
      for (const entry of page.entries) {
        assert.is(text(entry.value), 'old')
        keys.push(entry.key)
      }
      await write(store, put('/k/0150', 'new'), remove('/k/0200'), put(`/k/0${keys.length}x`, 'new'))
      if (!page.more) break
      from = `${keys.at(-1)} `
    }
    assert.is(keys.length, count)
    assert.is((await store.range({ ...everything, revision })).count, count)
  })

  kit.test('the past is read as it was', async ({ store }) => {
    await write(store, put('/a', '1'))
    await write(store, put('/b', '2'))
    await write(store, put('/a', '3'))
    await write(store, remove('/b'))
    await write(store, put('/b', '5'))
    const at = async (revision: number) => show((await store.range({ ...everything, revision })).entries)
    assert.equal(await at(0), [])
    assert.equal(await at(1), ['/a=1@1'])
    assert.equal(await at(2), ['/a=1@1', '/b=2@2'])
    assert.equal(await at(3), ['/a=3@3', '/b=2@2'])
    assert.equal(await at(4), ['/a=3@3'])
    assert.equal(await at(5), ['/a=3@3', '/b=5@5'])
    assert.is((await store.get('/b', { revision: 3 }))?.created, 2)
    assert.is(await store.get('/b', { revision: 4 }), undefined)
    assert.is((await store.get('/b', { revision: 5 }))?.created, 5)
    await rejectsWith('DAVIT_STORE_FUTURE_REVISION', store.get('/a', { revision: 6 }))
    await rejectsWith('DAVIT_STORE_FUTURE_REVISION', store.range({ ...everything, revision: 6 }))
  })

  kit.test('keys alone come without their values', async ({ store }) => {
    await write(store, put('/a', 'long value'))
    const { entries } = await store.range({ ...everything, keysOnly: true })
    assert.equal(show(entries), ['/a=@1'])
    assert.is(entries[0]?.created, 1)
  })

  kit.test('a large range that is overwritten while it is read stays one state', async ({ store }) => {
    const keys = Array.from({ length: 1500 }, (_, at) => `/k/${String(at).padStart(5, '0')}`)
    for (let first = 0; first < keys.length; first += 500) {
      await write(store, ...keys.slice(first, first + 500).map((key) => put(key, 'x'.repeat(100))))
    }
    const reading = store.range(everything)
    await write(store, ...keys.slice(0, 400).map((key) => put(key, 'y')))
    const compacting = store.compact(await store.current())
    const { entries, revision } = await reading
    await compacting
    assert.is(entries.length, keys.length)
    const values = new Set(entries.filter((entry) => entry.revision <= revision).map((entry) => text(entry.value)?.[0]))
    assert.is(values.size, revision === 3 ? 1 : 2)
  })
}
