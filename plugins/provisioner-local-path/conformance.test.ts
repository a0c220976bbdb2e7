import { controlPlaneParts } from '@davit/core/controller/testkit'
import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, {
  with: controlPlaneParts,
  valid: [{}, { storageClass: '' }, { storageClass: 'folders', defaultClass: false }],
  invalid: [{ storageClass: 3 }, { defaultClass: 'yes' }],
})
