/** What a CronJob says, and the Job of one of its runs; pure. */
import { ownerReference } from '@davit/core/controller'
import type { CronJob, Job, ObjectReference } from '@davit/core/kinds'
import type { Zone } from './zone.js'

const scheduledKey = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

/** The minutes since 1970 are in its name, so that nobody can make it twice. */
export function nameOfRun({ metadata }: CronJob, run: number): string {
  return `${metadata.name}-${Math.floor(run / 60_000)}`
}

export function jobOf(cronJob: CronJob, run: number, zone: Zone): Job {
  const { metadata, spec } = cronJob.spec.jobTemplate
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: nameOfRun(cronJob, run),
      namespace: cronJob.metadata.namespace,
      ...(metadata?.labels && { labels: metadata.labels }),
      annotations: { ...metadata?.annotations, [scheduledKey]: zone.timestamp(run) },
      ownerReferences: [ownerReference(cronJob)],
    },
    spec: spec ?? { template: {} },
  }
}

export function referenceTo({ apiVersion, kind, metadata }: Job): ObjectReference {
  const { name, namespace, uid, resourceVersion } = metadata
  return { kind, namespace, name, uid, apiVersion, resourceVersion }
}

export function isIn(active: readonly ObjectReference[], { metadata }: Job): boolean {
  return active.some(({ uid }) => uid === metadata.uid)
}
