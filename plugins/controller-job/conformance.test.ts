import { controllerHost, grantsOnly } from '@davit/core/controller/testkit'
import { boot, pluginSuite, test } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, {
  valid: [{}, { timeZone: 'Europe/Zurich' }],
  invalid: [{ timeZone: '' }, { timeZone: 3 }, { backOff: 3 }],
})

test('comes and goes with its controllers', async (t) => {
  const plane = await boot({ plugins: [{ plugin: controllerHost }, { plugin: grantsOnly }, { plugin }] })
  t.defer(() => plane.stop())
  await plane.kernel.reload('controller-job', { plugin, config: { timeZone: 'Asia/Tokyo' } })
  await plane.kernel.reload('controller-job', { plugin })
})
