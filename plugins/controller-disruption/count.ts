/** How many Pods of a budget are healthy, and how many must be. Pure. */
import { isPodReady } from '@davit/core/controller'
import type { Pod, PodDisruptionBudget } from '@davit/core/kinds'

/** An eviction that was let through and did not happen holds its place no longer. */
export const disruptionTimeoutMs = 120_000

export interface Expectation {
  readonly expected: number
  readonly desired: number
}

/** Whether the number of Pods has to come from what scales them: a plain `minAvailable` needs none. */
export function needsScale({ spec }: PodDisruptionBudget): boolean {
  return spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string'
}

/** `replicas`: what the owners of the Pods are scaled to; asked for only where `needsScale` says so. */
export function expectationOf({ spec }: PodDisruptionBudget, pods: number, replicas: number): Expectation {
  if (spec?.maxUnavailable !== undefined) {
    return { expected: replicas, desired: Math.max(0, replicas - scaled(spec.maxUnavailable, replicas)) }
  }
  if (spec?.minAvailable === undefined) return { expected: 0, desired: 0 }
  if (typeof spec.minAvailable === 'number') return { expected: pods, desired: spec.minAvailable }
  return { expected: replicas, desired: scaled(spec.minAvailable, replicas) }
}

/** Percentages are rounded up, of what must stay and of what may go. */
function scaled(count: number | string, total: number): number {
  return typeof count === 'number' ? count : Math.ceil((Number.parseInt(count, 10) * total) / 100)
}

export interface Disrupted {
  /** Evictions that are let through and still to be seen, by the Pod's name. */
  readonly pods: Readonly<Record<string, string>>
  /** Those whose Pod is still there, though its time is over. */
  readonly overdue: readonly Pod[]
  /** Milliseconds until the first of them is overdue. */
  readonly recheckMs?: number
}

export function disruptedPods({ status }: PodDisruptionBudget, pods: readonly Pod[], now: number): Disrupted {
  const kept: Record<string, string> = {}
  const overdue: Pod[] = []
  let recheckMs = Number.POSITIVE_INFINITY
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata
    const time = status?.disruptedPods?.[name]
    if (deletionTimestamp !== undefined || time === undefined) continue
    const left = Date.parse(time) + disruptionTimeoutMs - now
    if (left < 0) {
      overdue.push(pod)
      continue
    }
    kept[name] = time
    recheckMs = Math.min(recheckMs, left + 1)
  }
  return { pods: kept, overdue, ...(Number.isFinite(recheckMs) ? { recheckMs } : {}) }
}

/** Ready, not going, and not about to go. */
export function healthyPods(pods: readonly Pod[], disrupted: Disrupted['pods']): number {
  const healthy = pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && !Object.hasOwn(disrupted, pod.metadata.name) && isPodReady(pod),
  )
  return healthy.length
}
