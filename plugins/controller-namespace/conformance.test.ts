import { KindsToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import { createRegistry } from '@davit/core/kinds'
import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

const kinds = definePlugin({
  id: 'kinds',
  api: '^1.0',
  provides: { kinds: KindsToken },
  setup: async () => ({ provides: { kinds: createRegistry() } }),
})

pluginSuite(plugin, { valid: [], invalid: [{ anything: 1 }], with: () => [{ plugin: kinds }] })
