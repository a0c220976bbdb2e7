/** How long a Job waits after a failure; pure. */
import type { JobBackOff } from '@davit/core/controller'
import type { Job, Pod } from '@davit/core/kinds'
import { attemptsBefore, type Tally } from './count.js'
import { finishedAt, isFailed } from './pod-facts.js'

/** Failures in a row. */
export interface Failures {
  readonly count: number
  /** Milliseconds since 1970. */
  readonly lastAt: number
}
export interface KnownFailures extends Failures {
  /** Pods that ended and are looked at, by uid, though the status does not have them yet: it takes only some at a time. */
  readonly seen: ReadonlySet<string>
}

const firstMs = 10_000
const longestMs = 600_000

export const kubernetesBackOff: JobBackOff = {
  delayMs: ({ failures }) => Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30)),
}

/**
 * `known`: before the Pods that ended anew. Where nothing is known (the controller has just started) all Pods that are
 * there are looked at, so that a restart does not cut a back-off short.
 */
export function failuresOf(known: KnownFailures | undefined, job: Job, pods: readonly Pod[], tally: Tally): KnownFailures {
  const isNew = (pod: Pod) => !known?.seen.has(uidOf(pod))
  const succeeded = (known ? tally.newSucceeded : pods.filter(({ status }) => status?.phase === 'Succeeded')).filter(isNew)
  const failed = (known ? tally.newFailed : pods.filter((pod) => isFailed(pod, job))).filter(isNew)
  const lastSuccess = Math.max(...succeeded.map(finishedAt))
  const after = failed.map(finishedAt).filter((at) => at >= lastSuccess)
  const before = succeeded.length > 0 ? 0 : (known?.count ?? 0)
  return {
    count: before + after.length,
    lastAt: Math.max(known?.lastAt ?? 0, ...after),
    seen: new Set([...tally.newSucceeded, ...tally.newFailed].map(uidOf)),
  }
}

const uidOf = ({ metadata }: Pod): string => metadata.uid ?? ''

/** Milliseconds until the Job may make a Pod again; 0: now. */
export function waitMs(backOff: JobBackOff, job: Job, failures: Failures, now: number, index?: number): number {
  if (failures.count === 0) return 0
  const delay = backOff.delayMs({ job, failures: failures.count, ...(index !== undefined && { index }) })
  if (!(delay >= 0)) throw new Error(`the back-off of Jobs answered ${delay} ms after ${failures.count} failures`)
  return Math.max(0, failures.lastAt + delay - now)
}

/** The failures of one index, as its last failed Pod knows them. */
export function failuresOfIndex(last: Pod | undefined): Failures {
  return last ? { count: attemptsBefore(last) + 1, lastAt: finishedAt(last) } : { count: 0, lastAt: 0 }
}
