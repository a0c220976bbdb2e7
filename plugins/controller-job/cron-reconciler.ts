/** The CronJob controller: makes the Job of each run when it is due, and keeps track of those that it made. */
import { cronJobs, type Informer, isNotFound, jobs } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  controllerOf,
  dependantsOf,
  Expectations,
  indexDependants,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  requeueAfter,
  splitKey,
  timestamp,
  watchOf,
  writeStatus,
} from '@davit/core/controller'
import { type CronJob, type CronJobStatus, type Job, parseSchedule } from '@davit/core/kinds'
import { isIn, nameOfRun, referenceTo } from './cron-job.js'
import { deleteJob, makeJob } from './cron-writes.js'
import { type Due, dueOf } from './due.js'
import { jobsToForget, lookAt, withActive } from './history.js'
import { endOf } from './job.js'
import { timetableOf } from './timetable.js'
import { Zone } from './zone.js'

interface Running {
  readonly cronJobs: Informer<CronJob>
  readonly jobs: Informer<Job>
  /** Statuses that this controller wrote: an older one would not know the Jobs that it made. */
  readonly written: Expectations<CronJob>
}

export class CronJobReconciler implements Controller {
  readonly name = 'cronjob'
  readonly watches: readonly ControllerWatch[] = [
    watchOf(cronJobs, (cronJob) => [namespacedKey(cronJob)]),
    watchOf(jobs, (job) => {
      const controller = controllerOf(job)
      return controller?.kind === 'CronJob' ? [`${job.metadata.namespace ?? ''}/${controller.name}`] : []
    }),
  ]
  /** Where a CronJob names none. */
  readonly #zone: Zone
  readonly #zones = new Map<string, Zone>()
  #running: Running | undefined

  constructor(timeZone: string) {
    this.#zone = new Zone(timeZone)
  }

  start(host: ControllerHost): void {
    const running = { cronJobs: host.informer(cronJobs), jobs: host.informer(jobs) }
    indexDependants(running.jobs)
    this.#running = { ...running, written: new Expectations({ informer: running.cronJobs, clock: host.clock }) }
  }

  stop(): void {
    this.#running?.written.close()
    this.#running = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const running = this.#running
    if (!running) return undefined
    const { namespace, name } = splitKey(key)
    const cronJob = running.cronJobs.get(namespace, name)
    if (!cronJob) {
      running.written.forget(key)
      return undefined
    }
    const behindMs = running.written.outstanding(cronJob)
    if (behindMs !== undefined) return requeueAfter(behindMs)
    const children = dependantsOf(running.jobs, cronJob)
    const seen = await lookAround(cronJob, children, context)
    const { status, nextMs, error } = await this.#schedule(cronJob, seen, context)
    const stored = await writeStatus(context, cronJobs, cronJob, status)
    if (stored !== cronJob) running.written.created(cronJob, stored)
    await forgetOld(cronJob, children, context)
    if (error !== undefined) throw error
    return requeueAfter(nextMs)
  }

  /** Whatever happens to the Job of this run, what was seen before is written. */
  async #schedule(
    cronJob: CronJob,
    status: CronJobStatus,
    context: ReconcileContext,
  ): Promise<{ readonly status: CronJobStatus; readonly nextMs?: number | undefined; readonly error?: unknown }> {
    const zone = this.#zoneOf(cronJob, context)
    if (cronJob.metadata.deletionTimestamp || cronJob.spec.suspend || !zone) return { status }
    const { schedule } = cronJob.spec
    const { value, error } = parseSchedule(schedule)
    if (error !== undefined) {
      context.event(cronJob, 'Warning', 'UnparseableSchedule', `unparseable schedule: ${JSON.stringify(schedule)} : ${error}`)
      return { status }
    }
    const due = dueOf(cronJob, timetableOf(value, zone), context.clock.now())
    const { nextMs } = due
    try {
      return { status: await run(cronJob, status, due, zone, context), nextMs }
    } catch (error) {
      return { status, nextMs, error }
    }
  }

  /** Kept, for making one is dear. `undefined`: nobody knows it. */
  #zoneOf(cronJob: CronJob, context: ReconcileContext): Zone | undefined {
    const { timeZone } = cronJob.spec
    if (timeZone === undefined) return this.#zone
    try {
      const zone = this.#zones.get(timeZone) ?? new Zone(timeZone)
      this.#zones.set(timeZone, zone)
      return zone
    } catch (error) {
      const message = `invalid timeZone: ${JSON.stringify(timeZone)}: ${error instanceof Error ? error.message : error}`
      context.event(cronJob, 'Warning', 'UnknownTimeZone', message)
      return undefined
    }
  }
}

/** The status after a look at the Jobs; those that are missing are asked for before they are given up. */
async function lookAround(cronJob: CronJob, children: readonly Job[], context: ReconcileContext): Promise<CronJobStatus> {
  const { status, completed, unexpected } = lookAt(cronJob.status ?? {}, children)
  for (const job of unexpected) {
    const message = `Saw a job that the controller did not create or forgot: ${job.metadata.name}`
    context.event(cronJob, 'Warning', 'UnexpectedJob', message)
  }
  for (const job of completed) {
    const message = `Saw completed job: ${job.metadata.name}, condition: ${endOf(job)?.type}`
    context.event(cronJob, 'Normal', 'SawCompletedJob', message)
  }
  const missing = (status.active ?? []).filter(({ uid }) => !children.some(({ metadata }) => metadata.uid === uid))
  const gone = new Set<string | undefined>()
  for (const { name = '', uid } of missing) {
    const found = await context.client.get(jobs, cronJob.metadata.namespace ?? '', name).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
    if (found?.metadata.uid === uid) continue
    gone.add(uid)
    context.event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`)
  }
  return withActive(
    status,
    status.active?.filter(({ uid }) => !gone.has(uid)),
  )
}

/** The status after the run that is due, if one is. */
async function run(
  cronJob: CronJob,
  status: CronJobStatus,
  { run: due, many }: Due,
  zone: Zone,
  context: ReconcileContext,
): Promise<CronJobStatus> {
  const active = status.active ?? []
  if (due === undefined || active.some(({ name }) => name === nameOfRun(cronJob, due))) return status
  if (many) {
    const advice = 'Set or decrease .spec.startingDeadlineSeconds or check clock skew'
    context.event(cronJob, 'Warning', 'TooManyMissedTimes', `too many missed start times. ${advice}`)
  }
  const { concurrencyPolicy } = cronJob.spec
  if (concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
    context.event(cronJob, 'Normal', 'JobAlreadyActive', message)
    return status
  }
  const replaces = concurrencyPolicy === 'Replace'
  const { namespace = '' } = cronJob.metadata
  if (replaces) for (const { name = '', uid } of active) await deleteJob(context, cronJob, namespace, name, uid)
  const job = await makeJob(context, cronJob, due, zone)
  if (!job) return status
  const others = replaces ? [] : active
  const now = endOf(job) || isIn(others, job) ? others : [...others, referenceTo(job)]
  return { ...withActive(status, now), lastScheduleTime: timestamp(due) }
}

async function forgetOld(cronJob: CronJob, children: readonly Job[], context: ReconcileContext): Promise<void> {
  for (const { metadata } of jobsToForget(cronJob, children)) {
    await deleteJob(context, cronJob, metadata.namespace ?? '', metadata.name, metadata.uid)
  }
}
