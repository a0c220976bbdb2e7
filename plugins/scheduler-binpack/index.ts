import { definePlugin } from '@davit/core/kernel'
import { Filter, PreFilter, Score } from '@davit/core/scheduler'
import { namedNodes, nodeAffinity, preferredNodes } from './affinity.js'
import { balancedAllocation } from './balance.js'
import { binpackConfig } from './config.js'
import { hostPorts, nodeName, resourceFit, unschedulable } from './fit.js'
import { strategyScore } from './strategy.js'
import { preferUntainted, taints } from './taints.js'

export default definePlugin({
  id: 'scheduler-binpack',
  api: '^1.0',
  provides: { preFilters: PreFilter, filters: Filter, scores: Score },
  config: binpackConfig,
  async setup({ config }) {
    // Cheap and selective first: a rejection spares the filters after it.
    const filters = [unschedulable, nodeName, taints, nodeAffinity, hostPorts, resourceFit]
    const scores = [
      ...(config.weight > 0 ? [strategyScore(config)] : []),
      ...(config.balancedAllocationWeight > 0 ? [balancedAllocation(config.balancedAllocationWeight)] : []),
      preferUntainted,
      preferredNodes,
    ]
    return { provides: { preFilters: namedNodes, filters, scores } }
  },
})
