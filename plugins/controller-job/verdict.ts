/** Whether a Job is to end, and why; pure. */
import type { Job, Pod } from '@davit/core/kinds'
import type { Tally } from './count.js'
import { failureVerdict } from './failure-policy.js'
import { completionsOf, conditionOf, isSuspended } from './job.js'
import { isFailed } from './pod-facts.js'
import { successMessage } from './success-policy.js'

/** The condition that announces the end; Failed or Complete follows when the last Pod is gone and counted. */
export interface Verdict {
  readonly type: 'FailureTarget' | 'SuccessCriteriaMet'
  readonly reason: string
  readonly message: string
}

/** `undefined`: it goes on. A verdict that was given stays. */
export function verdictOf(job: Job, pods: readonly Pod[], tally: Tally, now: number): Verdict | undefined {
  return (
    given(job, 'SuccessCriteriaMet') ??
    given(job, 'FailureTarget') ??
    failedByPolicy(job, pods) ??
    failedByLimit(job, pods, tally, now) ??
    failedByIndexes(job, tally) ??
    succeededByPolicy(job, tally)
  )
}

/** All that were asked for have succeeded, and nobody works any more. */
export function completion(job: Job, succeeded: number, active: number): Verdict | undefined {
  const enough = job.spec.completions === undefined ? succeeded > 0 : succeeded >= job.spec.completions
  if (!enough || active > 0) return undefined
  const message = 'Reached expected number of succeeded pods'
  return { type: 'SuccessCriteriaMet', reason: 'CompletionsReached', message }
}

/** Since when its time runs. What is being resumed begins anew, whatever its status still says. */
export function startedAt(job: Job, now: number): number {
  const { startTime } = job.status ?? {}
  return startTime === undefined || conditionOf(job, 'Suspended') ? now : Date.parse(startTime)
}

/** Milliseconds until its deadline, 0 where it is past; `undefined` without one. */
export function deadlineMs(job: Job, now: number): number | undefined {
  const { activeDeadlineSeconds } = job.spec
  if (activeDeadlineSeconds === undefined || isSuspended(job)) return undefined
  return Math.max(0, startedAt(job, now) + activeDeadlineSeconds * 1000 - now)
}

function given(job: Job, type: Verdict['type']): Verdict | undefined {
  const condition = conditionOf(job, type)
  return condition && { type, reason: condition.reason ?? '', message: condition.message ?? '' }
}

function failure(reason: string, message: string): Verdict {
  return { type: 'FailureTarget', reason, message }
}

function failedByPolicy(job: Job, pods: readonly Pod[]): Verdict | undefined {
  if (!job.spec.podFailurePolicy) return undefined
  for (const pod of pods) {
    const { message } = isFailed(pod, job) ? failureVerdict(job, pod) : {}
    if (message !== undefined) return failure('PodFailurePolicy', message)
  }
  return undefined
}

function failedByLimit(job: Job, pods: readonly Pod[], { failed }: Tally, now: number): Verdict | undefined {
  if (failed > backoffLimit(job) || restartedTooOften(job, pods)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  }
  if (deadlineMs(job, now) !== 0) return undefined
  return failure('DeadlineExceeded', 'Job was active longer than specified deadline')
}

const backoffLimit = ({ spec }: Job): number => spec.backoffLimit ?? 6

/** Containers that start again in their Pod count towards the limit as Pods would. */
function restartedTooOften(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec.template.spec?.restartPolicy !== 'OnFailure') return false
  const live = pods.filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
  const containers = live.flatMap(({ status }) => [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ])
  const restarts = containers.reduce((sum, { restartCount }) => sum + restartCount, 0)
  return restarts > 0 && restarts >= backoffLimit(job)
}

function failedByIndexes(job: Job, { indexes }: Tally): Verdict | undefined {
  const failed = indexes?.failed?.size ?? 0
  if (!indexes || failed === 0) return undefined
  const { maxFailedIndexes } = job.spec
  if (maxFailedIndexes !== undefined && failed > maxFailedIndexes) {
    return failure('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
  }
  if (failed + indexes.succeeded.size < completionsOf(job)) return undefined
  return failure('FailedIndexes', 'Job has failed indexes')
}

function succeededByPolicy(job: Job, { indexes }: Tally): Verdict | undefined {
  const message = indexes && successMessage(job, indexes.succeeded)
  return message === undefined ? undefined : { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message }
}
