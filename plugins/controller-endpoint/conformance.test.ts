import { controllerHost, grantsOnly } from '@davit/core/controller/testkit'
import { boot, pluginSuite, test } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, {
  valid: [{}, { maxEndpointsPerSlice: 1 }, { maxEndpointsPerSlice: 1000, writeEndpoints: false }],
  invalid: [{ maxEndpointsPerSlice: 0 }, { maxEndpointsPerSlice: 1001 }, { writeEndpoints: 'yes' }],
})

test('comes and goes with its controllers', async (t) => {
  const plane = await boot({ plugins: [{ plugin: controllerHost }, { plugin: grantsOnly }, { plugin }] })
  t.defer(() => plane.stop())
  await plane.kernel.reload('controller-endpoint', { plugin, config: { writeEndpoints: false } })
  await plane.kernel.reload('controller-endpoint', { plugin })
})
