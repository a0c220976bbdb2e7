import type { RolloutSet, RolloutState, RolloutStep, RolloutStrategy } from '@davit/core/controller'

/**
 * Kubernetes' RollingUpdate: up as far as the surge allows, then down as far as availability allows, in turns. It also
 * waits for Pods that a ReplicaSet is yet to remove, and believes no more availability than a ReplicaSet has Pods, so
 * that neither limit is broken by a ReplicaSet whose controller is behind.
 */
export const rollingUpdate: RolloutStrategy = {
  name: 'RollingUpdate',
  step(state): RolloutStep {
    const size = nextSize(state)
    if (state.next?.size !== size) return { next: size }
    return { olds: shrink(state, state.next) }
  },
}

function nextSize({ replicas, maxSurge, next, olds }: RolloutState): number {
  const size = next?.size ?? 0
  if (size >= replicas) return replicas
  const present = total([...olds, ...(next ? [next] : [])], (set) => Math.max(set.size, set.pods))
  return size + Math.max(0, Math.min(replicas + maxSurge - present, replicas - size))
}

/** Pods that do not serve go first: removing them costs no availability. */
function shrink({ replicas, maxUnavailable, olds }: RolloutState, next: RolloutSet): Record<string, number> {
  const least = replicas - maxUnavailable
  const sizes: Record<string, number> = {}
  let spare = total([...olds, next], ({ size }) => size) - least - (next.size - serving(next))
  const take = (set: RolloutSet, most: number) => {
    const size = sizes[set.name] ?? set.size
    const taken = Math.max(0, Math.min(spare, most, size))
    if (taken === 0) return
    spare -= taken
    sizes[set.name] = size - taken
  }
  for (const old of olds) take(old, old.size - serving(old))
  let surplus = total([...olds, next], serving) - least
  for (const old of olds) {
    const before = sizes[old.name] ?? old.size
    take(old, surplus)
    surplus -= before - (sizes[old.name] ?? before)
  }
  return sizes
}

function serving({ size, available }: RolloutSet): number {
  return Math.min(size, available)
}

function total(sets: readonly RolloutSet[], count: (set: RolloutSet) => number): number {
  return sets.reduce((sum, set) => sum + count(set), 0)
}
