import type { PluginEntry } from '../kernel/contract.js'
import { storeMemory } from '../store/host.js'
import { assert, boot, pluginSuite, test } from '../testing/contract.js'
import watchCache from '../watch/plugin.js'
import { admissionPlugins, apiPipeline } from './host.js'

const under = (): readonly PluginEntry[] => [{ plugin: storeMemory }, { plugin: watchCache }]

pluginSuite(apiPipeline, {
  valid: [{}, { serviceCidr: '10.0.0.0/20', eventTtlSeconds: 0, relaxed: [] }, { nodePortRange: { from: 30000, to: 30100 } }],
  invalid: [{ serviceCidr: 7 }, { nodePortRange: { from: 0, to: 9 } }, { relaxed: 'all' }],
  with: under,
})
for (const plugin of admissionPlugins) {
  pluginSuite(plugin, { valid: [], invalid: [{ ring: 7 }], with: () => [...under(), { plugin: apiPipeline }] })
}

test('a service range that is none stops the boot and says so', async () => {
  const entry = (config: object): PluginEntry => ({ plugin: apiPipeline, config })
  await assert.rejects(boot({ plugins: [entry({ serviceCidr: 'ten' })] }), 'serviceCidr')
  await assert.rejects(boot({ plugins: [entry({ nodePortRange: { from: 31000, to: 30000 } })] }), 'nodePortRange')
})

test('the pipeline is reloaded in place, and requests go on', async (t) => {
  const plane = await boot()
  t.defer(() => plane.stop())
  await plane.kernel.reload('api-pipeline', { plugin: apiPipeline, config: { eventTtlSeconds: 60 } })
  const states = plane.kernel.status().map(({ id, state }) => [id, state])
  assert.ok(
    states.every(([, state]) => state === 'running'),
    JSON.stringify(states),
  )
})
