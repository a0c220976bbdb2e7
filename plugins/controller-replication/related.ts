import { controllerOf, isPodActive } from '@davit/core/controller'
import type { Pod } from '@davit/core/kinds'
import type { Owner } from './owners.js'

/**
 * The owners of the same application: all under the owner's own controller, so that in the middle of a roll-out old and
 * new Pods on one node count as doubled up. `owners`: all of its kind and namespace.
 */
export function familyOf<T extends Owner>(owner: T, owners: readonly T[]): readonly T[] {
  const above = controllerOf(owner)
  return above ? owners.filter((other) => controllerOf(other)?.uid === above.uid) : [owner]
}

export function podsOnNodes(pods: readonly Pod[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const pod of pods) {
    const node = pod.spec.nodeName
    if (node && isPodActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  return counts
}
