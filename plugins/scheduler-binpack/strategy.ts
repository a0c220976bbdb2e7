import type { ResourceTotals, ScorePolicy } from '@davit/core/scheduler'
import type { BinpackConfig } from './config.js'

/** The share of each configured resource in use, the Pod included, made into a score and averaged by weight. */
export function strategyScore(config: Readonly<BinpackConfig>): ScorePolicy {
  const rate = rating(config)
  const resources = config.resources.map(({ name, weight }) => ({ weight, amount: amountOf(name) }))
  return {
    name: `resources-${config.strategy}`,
    weight: config.weight,
    score: (_state, pod, node) => {
      let sum = 0
      let weights = 0
      for (const { weight, amount } of resources) {
        const capacity = amount(node.allocatable)
        // A node without the resource says nothing about it.
        if (capacity === 0) continue
        const used = amount(node.requested) + amount(pod.requests)
        sum += weight * rate(used < capacity ? used / capacity : 1)
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

/** Chosen once, not looked up for each node. */
function amountOf(resource: string): (totals: ResourceTotals) => number {
  switch (resource) {
    case 'cpu':
      return ({ milliCpu }) => milliCpu
    case 'memory':
      return ({ memory }) => memory
    case 'ephemeral-storage':
      return ({ ephemeralStorage }) => ephemeralStorage
    default:
      return ({ extended }) => extended.get(resource) ?? 0
  }
}
