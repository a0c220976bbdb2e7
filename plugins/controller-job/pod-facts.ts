/** What the Pods of a Job say about themselves. */
import type { Job, Pod } from '@davit/core/kinds'
import { completionsOf, replacesFailedOnly } from './job.js'
import { indexKey, trackingFinalizer } from './names.js'

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(trackingFinalizer) === true
}

export function isTerminating({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
}

/** One that somebody deleted counts as failed too, unless the Job waits for its end: it may never come to one. */
export function isFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true
  return !replacesFailedOnly(job) && isTerminating(pod)
}

/** `undefined`: it has none, or one that the Job does not (any more) have. */
export function indexOf(pod: Pod, job: Job): number | undefined {
  const text = pod.metadata.annotations?.[indexKey] ?? ''
  const index = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  return index < completionsOf(job) ? index : undefined
}

/** When the last of its containers ended; of one that never ran, when it was given up. Milliseconds since 1970. */
export function finishedAt({ metadata, status }: Pod): number {
  const containers = status?.containerStatuses ?? []
  const ends = containers.map(({ state }) => timeOf(state?.terminated?.finishedAt))
  if (ends.length > 0 && ends.every((end) => end !== undefined)) return Math.max(...ends)
  const ready = status?.conditions?.find(({ type, status: holds }) => type === 'Ready' && holds === 'False')
  const given = timeOf(metadata.deletionTimestamp)
  return (
    (status?.phase === 'Failed' ? timeOf(ready?.lastTransitionTime) : undefined) ??
    (given === undefined ? undefined : given - (metadata.deletionGracePeriodSeconds ?? 0) * 1000) ??
    timeOf(metadata.creationTimestamp) ??
    0
  )
}

/** A whole number that an annotation holds; 0 without one. */
export function countIn({ metadata }: Pod, annotation: string): number {
  const text = metadata.annotations?.[annotation] ?? ''
  return /^\d{1,9}$/.test(text) ? Number(text) : 0
}

function timeOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time)
}
