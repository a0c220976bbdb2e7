import type { ScorePolicy } from '@davit/core/scheduler'
import { amount, used } from './strategy.js'

/** 100 when cpu and memory would be used to the same share, less the further apart: no node left with one and not the other. */
export function balancedAllocation(weight: number): ScorePolicy {
  return {
    name: 'balanced-allocation',
    weight,
    score(_state, pod, node) {
      const shares = ['cpu', 'memory'].map((name) => {
        const capacity = amount(node.allocatable, name)
        return capacity === 0 ? 1 : Math.min(1, used(pod, node, name) / capacity)
      })
      return 100 * (1 - Math.abs((shares[0] ?? 0) - (shares[1] ?? 0)) / 2)
    },
  }
}
