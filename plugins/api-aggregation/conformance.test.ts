import { controlPlaneParts } from '@davit/core/controller/testkit'
import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, { with: controlPlaneParts, valid: [{ probeSeconds: 5 }], invalid: [{ probeSeconds: 0 }, { nonsense: 1 }] })
