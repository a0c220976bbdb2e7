import { controlPlaneParts } from '@davit/core/controller/testkit'
import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, {
  with: controlPlaneParts,
  valid: [{}, { enforce: 'baseline', enforceVersion: 'v1.33', exemptNamespaces: ['kube-system'] }],
  invalid: [{ enforce: 'strict' }, { warnVersion: '1.33' }, { exemptUsers: [] }],
})
