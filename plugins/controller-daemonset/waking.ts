/** Which DaemonSets a changed Pod or node wakes. */
import { type Change, keysOfDependant, namespacedKey } from '@davit/core/controller'
import { type DaemonSet, equalJson, type Node, type Pod, selectorFromObject } from '@davit/core/kinds'
import { eligibilityOf } from './eligible.js'

/** Of a namespace, or of all. */
type Sets = (namespace?: string) => readonly DaemonSet[]

export function keysOfPod(sets: Sets, pod: Pod, change: Change<Pod>): readonly string[] {
  return keysOfDependant('DaemonSet', pod, change, () =>
    sets(pod.metadata.namespace ?? '').filter(({ spec }) =>
      selectorFromObject(spec.selector).value?.matches(pod.metadata.labels),
    ),
  )
}

/** A node matters when it comes, when it goes, and when it is meant for other sets than before. */
export function keysOfNode(sets: Sets, node: Node, { old, deleted }: Change<Node>): readonly string[] {
  if (!old || deleted) return sets().map(namespacedKey)
  // Most changes are a node's report of itself.
  if (equalJson(node.metadata.labels, old.metadata.labels) && equalJson(node.spec.taints, old.spec.taints)) return []
  return sets()
    .filter((set) => eligibilityOf(set, node) !== eligibilityOf(set, old))
    .map(namespacedKey)
}
