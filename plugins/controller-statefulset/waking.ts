/** Which StatefulSets a changed Pod or claim wakes. */
import { controllerOf, namespacedKey } from '@davit/core/controller'
import { equalJson, type PersistentVolumeClaim, type Pod, type StatefulSet, selectorFromObject } from '@davit/core/kinds'
import { setsOfClaim } from './claims.js'
import { ordinalOf } from './identity.js'

/** All of a namespace. */
type Sets = (namespace: string) => readonly StatefulSet[]
interface Event<T> {
  readonly old?: T
  readonly deleted: boolean
}

export function keysOfPod(sets: Sets, pod: Pod, { old, deleted }: Event<Pod>): readonly string[] {
  const { namespace = '' } = pod.metadata
  const controllers = [controllerOf(pod), old && controllerOf(old)]
  const keys = controllers.flatMap((reference) => (reference?.kind === 'StatefulSet' ? [`${namespace}/${reference.name}`] : []))
  if (controllerOf(pod) || deleted || !mayBeAdopted(pod, old)) return [...new Set(keys)]
  const adopters = sets(namespace).filter(
    (set) => ordinalOf(set, pod) !== undefined && selectorFromObject(set.spec.selector).value?.matches(pod.metadata.labels),
  )
  return [...new Set([...keys, ...adopters.map(namespacedKey)])]
}

/** A claim matters when it is gone: a Pod that waits for it, or a set that waits for its end, can go on. */
export function keysOfClaim(
  sets: Sets,
  claim: PersistentVolumeClaim,
  { deleted }: Event<PersistentVolumeClaim>,
): readonly string[] {
  if (!deleted) return []
  return setsOfClaim(claim.metadata.name, sets(claim.metadata.namespace ?? '')).map(namespacedKey)
}

/** A Pod without a controller matters when it comes, when its labels change and when it has just been let go. */
function mayBeAdopted(pod: Pod, old: Pod | undefined): boolean {
  return !old || controllerOf(old) !== undefined || !equalJson(pod.metadata.labels, old.metadata.labels)
}
