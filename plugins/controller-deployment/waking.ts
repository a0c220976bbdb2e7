/** Which Deployments a changed ReplicaSet or Pod wakes. */
import { controllerOf, namespacedKey, rolloutStrategyAnnotation } from '@davit/core/controller'
import { type Deployment, equalJson, type KubeObject, type ReplicaSet, selectorFromObject } from '@davit/core/kinds'

interface Event<T> {
  readonly old?: T
  readonly deleted: boolean
}

/** `deployments`: all of a namespace. */
export function keysOfSet(
  deployments: (namespace: string) => readonly Deployment[],
  set: ReplicaSet,
  event: Event<ReplicaSet>,
): readonly string[] {
  const keys = [set, event.old].flatMap((each) => keyOfController(each))
  if (controllerOf(set) || event.deleted || !mayBeAdopted(set, event.old)) return [...new Set(keys)]
  const adopters = deployments(set.metadata.namespace ?? '').filter(({ spec }) =>
    selectorFromObject(spec.selector).value?.matches(set.metadata.labels),
  )
  return [...new Set([...keys, ...adopters.map(namespacedKey)])]
}

/**
 * A Pod matters only when it is gone, and only to a strategy that waits for that: Recreate, or one of a plugin. All
 * else about Pods shows in the status of their ReplicaSet.
 */
export function keysOfPod(
  deployments: (namespace: string) => readonly Deployment[],
  set: ReplicaSet | undefined,
  event: Event<KubeObject>,
): readonly string[] {
  if (!event.deleted || !set) return []
  const keys = keyOfController(set)
  const waits = ({ metadata, spec }: Deployment) =>
    spec.strategy?.type === 'Recreate' || metadata.annotations?.[rolloutStrategyAnnotation] !== undefined
  return deployments(set.metadata.namespace ?? '')
    .filter(waits)
    .map(namespacedKey)
    .filter((key) => keys.includes(key))
}

function keyOfController(set: ReplicaSet | undefined): string[] {
  const reference = set && controllerOf(set)
  return reference?.kind === 'Deployment' ? [`${set?.metadata.namespace ?? ''}/${reference.name}`] : []
}

/** A ReplicaSet without a controller matters when it comes, when its labels change and when it has just been let go. */
function mayBeAdopted(set: ReplicaSet, old: ReplicaSet | undefined): boolean {
  return !old || controllerOf(old) !== undefined || !equalJson(set.metadata.labels, old.metadata.labels)
}
