/** Which Deployments a changed ReplicaSet or Pod wakes. */
import { type Change, keysOfControllers, keysOfDependant, namespacedKey, rolloutStrategyAnnotation } from '@davit/core/controller'
import { type Deployment, type KubeObject, type ReplicaSet, selectorFromObject } from '@davit/core/kinds'

/** `deployments`: all of a namespace. */
export function keysOfSet(
  deployments: (namespace: string) => readonly Deployment[],
  set: ReplicaSet,
  change: Change<ReplicaSet>,
): readonly string[] {
  return keysOfDependant('Deployment', set, change, () =>
    deployments(set.metadata.namespace ?? '').filter(({ spec }) =>
      selectorFromObject(spec.selector).value?.matches(set.metadata.labels),
    ),
  )
}

/**
 * A Pod matters only when it is gone, and only to a strategy that waits for that: Recreate, or one of a plugin. All
 * else about Pods shows in the status of their ReplicaSet.
 */
export function keysOfPod(
  deployments: (namespace: string) => readonly Deployment[],
  set: ReplicaSet | undefined,
  { deleted }: Change<KubeObject>,
): readonly string[] {
  if (!deleted || !set) return []
  const keys = keysOfControllers('Deployment', set)
  const waits = ({ metadata, spec }: Deployment) =>
    spec.strategy?.type === 'Recreate' || metadata.annotations?.[rolloutStrategyAnnotation] !== undefined
  return deployments(set.metadata.namespace ?? '')
    .filter(waits)
    .map(namespacedKey)
    .filter((key) => keys.includes(key))
}
