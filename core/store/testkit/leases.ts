import { assert } from '../../testing/contract.js'
import type { LeaseId, Operation, Store } from '../contract.js'
import { bytes, everything, type Kit, put, record, rejectsWith, remove, write } from './kit.js'

const attach = (key: string, lease: LeaseId): Operation => ({ type: 'put', key, value: bytes('held'), lease })

/** What is there once all that was under way is done: a transaction takes its turn behind it. */
async function keysOf(store: Store): Promise<string[]> {
  await store.transact({ compare: [], operations: [] })
  return (await store.range(everything)).entries.map((entry) => entry.key)
}

export function leaseCases(kit: Kit): void {
  if (!kit.supports.leases) return

  kit.test('revoking deletes at once, and twice is allowed', async ({ store }) => {
    const { id } = await store.grantLease(100)
    const other = await store.grantLease(100)
    await write(store, attach('/a', id), attach('/b', other.id))
    await Promise.all([store.revokeLease(id), store.revokeLease(id)])
    assert.equal(await keysOf(store), ['/b'])
    for (let round = 0; round < 10; round++) await store.revokeLease(id)
    await store.revokeLease('999999')
    assert.is(await store.current(), 2)
    assert.is(await store.keepLease(id), false)
    assert.is(await store.keepLease(other.id), true)
  })

  kit.test('a lease that is gone takes no keys', async ({ store }) => {
    const { id } = await store.grantLease(100)
    await store.revokeLease(id)
    await rejectsWith('DAVIT_STORE_LEASE_GONE', store.transact({ compare: [], operations: [put('/b', 'x'), attach('/a', id)] }))
    assert.equal(await keysOf(store), [])
    assert.is(await store.current(), 0)
  })

  kit.test('a key follows its last put: to another lease, or to none', async ({ store }) => {
    const first = await store.grantLease(100)
    const second = await store.grantLease(100)
    await write(store, attach('/moved', first.id), attach('/freed', first.id), attach('/again', first.id))
    await write(store, attach('/moved', second.id), put('/freed', 'x'), remove('/again'))
    await write(store, put('/again', 'without'))
    await store.revokeLease(first.id)
    assert.equal(await keysOf(store), ['/again', '/freed', '/moved'])
    await store.revokeLease(second.id)
    assert.equal(await keysOf(store), ['/again', '/freed'])
  })
  if (!kit.supports.remote) localCases(kit)
}

/** Where time is the engine's own, and transactions are in the order of their calls. */
function localCases(kit: Kit): void {
  kit.test('the keys of a lease go when it runs out', async ({ store, advance }) => {
    const { id, ttl } = await store.grantLease(10)
    assert.is(ttl, 10)
    const watch = record(store, 0)
    await write(store, attach('/a', id), attach('/b', id), put('/free', 'x'))
    assert.is((await store.get('/a'))?.lease, id)
    assert.is((await store.get('/free'))?.lease, undefined)
    await advance(9_000)
    assert.equal(await keysOf(store), ['/a', '/b', '/free'])
    await advance(2_000)
    await watch.reached(2)
    assert.equal(await keysOf(store), ['/free'])
    assert.equal(watch.lines().slice(3), ['2 -/a', '2 -/b'])
    assert.is(watch.events[3]?.previous?.lease, id)
    assert.is(await store.keepLease(id), false)
    watch.handle.close()
  })

  kit.test('keeping a lease starts its time anew', async ({ store, advance }) => {
    const { id } = await store.grantLease(10)
    await write(store, attach('/a', id))
    for (let round = 0; round < 10; round++) {
      await advance(6_000)
      assert.is(await store.keepLease(id), true)
    }
    assert.equal(await keysOf(store), ['/a'])
    assert.is(await store.current(), 1)
    await advance(11_000)
    assert.equal(await keysOf(store), [])
    assert.is(await store.current(), 2)
  })

  kit.test('leases run out each at its time', async ({ store, advance }) => {
    const ids = await Promise.all([30, 10, 20].map(async (ttl) => (await store.grantLease(ttl)).id))
    assert.is(new Set(ids).size, 3)
    await write(store, ...ids.map((id, at) => attach(`/${at}`, id)))
    await advance(10_500)
    assert.equal(await keysOf(store), ['/0', '/2'])
    await advance(10_000)
    assert.equal(await keysOf(store), ['/0'])
    await advance(10_000)
    assert.equal(await keysOf(store), [])
  })

  kit.test('a revocation takes along what was sent before it', async ({ store }) => {
    const { id } = await store.grantLease(100)
    const sent = [write(store, attach('/a', id)), store.revokeLease(id)] as const
    await Promise.all(sent)
    assert.equal(await keysOf(store), [])
    assert.is(await store.current(), 2)
  })

  if (!kit.supports.durable) return
  kit.test('leases live through a restart, with their full time', async ({ store, advance, open, directory }) => {
    const { id } = await store.grantLease(10)
    const revoked = await store.grantLease(10)
    await write(store, attach('/a', id))
    await store.revokeLease(revoked.id)
    await advance(8_000)
    await store.close()
    const again = await open(directory)
    await advance(8_000)
    assert.equal(await keysOf(again), ['/a'])
    assert.is(await again.keepLease(revoked.id), false)
    const later = await again.grantLease(100)
    assert.ok(later.id !== id && later.id !== revoked.id)
    await advance(3_000)
    assert.equal(await keysOf(again), [])
    assert.is(await again.keepLease(later.id), true)
  })
}
