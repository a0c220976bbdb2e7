/** The status that a reconcile ends with, in as few writes as counting safely takes. */
import { jobs } from '@davit/core/client'
import { type ReconcileContext, timestamp, writeStatus } from '@davit/core/controller'
import type { Job, JobStatus, Pod } from '@davit/core/kinds'
import type { Outcome } from './carry-out.js'
import { withCondition } from './conditions.js'
import type { JobPods, Tally } from './count.js'
import { conditionOf, isSuspended } from './job.js'
import { finish, settle, track } from './tracking.js'
import { letAllGo } from './writes.js'

export interface Report {
  readonly job: Job
  /** Its status, with everything counted that is tracked no more. */
  readonly before: JobStatus
  readonly tally: Tally
  readonly jobPods: JobPods
  readonly done: Outcome
  readonly now: number
}
export interface Reported {
  /** As it is stored now; `undefined`: nothing was to be written. */
  readonly written?: Job | undefined
  /** Pods that are tracked no more. */
  readonly released: readonly Pod[]
  readonly error?: unknown
}

export async function writeReport(context: ReconcileContext, report: Report): Promise<Reported> {
  const { job, tally, jobPods, done, now } = report
  const { verdict } = done
  const tracked = track(job, currentStatus(report), tally, jobPods, verdict)
  const write = (from: Job, status: JobStatus) => writeStatus(context, jobs, from, plain(status))
  const safe = tracked.release.length > 0 ? await write(job, tracked.status) : job
  const { gone, error } = await letAllGo(context, tracked.release)
  const released = new Set(gone)
  const left = jobPods.pods.filter((pod) => jobPods.tracked(pod) && !released.has(pod))
  const settled = settle(tracked.status, new Set(left.map(({ metadata }) => metadata.uid ?? '')))
  const ends = verdict && tracked.complete && error === undefined
  const { stored, refused } = await write(safe, ends ? finish(settled, verdict, now) : settled).then(
    (stored) => ({ stored, refused: undefined }),
    // What is written and let go is so, whatever becomes of the rest.
    (refused: unknown) => ({ stored: safe, refused }),
  )
  if (stored !== job) tell(context, job, stored)
  return { written: stored === job ? undefined : stored, released: gone, error: error ?? refused }
}

function currentStatus({ job, before, done, now }: Report): JobStatus {
  const { verdict, planned } = done
  const startTime = before.startTime ?? (isSuspended(job) ? undefined : timestamp(now))
  const resumed = planned && !verdict && !isSuspended(job) && conditionOf(job, 'Suspended') !== undefined
  let conditions = before.conditions ?? []
  if (verdict) conditions = [...withCondition(conditions, { ...verdict, status: 'True' }, now)]
  else if (planned) conditions = [...withCondition(conditions, suspension(job), now)]
  return {
    ...before,
    ...(conditions.length > 0 && { conditions }),
    startTime: resumed ? timestamp(now) : startTime,
    active: done.active > 0 ? done.active : undefined,
    ready: done.ready,
    terminating: done.terminating,
  }
}

function suspension(job: Job) {
  return isSuspended(job)
    ? ({ type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' } as const)
    : ({ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' } as const)
}

/** Events of what holds since this write. */
function tell(context: ReconcileContext, before: Job, after: Job): void {
  const began = (type: string) => (conditionOf(before, type) ? undefined : conditionOf(after, type))
  const wasSuspended = conditionOf(before, 'Suspended') !== undefined
  const isNow = conditionOf(after, 'Suspended') !== undefined
  if (!wasSuspended && isNow) context.event(before, 'Normal', 'Suspended', 'Job suspended')
  if (wasSuspended && !isNow) context.event(before, 'Normal', 'Resumed', 'Job resumed')
  if (began('Complete')) {
    const { completions } = before.spec
    if (completions !== undefined && (after.status?.succeeded ?? 0) > completions) {
      const message = 'Too many succeeded pods running after completion count reached'
      context.event(before, 'Warning', 'TooManySucceededPods', message)
    }
    context.event(before, 'Normal', 'Completed', 'Job completed')
  }
  const failed = began('Failed')
  if (failed) context.event(before, 'Warning', failed.reason ?? 'Failed', failed.message ?? '')
}

/** Without what is absent. */
function plain(status: JobStatus): JobStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined))
}
