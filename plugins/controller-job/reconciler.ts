/** The Job controller: reads, plans, carries the plan out, and counts what came to its end. */
import { type Informer, jobs, pods } from '@davit/core/client'
import {
  adoptAndRelease,
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  dependantsOf,
  Expectations,
  indexDependants,
  type JobBackOff,
  orphansIn,
  type ReconcileContext,
  type ReconcileResult,
  splitKey,
  watchOf,
  writeClaim,
} from '@davit/core/controller'
import { type Job, type KubeObject, type OwnerReference, type Pod, selectorFromObject } from '@davit/core/kinds'
import { type Failures, failuresOf } from './back-off.js'
import { carryOut } from './carry-out.js'
import { type JobPods, tallyOf } from './count.js'
import { endOf, isOurs } from './job.js'
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
  readonly expectations: Expectations
  /** Statuses that it wrote: numbers of a Job that is behind its Pods would be too low. */
  readonly written: Expectations
}

export class JobReconciler implements Controller {
  readonly name = 'job'
  readonly watches: readonly ControllerWatch[]
  readonly #backOff: JobBackOff
  readonly #failures = new Map<string, Failures>()
  /** Pods whose finalizer was taken off, by uid, until their informer shows it. */
  readonly #released = new Map<string, ReadonlySet<string>>()
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
    const expect = <T extends KubeObject>(informer: Informer<T>) =>
      new Expectations({ informer: informer as unknown as Informer<KubeObject>, clock: host.clock })
    this.#running = { ...running, expectations: expect(running.pods), written: expect(running.jobs) }
  }

  stop(): void {
    this.#running?.expectations.close()
    this.#running?.written.close()
    this.#running = undefined
    this.#failures.clear()
    this.#released.clear()
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
    const behindMs = running.written.outstanding(key)
    if (behindMs !== undefined) return { requeueAfterMs: Math.max(1, behindMs) }
    return this.#run(key, job, running, context)
  }

  async #run(key: string, job: Job, running: Running, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const jobPods = this.#view(key, await claimPods(job, running, context))
    const before = settle(job.status ?? {}, uidsOf(jobPods.pods.filter(jobPods.tracked)))
    const tally = tallyOf(job, before, jobPods)
    const failures = failuresOf(this.#failures.get(key), job, jobPods.pods, tally)
    const now = context.clock.now()
    const verdict = verdictOf(job, jobPods.pods, tally, now)
    const work = { key, job, context, expectations: running.expectations }
    const step = { ...work, pods: jobPods.pods, tally, verdict, failures, backOff: this.#backOff, now }
    const done = await carryOut(step)
    const report = await writeReport(context, { job, before, tally, jobPods, done, now })
    if (report.written) running.written.created(key, report.written)
    if (report.released.length > 0)
      this.#released.set(key, new Set([...(this.#released.get(key) ?? []), ...uidsOf(report.released)]))
    if (report.error !== undefined) throw report.error
    this.#failures.set(key, failures)
    if (done.error !== undefined) throw done.error
    const waits = [done.waitMs, running.expectations.outstanding(key), verdict ? undefined : deadlineMs(job, now)]
    const known = waits.filter((wait) => wait !== undefined)
    return known.length === 0 ? undefined : { requeueAfterMs: Math.max(1, Math.min(...known)) }
  }

  #view(key: string, present: readonly Pod[]): JobPods {
    const released = this.#released.get(key)
    if (!released) return { pods: present, tracked: isTracked }
    const behind = present.filter((pod) => isTracked(pod) && released.has(pod.metadata.uid ?? ''))
    if (behind.length === 0) this.#released.delete(key)
    else this.#released.set(key, uidsOf(behind))
    return { pods: present, tracked: (pod) => isTracked(pod) && !released.has(pod.metadata.uid ?? '') }
  }

  #forget(key: string, running: Running): void {
    this.#failures.delete(key)
    this.#released.delete(key)
    running.expectations.forget(key)
    running.written.forget(key)
  }
}

async function claimPods(job: Job, running: Running, context: ReconcileContext): Promise<readonly Pod[]> {
  const selector = selectorFromObject(job.spec.selector).value
  if (!selector || selector.everything) return dependantsOf(running.pods, job)
  const candidates = [...dependantsOf(running.pods, job), ...orphansIn(running.pods, job.metadata.namespace ?? '')]
  const claim = adoptAndRelease(job, selector, candidates)
  await writeClaim(context, { owner: job, ownerResource: jobs, resource: pods, claim, finalizer: trackingFinalizer })
  return [...claim.owned, ...claim.adopt.map(asTracked)]
}

/** As the API has it now. */
function asTracked(pod: Pod): Pod {
  if (isTracked(pod)) return pod
  return { ...pod, metadata: { ...pod.metadata, finalizers: [...(pod.metadata.finalizers ?? []), trackingFinalizer] } }
}

function uidsOf(list: readonly KubeObject[]): ReadonlySet<string> {
  return new Set(list.map(({ metadata }) => metadata.uid ?? ''))
}
