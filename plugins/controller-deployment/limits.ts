/** How far a roll-out may go above and below the wanted number of Pods. */
import type { Deployment, IntOrString, ReplicaSet } from '@davit/core/kinds'

export interface Limits {
  readonly replicas: number
  readonly maxSurge: number
  readonly maxUnavailable: number
}

/**
 * Percents of the surge are rounded up, those of the unavailable down. Where both come to nothing one Pod may be
 * unavailable: otherwise the roll-out could never begin.
 */
export function limitsOf({ spec }: Deployment): Limits {
  const replicas = spec.replicas ?? 1
  if (spec.strategy?.type !== 'RollingUpdate') return { replicas, maxSurge: 0, maxUnavailable: 0 }
  const { maxSurge: surge = '25%', maxUnavailable: unavailable = '25%' } = spec.strategy.rollingUpdate ?? {}
  const maxSurge = count(surge, replicas, Math.ceil)
  const wanted = count(unavailable, replicas, Math.floor)
  const maxUnavailable = maxSurge === 0 && wanted === 0 ? 1 : wanted
  // Of nothing, nothing can be unavailable.
  return { replicas, maxSurge, maxUnavailable: Math.min(maxUnavailable, replicas) }
}

function count(value: IntOrString, whole: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value
  // A number times a number below 101 is exact: the division comes last.
  return value.endsWith('%') ? round((Number(value.slice(0, -1)) * whole) / 100) : Number(value)
}

export function sizeOf(set: ReplicaSet): number {
  return set.spec.replicas ?? 1
}
