/** Which StatefulSets a changed Pod or claim wakes. */
import { type Change, keysOfDependant, namespacedKey } from '@davit/core/controller'
import { type PersistentVolumeClaim, type Pod, type StatefulSet, selectorFromObject } from '@davit/core/kinds'
import { setsOfClaim } from './claims.js'
import { ordinalOf } from './identity.js'

/** All of a namespace. */
type Sets = (namespace: string) => readonly StatefulSet[]

export function keysOfPod(sets: Sets, pod: Pod, change: Change<Pod>): readonly string[] {
  return keysOfDependant('StatefulSet', pod, change, () =>
    sets(pod.metadata.namespace ?? '').filter(
      (set) => ordinalOf(set, pod) !== undefined && selectorFromObject(set.spec.selector).value?.matches(pod.metadata.labels),
    ),
  )
}

/** A claim matters when it is gone: a Pod that waits for it, or a set that waits for its end, can go on. */
export function keysOfClaim(
  sets: Sets,
  claim: PersistentVolumeClaim,
  { deleted }: Change<PersistentVolumeClaim>,
): readonly string[] {
  if (!deleted) return []
  return setsOfClaim(claim.metadata.name, sets(claim.metadata.namespace ?? '')).map(namespacedKey)
}
