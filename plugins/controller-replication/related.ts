import type { Informer } from '@davit/core/client'
import { controllerOf, dependantsOf, isPodActive } from '@davit/core/controller'
import type { Pod } from '@davit/core/kinds'
import type { Owner } from './owners.js'

/**
 * How many Pods of the owner's application each node has. The application is everything under the owner's own
 * controller, so that in the middle of a roll-out old and new Pods on one node count as doubled up.
 */
export function podsOnNodes<T extends Owner>(owner: T, owners: Informer<T>, pods: Informer<Pod>): ReadonlyMap<string, number> {
  const above = controllerOf(owner)
  const family = above ? owners.list(owner.metadata.namespace).filter((other) => controllerOf(other)?.uid === above.uid) : [owner]
  const counts = new Map<string, number>()
  for (const member of family) {
    for (const pod of dependantsOf(pods, member)) {
      const node = pod.spec.nodeName
      if (node && isPodActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1)
    }
  }
  return counts
}
