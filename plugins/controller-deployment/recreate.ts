import type { RolloutStep, RolloutStrategy } from '@davit/core/controller'

/** Kubernetes' Recreate: no new Pod before the last old one is gone, terminating ones included. */
export const recreate: RolloutStrategy = {
  name: 'Recreate',
  step({ replicas, olds }): RolloutStep {
    const left = olds.filter(({ size }) => size > 0)
    if (left.length > 0) return { olds: Object.fromEntries(left.map(({ name }) => [name, 0])) }
    if (olds.some(({ pods, unfinished }) => pods > 0 || unfinished > 0)) return {}
    return { next: replicas }
  },
}
