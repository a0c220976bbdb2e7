/**
 * How finished Pods come into the counts, so that each counts once whatever happens between two writes: its uid goes
 * into the status, then its finalizer comes off, then the count takes the place of the uid; pure.
 */
import { timestamp } from '@davit/core/controller'
import type { Job, JobStatus, Pod } from '@davit/core/kinds'
import { withCondition } from './conditions.js'
import type { JobPods, Tally } from './count.js'
import { failureVerdict } from './failure-policy.js'
import { IndexSet } from './indexes.js'
import { isIndexed } from './job.js'
import { indexOf, isFailed } from './pod-facts.js'
import type { Verdict } from './verdict.js'

/** The most uids that a status holds. */
const mostUncounted = 500

export interface Tracked {
  /** To be written before the finalizers of `release` come off. */
  readonly status: JobStatus
  readonly release: readonly Pod[]
  /** Every Pod that can be counted is: the Job may end. */
  readonly complete: boolean
}

/** `status`: settled, with the conditions and numbers of this reconcile. `verdict`: it ends, and all its Pods with it. */
export function track(job: Job, status: JobStatus, tally: Tally, jobPods: JobPods, verdict: Verdict | undefined): Tracked {
  const succeeded = [...(status.uncountedTerminatedPods?.succeeded ?? [])]
  const failed = [...(status.uncountedTerminatedPods?.failed ?? [])]
  const [known, indexes] = [{ succeeded: new Set(succeeded), failed: new Set(failed) }, new Set<number>()]
  const tracked = jobPods.pods.filter(jobPods.tracked)
  const release: Pod[] = []
  const finished = tracked.filter((pod) => mayRelease(job, pod, tally, verdict))
  for (const pod of byIndex(job, finished)) {
    const [uid, index] = [pod.metadata.uid ?? '', indexOf(pod, job)]
    // What is noted already is always let go: else a full list would never become shorter.
    const isNoted = known.succeeded.has(uid) || known.failed.has(uid)
    if (!isNoted && indexes.size + succeeded.length + failed.length >= mostUncounted) continue
    release.push(pod)
    if (isIndexed(job) && index === undefined) continue
    if (pod.status?.phase === 'Succeeded' && !known.failed.has(uid)) {
      if (index !== undefined) indexes.add(index)
      else if (!known.succeeded.has(uid)) succeeded.push(uid)
    } else if (countsAsFailed(job, pod, verdict) && !known.failed.has(uid)) failed.push(uid)
  }
  return {
    status: {
      ...status,
      ...(tally.indexes && indexFields(tally.indexes.counted.union(IndexSet.of(indexes)), tally.indexes.failed)),
      uncountedTerminatedPods: { ...(succeeded.length > 0 && { succeeded }), ...(failed.length > 0 && { failed }) },
    },
    release,
    complete: release.length === finished.length,
  }
}

/** Those whose Pods are tracked no more are counted. */
export function settle(status: JobStatus, stillTracked: ReadonlySet<string>): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {}
  const left = (uids: readonly string[]) => uids.filter((uid) => stillTracked.has(uid))
  const [leftSucceeded, leftFailed] = [left(succeeded), left(failed)]
  return {
    ...status,
    ...counted('succeeded', (status.succeeded ?? 0) + succeeded.length - leftSucceeded.length),
    ...counted('failed', (status.failed ?? 0) + failed.length - leftFailed.length),
    uncountedTerminatedPods: {
      ...(leftSucceeded.length > 0 && { succeeded: leftSucceeded }),
      ...(leftFailed.length > 0 && { failed: leftFailed }),
    },
  }
}

/** With the last condition, once nothing is left to be counted and no Pod is on its way out; else as it is. */
export function finish(status: JobStatus, { type, reason, message }: Verdict, now: number): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {}
  if (succeeded.length + failed.length + (status.terminating ?? 0) > 0) return status
  const end = type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed'
  return {
    ...status,
    conditions: [...withCondition(status.conditions ?? [], { type: end, status: 'True', reason, message }, now)],
    ...(end === 'Complete' && { completionTime: timestamp(now) }),
  }
}

function mayRelease(job: Job, pod: Pod, { indexes }: Tally, verdict: Verdict | undefined): boolean {
  if (verdict || job.metadata.deletionTimestamp || pod.status?.phase === 'Succeeded') return true
  if (!isFailed(pod, job)) return false
  const index = indexOf(pod, job)
  return index === undefined || indexes?.waiting.get(index) !== pod
}

/** A Job that fails takes what still works down with it. */
function countsAsFailed(job: Job, pod: Pod, verdict: Verdict | undefined): boolean {
  return (isFailed(pod, job) || verdict?.type === 'FailureTarget') && failureVerdict(job, pod).counts
}

/** Low indexes first, so that what is written in several rounds grows in order. */
function byIndex(job: Job, pods: readonly Pod[]): readonly Pod[] {
  return isIndexed(job) ? [...pods].sort((a, b) => (indexOf(a, job) ?? -1) - (indexOf(b, job) ?? -1)) : pods
}

function indexFields(succeeded: IndexSet, failed: IndexSet | undefined): Partial<JobStatus> {
  return {
    ...counted('succeeded', succeeded.size),
    completedIndexes: succeeded.size > 0 ? succeeded.toString() : undefined,
    failedIndexes: failed?.toString(),
  }
}

/** Zero is absent in what the API stores. */
function counted<Name extends keyof JobStatus>(name: Name, count: number): Partial<JobStatus> {
  return { [name]: count > 0 ? count : undefined }
}
