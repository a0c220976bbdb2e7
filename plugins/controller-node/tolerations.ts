/** How long a Pod stays on a node with NoExecute taints. Pure. */
import { type Pod, type Taint, tolerates } from '@davit/core/kinds'

/** `at`: milliseconds since 1970. */
export type Stay = { readonly state: 'stays' } | { readonly state: 'leaves'; readonly at: number }

/**
 * At once where one of the taints is not tolerated; where all are, after the least of the tolerations' times, counted
 * from when the taint met the Pod. `taints`: the NoExecute ones.
 */
export function stayOf(pod: Pod, taints: readonly Taint[], now: number): Stay {
  let at = Number.POSITIVE_INFINITY
  for (const taint of taints) {
    const matching = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint))
    if (matching.length === 0) return { state: 'leaves', at: now }
    const seconds = matching.flatMap(({ tolerationSeconds }) => (tolerationSeconds === undefined ? [] : [tolerationSeconds]))
    if (seconds.length > 0) at = Math.min(at, metAt(pod, taint, now) + Math.max(0, Math.min(...seconds)) * 1000)
  }
  return Number.isFinite(at) ? { state: 'leaves', at } : { state: 'stays' }
}

/** A taint that was there before the Pod counts from the Pod's coming. */
function metAt(pod: Pod, { timeAdded }: Taint, now: number): number {
  const bound = pod.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'True',
  )?.lastTransitionTime
  const times = [timeAdded, bound ?? pod.metadata.creationTimestamp].flatMap((time) => (time ? [Date.parse(time)] : []))
  return times.length > 0 ? Math.max(...times) : now
}
