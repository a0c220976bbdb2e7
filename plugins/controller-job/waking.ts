/** What a changed Job or Pod wakes: Jobs, and Pods whose Job is gone. */
import { controllerOf, namespacedKey } from '@davit/core/controller'
import { equalJson, type Job, type OwnerReference, type Pod, selectorFromObject } from '@davit/core/kinds'
import { keyOfOrphan } from './orphans.js'
import { isTracked } from './pod-facts.js'

interface Event<T> {
  readonly old?: T
  readonly deleted: boolean
}
export interface Known {
  /** All of a namespace. */
  jobs(namespace: string): readonly Job[]
  podsOf(job: Job): readonly Pod[]
  isThere(namespace: string, reference: OwnerReference): boolean
}

export function keysOfJob(known: Known, job: Job, { deleted }: Event<Job>): readonly string[] {
  const orphans = deleted ? known.podsOf(job).filter(isTracked).map(keyOfOrphan) : []
  return [namespacedKey(job), ...orphans]
}

export function keysOfPod(known: Known, pod: Pod, event: Event<Pod>): readonly string[] {
  const namespace = pod.metadata.namespace ?? ''
  const keys = new Set([pod, event.old].flatMap((each) => keyOfController(each)))
  const controller = controllerOf(pod)
  if (controller || event.deleted) {
    const lost = controller?.kind === 'Job' && !known.isThere(namespace, controller)
    if (lost && isTracked(pod) && !event.deleted) keys.add(keyOfOrphan(pod))
    return [...keys]
  }
  if (isTracked(pod)) keys.add(keyOfOrphan(pod))
  if (!mayBeAdopted(pod, event.old)) return [...keys]
  const adopts = ({ spec }: Job) => selectorFromObject(spec.selector).value?.matches(pod.metadata.labels)
  for (const job of known.jobs(namespace).filter(adopts)) keys.add(namespacedKey(job))
  return [...keys]
}

function keyOfController(pod: Pod | undefined): string[] {
  const reference = pod && controllerOf(pod)
  return reference?.kind === 'Job' ? [`${pod?.metadata.namespace ?? ''}/${reference.name}`] : []
}

/** A Pod without a controller matters when it comes, when its labels change and when it has just been let go. */
function mayBeAdopted(pod: Pod, old: Pod | undefined): boolean {
  return !old || controllerOf(old) !== undefined || !equalJson(pod.metadata.labels, old.metadata.labels)
}
