/** Which Deployments a changed ReplicaSet or Pod wakes. */
import { type Change, keysOfControllers, keysOfDependant, rolloutStrategyAnnotation, splitKey } from '@davit/core/controller'
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
 * else about Pods shows in the status of their ReplicaSet. `find` is asked for the owner alone: there are many Deployments.
 */
export function keysOfPod(
  find: (namespace: string, name: string) => Deployment | undefined,
  set: ReplicaSet | undefined,
  { deleted }: Change<KubeObject>,
): readonly string[] {
  if (!deleted || !set) return []
  const waits = (key: string) => {
    const { namespace, name } = splitKey(key)
    const deployment = find(namespace, name)
    return (
      deployment?.spec.strategy?.type === 'Recreate' ||
      deployment?.metadata.annotations?.[rolloutStrategyAnnotation] !== undefined
    )
  }
  return keysOfControllers('Deployment', set).filter(waits)
}
