import type { Pod } from '../kinds/contract.js'

export function isPodReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True'
}

/** Ready for at least `minReadySeconds`. `now`: milliseconds since 1970. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const ready = readyCondition(pod)
  if (ready?.status !== 'True') return false
  if (minReadySeconds === 0) return true
  return ready.lastTransitionTime !== undefined && Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 <= now
}

/** Milliseconds until the Pod, which is ready, has been so for `minReadySeconds`; `undefined`: it is available, or not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  const since = readyCondition(pod)
  if (since?.status !== 'True' || since.lastTransitionTime === undefined) return undefined
  const left = Date.parse(since.lastTransitionTime) + minReadySeconds * 1000 - now
  return minReadySeconds > 0 && left > 0 ? left : undefined
}

/** Counts as a replica: not finished and not on its way out. */
export function isPodActive(pod: Pod): boolean {
  const phase = pod.status?.phase
  return phase !== 'Succeeded' && phase !== 'Failed' && pod.metadata.deletionTimestamp === undefined
}

function readyCondition(pod: Pod) {
  return pod.status?.conditions?.find((condition) => condition.type === 'Ready')
}
