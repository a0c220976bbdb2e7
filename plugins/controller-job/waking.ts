/** What a changed Job or Pod wakes: Jobs, and Pods whose Job is gone. */
import { type Change, controllerOf, keysOfControllers, mayBeAdopted, namespacedKey } from '@davit/core/controller'
import { type Job, type OwnerReference, type Pod, selectorFromObject } from '@davit/core/kinds'
import { keyOfOrphan } from './orphans.js'
import { isTracked } from './pod-facts.js'

export interface Known {
  /** All of a namespace. */
  jobs(namespace: string): readonly Job[]
  podsOf(job: Job): readonly Pod[]
  isThere(namespace: string, reference: OwnerReference): boolean
}

export function keysOfJob(known: Known, job: Job, { deleted }: Change<Job>): readonly string[] {
  const orphans = deleted ? known.podsOf(job).filter(isTracked).map(keyOfOrphan) : []
  return [namespacedKey(job), ...orphans]
}

export function keysOfPod(known: Known, pod: Pod, change: Change<Pod>): readonly string[] {
  const namespace = pod.metadata.namespace ?? ''
  const keys = new Set(keysOfControllers('Job', pod, change))
  const controller = controllerOf(pod)
  if (controller || change.deleted) {
    const lost = controller?.kind === 'Job' && !known.isThere(namespace, controller)
    if (lost && isTracked(pod) && !change.deleted) keys.add(keyOfOrphan(pod))
    return [...keys]
  }
  if (isTracked(pod)) keys.add(keyOfOrphan(pod))
  if (!mayBeAdopted(pod, change)) return [...keys]
  const adopts = ({ spec }: Job) => selectorFromObject(spec.selector).value?.matches(pod.metadata.labels)
  for (const job of known.jobs(namespace).filter(adopts)) keys.add(namespacedKey(job))
  return [...keys]
}
