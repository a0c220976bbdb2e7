import { policyKit } from '@davit/core/scheduler/testkit'
import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, {
  valid: [{}, { strategy: 'LeastAllocated', resources: [{ name: 'example.com/gpu', weight: 3 }] }, { weight: 0 }],
  invalid: [
    { strategy: 'Best' },
    { weight: -1 },
    { resources: [] },
    { strategy: 'RequestedToCapacityRatio', shape: [{ utilization: 50, score: 1 }] },
  ],
})
policyKit(plugin)
policyKit(plugin, { config: { strategy: 'LeastAllocated', balancedAllocationWeight: 0 } })
policyKit(plugin, {
  config: {
    strategy: 'RequestedToCapacityRatio',
    resources: [{ name: 'example.com/gpu' }],
    shape: [
      { utilization: 20, score: 10 },
      { utilization: 80, score: 0 },
    ],
  },
})
