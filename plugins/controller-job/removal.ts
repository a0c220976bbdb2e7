/** Which of a Job's active Pods go when there are too many; pure. */
import { isPodReady } from '@davit/core/controller'
import type { Job, Pod } from '@davit/core/kinds'
import { isIndexed } from './job.js'
import { indexOf } from './pod-facts.js'

/** At least `count`; Pods of an index that another has, or that the Job does not have, go in any case. */
export function podsToRemove(job: Job, active: readonly Pod[], count: number): readonly Pod[] {
  const ranked = [...active].sort(compare)
  if (!isIndexed(job)) return ranked.slice(0, count)
  const keepers = new Map<number, Pod>()
  for (const pod of ranked) {
    const index = indexOf(pod, job)
    if (index !== undefined) keepers.set(index, pod)
  }
  const kept = new Set(keepers.values())
  const [extra, single] = [ranked.filter((pod) => !kept.has(pod)), ranked.filter((pod) => kept.has(pod))]
  return [...extra, ...single.slice(0, Math.max(0, count - extra.length))]
}

const phases: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

/** Those that lose the least go first. */
function compare(a: Pod, b: Pod): number {
  const [ranksA, ranksB] = [ranksOf(a), ranksOf(b)]
  for (const [place, rank] of ranksA.entries()) {
    const difference = rank - (ranksB[place] ?? 0)
    if (difference !== 0) return difference
  }
  return a.metadata.name < b.metadata.name ? -1 : 1
}

/** Times are negated: the younger goes first. */
function ranksOf(pod: Pod): number[] {
  const ready = pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True')
  const restarts = (pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount)
  return [
    pod.spec.nodeName ? 1 : 0,
    phases[pod.status?.phase ?? 'Pending'] ?? 0,
    isPodReady(pod) ? 1 : 0,
    -Date.parse(ready?.lastTransitionTime ?? '1970-01-01T00:00:00Z'),
    -Math.max(0, ...restarts),
    -Date.parse(pod.metadata.creationTimestamp ?? '1970-01-01T00:00:00Z'),
  ]
}
