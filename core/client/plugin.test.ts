import { apiPipeline } from '../api/host.js'
import { storeMemory } from '../store/host.js'
import { assert, boot, pluginSuite, test } from '../testing/contract.js'
import watchCache from '../watch/plugin.js'
import { configMaps } from './contract.js'
import client from './plugin.js'

pluginSuite(client, {
  valid: [],
  invalid: [{ identity: 'me' }],
  with: () => [storeMemory, watchCache, apiPipeline].map((plugin) => ({ plugin })),
})

test('its informers end with it, and no new ones begin', async () => {
  const plane = await boot()
  const informer = plane.clients.informer(configMaps)
  await informer.whenSynced()
  await plane.stop()
  assert.throws(() => plane.clients.informer(configMaps), /closed/)
  assert.is(plane.clock.pending, 0)
})

test('a client that the authoriser does not know may do nothing', async (t) => {
  const plane = await boot()
  t.defer(() => plane.stop())
  const stranger = plane.clients.as({ name: 'stranger' })
  await assert.rejects(stranger.list(configMaps), /forbidden: User "stranger" cannot list resource "configmaps"/)
})
