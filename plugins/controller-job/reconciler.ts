/** The Job controller: reads, plans, carries the plan out, and counts what came to its end. */
import { type Informer, jobs, pods } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  claimDependants,
  dependantsOf,
  Expectations,
  indexDependants,
  type JobBackOff,
  type ReconcileContext,
  type ReconcileResult,
  requeueAfter,
  splitKey,
  watchOf,
} from '@davit/core/controller'
import { type Job, type OwnerReference, type Pod, selectorFromObject } from '@davit/core/kinds'
import { failuresOf } from './back-off.js'
import { carryOut } from './carry-out.js'
import { tallyOf } from './count.js'
import { endOf, isOurs } from './job.js'
import { JobMemory, uidsOf } from './memory.js'
import { trackingFinalizer } from './names.js'
import { letGoOrphan, orphanOf } from './orphans.js'
import { isTracked } from './pod-facts.js'
import { writeReport } from './report.js'
import { settle } from './tracking.js'
import { deadlineMs, verdictOf } from './verdict.js'
import { keysOfJob, keysOfPod } from './waking.js'
import { letAllGo } from './writes.js'

interface Running {
  readonly jobs: Informer<Job>
  readonly pods: Informer<Pod>
  /** Pods that this controller made or removed. */
  readonly expectations: Expectations<Pod>
  /** Statuses that it wrote: numbers of a Job that is behind its Pods would be too low. */
  readonly written: Expectations<Job>
}

export class JobReconciler implements Controller {
  readonly name = 'job'
  readonly watches: readonly ControllerWatch[]
  readonly #backOff: JobBackOff
  readonly #memory = new JobMemory()
  #running: Running | undefined

  constructor(backOff: JobBackOff) {
    this.#backOff = backOff
    const known = {
      jobs: (namespace: string) => this.#running?.jobs.list(namespace) ?? [],
      podsOf: (job: Job) => (this.#running ? dependantsOf(this.#running.pods, job) : []),
      isThere: (namespace: string, { name, uid }: OwnerReference) =>
        this.#running?.jobs.get(namespace, name)?.metadata.uid === uid,
    }
    this.watches = [
      watchOf(jobs, (job, event) => keysOfJob(known, job, event)),
      watchOf(pods, (pod, event) => keysOfPod(known, pod, event)),
    ]
  }

  start(host: ControllerHost): void {
    const running = { jobs: host.informer(jobs), pods: host.informer(pods) }
    indexDependants(running.pods)
    const { clock } = host
    const expectations = new Expectations({ informer: running.pods, clock })
    this.#running = { ...running, expectations, written: new Expectations({ informer: running.jobs, clock }) }
  }

  stop(): void {
    this.#running?.expectations.close()
    this.#running?.written.close()
    this.#running = undefined
    this.#memory.clear()
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const running = this.#running
    if (!running) return undefined
    const orphan = orphanOf(key)
    if (orphan !== undefined) return letGoOrphan(running, orphan, context)
    const { namespace, name } = splitKey(key)
    const job = running.jobs.get(namespace, name)
    if (!job || endOf(job)) this.#forget(key, running)
    if (!job || !isOurs(job)) return undefined
    if (endOf(job)) {
      const { error } = await letAllGo(context, dependantsOf(running.pods, job).filter(isTracked))
      if (error !== undefined) throw error
      return undefined
    }
    const behindMs = running.written.outstanding(job)
    if (behindMs !== undefined) return requeueAfter(behindMs)
    return this.#run(job, running, context)
  }

  async #run(job: Job, running: Running, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const { expectations, written } = running
    const jobPods = this.#memory.view(job, await claimPods(job, running, context))
    const before = settle(job.status ?? {}, uidsOf(jobPods.pods.filter(jobPods.tracked)))
    const tally = tallyOf(job, before, jobPods)
    const failures = failuresOf(this.#memory.failures(job), job, jobPods.pods, tally)
    this.#memory.setFailures(job, failures)
    const now = context.clock.now()
    const verdict = verdictOf(job, jobPods.pods, tally, now)
    const work = { job, context, expectations, pods: jobPods.pods, tally, verdict, failures, backOff: this.#backOff, now }
    const done = await carryOut(work)
    const report = await writeReport(context, { job, before, tally, jobPods, done, now })
    if (report.written) written.created(job, report.written)
    this.#memory.released(job, report.released)
    if (report.error !== undefined) throw report.error
    if (done.error !== undefined) throw done.error
    return requeueAfter(done.waitMs, expectations.outstanding(job), verdict ? undefined : deadlineMs(job, now))
  }

  #forget(key: string, running: Running): void {
    this.#memory.forget(key)
    running.expectations.forget(key)
    running.written.forget(key)
  }
}

function claimPods(job: Job, { pods: informer }: Running, context: ReconcileContext): Promise<readonly Pod[]> {
  const selector = selectorFromObject(job.spec.selector).value
  const finalizer = trackingFinalizer
  return claimDependants(context, { owner: job, ownerResource: jobs, selector, resource: pods, informer, finalizer })
}
