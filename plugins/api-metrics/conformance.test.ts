import { controlPlaneParts } from '@davit/core/controller/testkit'
import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, {
  with: controlPlaneParts,
  valid: [{}, { resolutionSeconds: 15, longestWindowSeconds: 60, firstWindowMilliseconds: 500 }],
  invalid: [{ resolutionSeconds: 0 }, { firstWindowMilliseconds: 'short' }, { nonsense: 1 }],
})
