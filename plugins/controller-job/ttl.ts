/** Deletes finished Jobs when their time to live is over. */
import { type Informer, isNotFound, jobs } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  splitKey,
  watchOf,
} from '@davit/core/controller'
import type { Job } from '@davit/core/kinds'
import { endOf } from './job.js'

export class TtlReconciler implements Controller {
  readonly name = 'ttl-after-finished'
  readonly watches = [watchOf(jobs, (job, { deleted }) => (deleted || expiryOf(job) === undefined ? [] : [namespacedKey(job)]))]
  #jobs: Informer<Job> | undefined

  start(host: ControllerHost): void {
    this.#jobs = host.informer(jobs)
  }

  stop(): void {
    this.#jobs = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key)
    const shown = this.#jobs?.get(namespace, name)
    const leftMs = shown && leftOf(shown, context.clock.now())
    if (!shown || leftMs === undefined) return undefined
    if (leftMs > 0) return { requeueAfterMs: leftMs }
    try {
      // Somebody may just have given it more time.
      const job = await context.client.get(jobs, namespace, name)
      const left = leftOf(job, context.clock.now())
      if (left === undefined || left > 0) return undefined
      const { uid = '', resourceVersion = '' } = job.metadata
      const preconditions = { uid, resourceVersion }
      await context.client.delete(jobs, namespace, name, { cause: context.cause, propagationPolicy: 'Foreground', preconditions })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    return undefined
  }
}

/** When it is to go, in milliseconds since 1970. */
export function expiryOf(job: Job): number | undefined {
  const { ttlSecondsAfterFinished } = job.spec
  const since = endOf(job)?.lastTransitionTime
  if (ttlSecondsAfterFinished === undefined || since === undefined || job.metadata.deletionTimestamp) return undefined
  return Date.parse(since) + ttlSecondsAfterFinished * 1000
}

function leftOf(job: Job, now: number): number | undefined {
  const expiry = expiryOf(job)
  return expiry === undefined ? undefined : expiry - now
}
