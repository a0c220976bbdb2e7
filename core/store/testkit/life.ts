import { assert } from '../../testing/contract.js'
import { everything, type Kit, put, record, rejectsWith, remove, text, write } from './kit.js'

export function lifeCases(kit: Kit): void {
  kit.test('after close everything is refused, and closing again is allowed', async ({ store, directory }) => {
    await write(store, put('/a', '1'))
    await Promise.all([store.close(), store.close()])
    await store.close()
    await rejectsWith('DAVIT_STORE_CLOSED', store.current())
    await rejectsWith('DAVIT_STORE_CLOSED', store.get('/a'))
    await rejectsWith('DAVIT_STORE_CLOSED', store.range(everything))
    await rejectsWith('DAVIT_STORE_CLOSED', store.transact({ compare: [], operations: [] }))
    await rejectsWith('DAVIT_STORE_CLOSED', store.grantLease(1))
    await rejectsWith('DAVIT_STORE_CLOSED', store.keepLease('1'))
    await rejectsWith('DAVIT_STORE_CLOSED', store.revokeLease('1'))
    await rejectsWith('DAVIT_STORE_CLOSED', store.compact(1))
    await rejectsWith('DAVIT_STORE_CLOSED', store.snapshot(`${directory}/x`))
    await rejectsWith('DAVIT_STORE_CLOSED', store.restore(`${directory}/x`))
    const late = record(store, 0)
    assert.is(((await late.end()) as { code?: unknown }).code, 'DAVIT_STORE_CLOSED')
  })

  kit.test('close waits for what is in flight and ends the watches', async ({ store }) => {
    const watch = record(store, 0)
    const writes = Array.from({ length: 20 }, (_, at) => write(store, put(`/k/${at}`, 'x')))
    await store.close()
    assert.equal(
      kit.ordered(await Promise.all(writes)),
      Array.from({ length: 20 }, (_, at) => at + 1),
    )
    assert.is(((await watch.end()) as { code?: unknown }).code, 'DAVIT_STORE_CLOSED')
    assert.is(watch.events.length, 20)
  })

  if (!kit.supports.durable) return
  kit.test('all is there after opening again, the history too', async ({ store, open, directory }) => {
    for (let at = 1; at <= 30; at++) await write(store, put(`/k/${at % 10}`, `${at}`), put('/n', `${at}`))
    await write(store, remove('/k/3'))
    await store.compact(12)
    await store.close()
    let again = await open(directory)
    assert.is(await again.current(), 31)
    assert.is(again.compacted, 12)
    assert.is((await again.range(everything)).count, 10)
    assert.is(text((await again.get('/k/5', { revision: 20 }))?.value), '15')
    await rejectsWith('DAVIT_STORE_COMPACTED', again.get('/k/5', { revision: 11 }))
    const watch = record(again, 28)
    await watch.reached(31)
    assert.equal(watch.lines(), ['29 /k/9=29', '29 /n=29', '30 /k/0=30', '30 /n=30', '31 -/k/3'])
    assert.is(text(watch.events[4]?.previous?.value), '23')
    await again.compact(31)
    await again.close()
    again = await open(directory)
    assert.is(await again.current(), 31)
    assert.is(await write(again, put('/k/3', 'new')), 32)
    assert.is((await again.get('/k/3'))?.created, 32)
  })

  kit.test('the revision goes on even when the last thing was deleted and compacted away', async (one) => {
    let { store } = one
    for (let round = 1; round <= 3; round++) {
      await write(store, put('/a', 'x'))
      assert.is(await write(store, remove('/a')), round * 2)
      await store.compact(round * 2)
      await store.close()
      store = await one.open(one.directory)
      assert.is(await store.current(), round * 2)
      assert.is((await store.range(everything)).count, 0)
    }
  })
}
