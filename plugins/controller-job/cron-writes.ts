/** Makes and deletes the Jobs of a CronJob, and says so in Events. */
import { isExists, isNotFound, jobs } from '@davit/core/client'
import { isControlledBy, isNamespaceGoing, type ReconcileContext } from '@davit/core/controller'
import type { CronJob, Job } from '@davit/core/kinds'
import { jobOf } from './cron-job.js'
import type { Zone } from './zone.js'

/** `undefined`: the namespace goes, and takes the CronJob along. */
export async function makeJob(context: ReconcileContext, cronJob: CronJob, run: number, zone: Zone): Promise<Job | undefined> {
  const wanted = jobOf(cronJob, run, zone)
  try {
    const made = await context.client.create(jobs, wanted, { cause: context.cause })
    context.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${made.metadata.name}`)
    return made
  } catch (error) {
    if (isNamespaceGoing(error)) return undefined
    if (isExists(error)) {
      // It was made before, and whoever made it did not come to say so.
      const known = await context.client.get(jobs, wanted.metadata.namespace ?? '', wanted.metadata.name)
      if (isControlledBy(known, cronJob)) return known
    }
    context.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${textOf(error)}`)
    throw error
  }
}

export async function deleteJob(context: ReconcileContext, cronJob: CronJob, namespace: string, name: string, uid?: string) {
  const preconditions = uid === undefined ? {} : { preconditions: { uid } }
  try {
    const options = { cause: context.cause, propagationPolicy: 'Background', ...preconditions } as const
    await context.client.delete(jobs, namespace, name, options)
  } catch (error) {
    if (isNotFound(error)) return
    context.event(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${textOf(error)}`)
    throw error
  }
  context.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`)
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
