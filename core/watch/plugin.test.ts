import { bootKernel } from '../kernel/host.js'
import { storeMemory } from '../store/host.js'
import { assert, boot, createTestServices, pluginSuite, test } from '../testing/contract.js'
import { WatchCachesToken } from './contract.js'
import watchCache from './plugin.js'

pluginSuite(watchCache, { valid: [], invalid: [{ ring: 7 }], with: () => [{ plugin: storeMemory }] })

test('ends its watches when it is stopped', async () => {
  const kernel = await bootKernel([{ plugin: storeMemory }, { plugin: watchCache }], createTestServices())
  const cache = kernel.get(WatchCachesToken).cache('', 'pods')
  await cache.ready
  const ends: Error[] = []
  cache.subscribe({ after: 0 }, { batch() {}, end: (error) => void ends.push(error) })
  await kernel.stop()
  assert.is((ends[0] as { code?: string }).code, 'DAVIT_STORE_CLOSED')
})

test('an idle control plane sets no timer for it', async (t) => {
  const plane = await boot()
  t.defer(() => plane.stop())
  await plane.clock.advance(1000)
  const before = plane.clock.pending
  const caches = plane.kernel.get(WatchCachesToken)
  await caches.cache('', 'pods').ready
  caches
    .cache('', 'pods')
    .subscribe({ after: 0 }, { batch() {}, end() {} })
    .close()
  assert.is(plane.clock.pending, before)
})
