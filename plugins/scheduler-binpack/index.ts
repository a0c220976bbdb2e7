import { DavitError, definePlugin } from '@davit/core/kernel'
import { Filter, PreFilter, Score } from '@davit/core/scheduler'
import { namedNodes, nodeAffinity, preferredNodes } from './affinity.js'
import { balancedAllocation } from './balance.js'
import { type BinpackConfig, binpackConfig } from './config.js'
import { hostPorts, nodeName, resourceFit, unschedulable } from './fit.js'
import { strategyScore } from './strategy.js'
import { preferUntainted, taints } from './taints.js'

export default definePlugin({
  id: 'scheduler-binpack',
  api: '^1.0',
  provides: { preFilters: PreFilter, filters: Filter, scores: Score },
  config: binpackConfig,
  async setup({ config }) {
    checkShape(config)
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

/** A schema cannot say it. */
function checkShape({ shape }: Readonly<BinpackConfig>): void {
  const rises = shape.every(({ utilization }, index) => index === 0 || utilization > (shape[index - 1]?.utilization ?? 0))
  if (!rises)
    throw new DavitError('DAVIT_CONFIG_INVALID', 'scheduler-binpack: config.shape: utilization must rise from point to point')
}
