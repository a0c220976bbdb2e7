/** Which DaemonSets a changed Pod or node wakes. */
import { controllerOf, namespacedKey } from '@davit/core/controller'
import { type DaemonSet, equalJson, type Node, type Pod, selectorFromObject } from '@davit/core/kinds'
import { eligibilityOf } from './eligible.js'

/** Of a namespace, or of all. */
type Sets = (namespace?: string) => readonly DaemonSet[]
interface Event<T> {
  readonly old?: T
  readonly deleted: boolean
}

export function keysOfPod(sets: Sets, pod: Pod, { old, deleted }: Event<Pod>): readonly string[] {
  const { namespace = '' } = pod.metadata
  const controllers = [controllerOf(pod), old && controllerOf(old)]
  const keys = controllers.flatMap((reference) => (reference?.kind === 'DaemonSet' ? [`${namespace}/${reference.name}`] : []))
  if (controllerOf(pod) || deleted || !mayBeAdopted(pod, old)) return [...new Set(keys)]
  const adopters = sets(namespace).filter(({ spec }) => selectorFromObject(spec.selector).value?.matches(pod.metadata.labels))
  return [...new Set([...keys, ...adopters.map(namespacedKey)])]
}

/** A node matters when it comes, when it goes, and when it is meant for other sets than before. */
export function keysOfNode(sets: Sets, node: Node, { old, deleted }: Event<Node>): readonly string[] {
  if (!old || deleted) return sets().map(namespacedKey)
  // Most changes are a node's report of itself.
  if (equalJson(node.metadata.labels, old.metadata.labels) && equalJson(node.spec.taints, old.spec.taints)) return []
  return sets()
    .filter((set) => eligibilityOf(set, node) !== eligibilityOf(set, old))
    .map(namespacedKey)
}

/** A Pod without a controller matters when it comes, when its labels change and when it has just been let go. */
function mayBeAdopted(pod: Pod, old: Pod | undefined): boolean {
  return !old || controllerOf(old) !== undefined || !equalJson(pod.metadata.labels, old.metadata.labels)
}
