import { controlPlaneParts } from '@davit/core/controller/testkit'
import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, {
  with: controlPlaneParts,
  valid: [{}, { finishedPods: 0, quarantineSeconds: 0, concurrency: 1 }],
  invalid: [{ concurrency: 0 }, { finishedPods: -1 }, { quarantineSeconds: 'soon' }],
})
