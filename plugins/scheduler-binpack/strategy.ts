import type { NodeInfo, PodInfo, ResourceTotals, ScorePolicy } from '@davit/core/scheduler'
import type { BinpackConfig } from './config.js'

/** The share of each configured resource in use, the Pod included, made into a score and averaged by weight. */
export function strategyScore(config: Readonly<BinpackConfig>): ScorePolicy {
  const rate = rating(config)
  return {
    name: `resources-${config.strategy}`,
    weight: config.weight,
    score: (_state, pod, node) => {
      let sum = 0
      let weights = 0
      for (const { name, weight } of config.resources) {
        const capacity = amount(node.allocatable, name)
        // A node without the resource says nothing about it.
        if (capacity === 0) continue
        sum += weight * rate(Math.min(1, used(pod, node, name) / capacity))
        weights += weight
      }
      return weights === 0 ? 0 : sum / weights
    },
  }
}

function rating({ strategy, shape }: Readonly<BinpackConfig>): (share: number) => number {
  if (strategy === 'MostAllocated') return (share) => share * 100
  if (strategy === 'LeastAllocated') return (share) => (1 - share) * 100
  return (share) => interpolate(shape, share * 100) * 10
}

function interpolate(shape: BinpackConfig['shape'], utilization: number): number {
  let before = shape[0]
  for (const point of shape) {
    if (utilization <= point.utilization) {
      if (!before || before === point) return point.score
      const along = (utilization - before.utilization) / (point.utilization - before.utilization)
      return before.score + along * (point.score - before.score)
    }
    before = point
  }
  return before?.score ?? 0
}

export function used(pod: PodInfo, node: NodeInfo, resource: string): number {
  return amount(node.requested, resource) + amount(pod.requests, resource)
}

export function amount(totals: ResourceTotals, resource: string): number {
  switch (resource) {
    case 'cpu':
      return totals.milliCpu
    case 'memory':
      return totals.memory
    case 'ephemeral-storage':
      return totals.ephemeralStorage
    default:
      return totals.extended.get(resource) ?? 0
  }
}
