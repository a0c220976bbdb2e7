/** What a Job's Pods come to, beside what its status has counted already; pure. */
import { isPodActive, isPodReady } from '@davit/core/controller'
import type { Job, JobStatus, Pod } from '@davit/core/kinds'
import { failureVerdict } from './failure-policy.js'
import { IndexSet } from './indexes.js'
import { completionsOf, hasLimitPerIndex, isIndexed } from './job.js'
import { failureCountKey, ignoredCountKey } from './names.js'
import { countIn, finishedAt, indexOf, isFailed, isTerminating, isTracked } from './pod-facts.js'

export interface Tally {
  readonly active: readonly Pod[]
  /** Of the active. */
  readonly readyPods: ReadonlySet<Pod>
  /** On their way out. */
  readonly terminating: number
  /** Ended, still tracked, and not yet in the status. */
  readonly newSucceeded: readonly Pod[]
  readonly newFailed: readonly Pod[]
  readonly succeeded: number
  /** Those that the failure policy ignores are left out. */
  readonly failed: number
  readonly indexes?: IndexTally
}
export interface IndexTally {
  /** As the status has them. */
  readonly counted: IndexSet
  readonly succeeded: IndexSet
  /** Only where each index has its limit. */
  readonly failed?: IndexSet
  /** The last failed Pod of each index that is to be tried again: it stays tracked until its successor knows its count. */
  readonly waiting: ReadonlyMap<number, Pod>
}

export interface JobPods {
  readonly pods: readonly Pod[]
  /** Tracked in truth: the finalizer is there, and was not taken off meanwhile. */
  readonly tracked: (pod: Pod) => boolean
}

export function tallyOf(job: Job, status: JobStatus, { pods, tracked }: JobPods): Tally {
  const uncounted = status.uncountedTerminatedPods ?? {}
  const known = new Set([...(uncounted.succeeded ?? []), ...(uncounted.failed ?? [])])
  const isNew = (pod: Pod) =>
    tracked(pod) && !known.has(pod.metadata.uid ?? '') && (!isIndexed(job) || indexOf(pod, job) !== undefined)
  const active = pods.filter(isPodActive)
  const newSucceeded = pods.filter((pod) => pod.status?.phase === 'Succeeded' && isNew(pod))
  const newFailed = pods.filter((pod) => isFailed(pod, job) && isNew(pod))
  const indexes = isIndexed(job) ? tallyIndexes(job, status, pods, active) : undefined
  return {
    active,
    readyPods: new Set(active.filter(isPodReady)),
    terminating: pods.filter(isTerminating).length,
    newSucceeded,
    newFailed,
    succeeded: indexes?.succeeded.size ?? (status.succeeded ?? 0) + newSucceeded.length + (uncounted.succeeded?.length ?? 0),
    failed:
      (status.failed ?? 0) + newFailed.filter((pod) => failureVerdict(job, pod).counts).length + (uncounted.failed?.length ?? 0),
    ...(indexes && { indexes }),
  }
}

function tallyIndexes(job: Job, status: JobStatus, pods: readonly Pod[], active: readonly Pod[]): IndexTally {
  const counted = IndexSet.parse(status.completedIndexes, completionsOf(job))
  const succeeded = counted.union(
    indexesOf(
      job,
      pods.filter((pod) => pod.status?.phase === 'Succeeded' && isTracked(pod)),
    ),
  )
  if (!hasLimitPerIndex(job)) return { counted, succeeded, waiting: new Map() }
  const exhausted = pods.filter((pod) => isTracked(pod) && isIndexFailed(job, pod))
  const failed = IndexSet.parse(status.failedIndexes, completionsOf(job)).union(indexesOf(job, exhausted))
  const settled = succeeded.union(failed).union(indexesOf(job, active))
  return { counted, succeeded, failed, waiting: waitingPods(job, pods, settled) }
}

export function indexesOf(job: Job, pods: readonly Pod[]): IndexSet {
  return IndexSet.of(pods.map((pod) => indexOf(pod, job)).filter((index) => index !== undefined))
}

/** The Pod failed, and with it its index for good. */
function isIndexFailed(job: Job, pod: Pod): boolean {
  if (!isFailed(pod, job)) return false
  const { action, counts } = failureVerdict(job, pod)
  return action === 'FailIndex' || (counts && countIn(pod, failureCountKey) >= (job.spec.backoffLimitPerIndex ?? 0))
}

function waitingPods(job: Job, pods: readonly Pod[], settled: IndexSet): ReadonlyMap<number, Pod> {
  const waiting = new Map<number, Pod>()
  for (const pod of pods) {
    const index = indexOf(pod, job)
    if (index === undefined || settled.has(index) || !isFailed(pod, job)) continue
    const known = waiting.get(index)
    if (!known || isLater(pod, known)) waiting.set(index, pod)
  }
  return waiting
}

function isLater(pod: Pod, known: Pod): boolean {
  return attemptsBefore(pod) >= attemptsBefore(known) && finishedAt(pod) >= finishedAt(known)
}

/** Failures of its index before this Pod, ignored ones included. */
export function attemptsBefore(pod: Pod): number {
  return countIn(pod, failureCountKey) + countIn(pod, ignoredCountKey)
}
