import { storeKit } from '@davit/core/store/testkit'
import { assert, createVirtualClock, pluginSuite, test } from '@davit/core/testing'
import plugin from './index.js'
import { supports, type Trace, TracingStore } from './store.js'

pluginSuite(plugin, { valid: [{}, { retainRevisions: 1 }], invalid: [{ retainRevisions: 0 }] })

storeKit('store-tracing', async (_directory, { clock }) => new TracingStore(clock, 10_000, () => {}), { supports })

test('every transaction that changes something is traced', async () => {
  const traces: Trace[] = []
  const store = new TracingStore(createVirtualClock(), 10, (trace) => void traces.push(trace))
  const value = new Uint8Array(1)
  await store.transact({ compare: [], operations: [{ type: 'put', key: '/a', value }] })
  await store.transact({ compare: [], operations: [{ type: 'delete', key: '/nothing' }] })
  await store.transact({
    compare: [],
    operations: [
      { type: 'delete', key: '/a' },
      { type: 'put', key: '/b', value },
    ],
  })
  assert.equal(traces, [
    { revision: 1, wrote: ['/a'] },
    { revision: 2, wrote: ['-/a', '/b'] },
  ])
  await store.close()
})

test('the past is kept as far back as is said, and no more than twice as far', async () => {
  const store = new TracingStore(createVirtualClock(), 10, () => {})
  for (let at = 1; at <= 100; at += 1) {
    await store.transact({ compare: [], operations: [{ type: 'put', key: '/a', value: new Uint8Array(1) }] })
    assert.ok(at - store.compacted <= 21)
    assert.ok(store.compacted <= Math.max(0, at - 10))
  }
  assert.ok(store.compacted > 70)
  await store.close()
})
