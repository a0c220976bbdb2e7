/** Pods that are tracked for a Job that is gone, or that lets them go: nobody counts them any more. */
import { type Informer, isNotFound, jobs } from '@davit/core/client'
import { controllerOf, namespacedKey, type ReconcileContext, splitKey } from '@davit/core/controller'
import type { Job, OwnerReference, Pod } from '@davit/core/kinds'
import { isTracked } from './pod-facts.js'
import { letGo } from './writes.js'

const prefix = 'orphan:'

export function keyOfOrphan(pod: Pod): string {
  return `${prefix}${namespacedKey(pod)}`
}

/** The key of the Pod; `undefined` where `key` is that of a Job. */
export function orphanOf(key: string): string | undefined {
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined
}

export interface Shown {
  readonly jobs: Informer<Job>
  readonly pods: Informer<Pod>
}

export async function letGoOrphan(shown: Shown, key: string, context: ReconcileContext): Promise<undefined> {
  const { namespace, name } = splitKey(key)
  const pod = shown.pods.get(namespace, name)
  if (!pod || !isTracked(pod)) return
  const controller = controllerOf(pod)
  if (controller && controller.kind !== 'Job') return
  if (controller && shown.jobs.get(namespace, controller.name)?.metadata.uid === controller.uid) return
  if (controller && (await isThere(context, namespace, controller))) return
  await letGo(context, pod)
}

/** Asks the API: an informer that is behind must not cost a Job the count of its Pod. */
async function isThere({ client }: ReconcileContext, namespace: string, { name, uid }: OwnerReference): Promise<boolean> {
  try {
    const job = await client.get(jobs, namespace, name)
    return job.metadata.uid === uid
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}
