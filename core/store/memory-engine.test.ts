import { createVirtualClock } from '../kernel/clock-virtual.js'
import { assert, test } from '../testing/contract.js'
import { openMemoryStore } from './memory-engine.js'
import { put, silentLog, write } from './testkit/kit.js'
import { storeKit } from './testkit.js'

storeKit('memory', (_directory, services) => openMemoryStore(services), {
  supports: { durable: false, memo: true, leases: true, snapshots: true, remote: false },
})

test('a store in memory opens in well under 5 ms', async () => {
  const services = { clock: createVirtualClock(), log: silentLog }
  await (await openMemoryStore(services)).close()
  const began = performance.now()
  const store = await openMemoryStore(services)
  assert.ok(performance.now() - began < 5)
  await store.close()
})

test('a store in memory commits without a turn of the event loop', async () => {
  const store = await openMemoryStore({ clock: createVirtualClock(), log: silentLog })
  let turned = false
  setImmediate(() => {
    turned = true
  })
  for (let at = 0; at < 10; at++) await write(store, put('/a', `${at}`))
  assert.is(turned, false)
  await store.close()
})

test('history is compacted as it grows, and never by time alone', async () => {
  const clock = createVirtualClock()
  const retention = { revisions: 100, seconds: 60, maximumRevisions: 1_000 }
  const store = await openMemoryStore({ clock, log: silentLog, retention })
  for (let at = 0; at < 500; at++) await write(store, put('/a', `${at}`))
  assert.is(store.compacted, 0)
  await clock.advance(3_600_000)
  assert.is(store.compacted, 0)
  assert.is(clock.pending, 0)
  for (let at = 0; at < 100; at++) await write(store, put('/a', `${at}`))
  await clock.settle()
  assert.ok(store.compacted >= 400 && store.compacted <= 500)
  await store.close()
})

test('history never exceeds its greatest length, however young', async () => {
  const clock = createVirtualClock()
  const retention = { revisions: 100, seconds: 60, maximumRevisions: 300 }
  const store = await openMemoryStore({ clock, log: silentLog, retention })
  for (let at = 0; at < 1_000; at++) await write(store, put('/a', `${at}`))
  await clock.settle()
  assert.ok(1_000 - store.compacted >= 100)
  assert.ok(1_000 - store.compacted <= 400)
  await store.close()
})
