/** What the Jobs of a CronJob say for its status, and which of them are old enough to go; pure. */
import type { CronJob, CronJobStatus, Job } from '@davit/core/kinds'
import { isIn } from './cron-job.js'
import { conditionOf, endOf } from './job.js'

export interface Look {
  readonly status: CronJobStatus
  /** Were active, and have come to an end. */
  readonly completed: readonly Job[]
  /** Work, and are not known: nobody here made them, or it was forgotten. */
  readonly unexpected: readonly Job[]
}

/** `jobs`: all that it controls. */
export function lookAt(status: CronJobStatus, jobs: readonly Job[]): Look {
  const active = status.active ?? []
  const completed = jobs.filter((job) => endOf(job) && isIn(active, job))
  const left = active.filter(({ uid }) => !completed.some(({ metadata }) => metadata.uid === uid))
  const successes = jobs.filter((job) => conditionOf(job, 'Complete')).flatMap(({ status: of }) => of?.completionTime ?? [])
  const latest = [...successes, ...(status.lastSuccessfulTime === undefined ? [] : [status.lastSuccessfulTime])].sort().at(-1)
  return {
    status: withActive({ ...status, ...(latest !== undefined && { lastSuccessfulTime: latest }) }, left),
    completed,
    unexpected: jobs.filter((job) => !endOf(job) && !job.metadata.deletionTimestamp && !isIn(active, job)),
  }
}

export function withActive({ active: _old, ...status }: CronJobStatus, active: CronJobStatus['active'] = []): CronJobStatus {
  return active.length > 0 ? { ...status, active } : status
}

/** The oldest go first; those that succeeded and those that failed have a limit each. */
export function jobsToForget({ spec }: CronJob, jobs: readonly Job[]): readonly Job[] {
  const present = jobs.filter(({ metadata }) => !metadata.deletionTimestamp)
  const surplus = (type: string, limit: number | undefined) => {
    const finished = present.filter((job) => conditionOf(job, type)).sort(byStart)
    return limit === undefined ? [] : finished.slice(0, Math.max(0, finished.length - limit))
  }
  return [...surplus('Complete', spec.successfulJobsHistoryLimit), ...surplus('Failed', spec.failedJobsHistoryLimit)]
}

function byStart(a: Job, b: Job): number {
  const [startA, startB] = [a.status?.startTime ?? '', b.status?.startTime ?? '']
  if (startA !== startB) return startA < startB ? -1 : 1
  return a.metadata.name < b.metadata.name ? -1 : 1
}
