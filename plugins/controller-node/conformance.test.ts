import { assert, pluginSuite, test } from '@davit/core/testing'
import { rangesOf } from './cidr.js'
import plugin from './index.js'

pluginSuite(plugin, {
  valid: [{}, { clusterCidr: '10.0.0.0/8', nodeMask: 26 }, { graceSeconds: 5, nodeEvictionRate: 100, allocateNodeCidrs: false }],
  invalid: [{ clusterCidr: 'everything' }, { nodeMask: 31 }, { graceSeconds: 0 }, { nodeEvictionRate: 0 }],
})

test('a range that cannot be cut is refused', () => {
  assert.fails(() => rangesOf({ clusterCidr: '10.0.0.0/16', nodeMask: 12 }), { code: 'DAVIT_CONFIG_INVALID' })
  assert.fails(() => rangesOf({ clusterCidr: '10.0.0.999/16', nodeMask: 24 }), { code: 'DAVIT_CONFIG_INVALID' })
})
