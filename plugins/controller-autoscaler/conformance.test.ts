import { controlPlaneParts } from '@davit/core/controller/testkit'
import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, {
  with: controlPlaneParts,
  valid: [{}, { syncPeriodSeconds: 1, downscaleStabilizationSeconds: 0, tolerance: 0.05, cpuInitializationSeconds: 0 }],
  invalid: [{ syncPeriodSeconds: 0 }, { tolerance: -0.1 }, { initialReadinessDelaySeconds: 'long' }, { nonsense: 1 }],
})
