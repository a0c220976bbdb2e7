/** What a Deployment's ReplicaSets come to, as its status says it; pure. */
import type { Deployment, DeploymentStatus, ReplicaSet, ReplicaSetStatus } from '@davit/core/kinds'
import { type Conditions, type NewCondition, withCondition, without } from './conditions.js'
import { limitsOf, sizeOf } from './limits.js'
import { allOf, type Sets } from './sets.js'

export interface Counted {
  readonly deployment: Deployment
  readonly sets: Sets
  readonly conditions: Conditions
  readonly collisionCount: number | undefined
  readonly now: number
}

/** Zero is absent, as in what the API stores. `conditions` come out with `Available` brought up to date. */
export function countedStatus({ deployment, sets, conditions, collisionCount, now }: Counted): DeploymentStatus {
  const all = allOf(sets)
  const available = sum(all, 'availableReplicas')
  const wanted = all.reduce((total, set) => total + sizeOf(set), 0)
  const { generation } = deployment.metadata
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    ...counted('replicas', sum(all, 'replicas')),
    ...counted('updatedReplicas', sets.next ? sum([sets.next], 'replicas') : 0),
    ...counted('readyReplicas', sum(all, 'readyReplicas')),
    ...counted('availableReplicas', available),
    ...counted('unavailableReplicas', Math.max(0, wanted - available)),
    ...(collisionCount !== undefined && { collisionCount }),
    conditions: [...withCondition(conditions, availability(deployment, available), now)],
  }
}

function availability(deployment: Deployment, available: number): NewCondition {
  const { replicas, maxUnavailable } = limitsOf(deployment)
  const enough = available >= replicas - maxUnavailable
  return {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: enough ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
  }
}

/** A ReplicaSet that cannot make or remove Pods shows on its Deployment; the new one's complaint before the others'. */
export function withFailures(conditions: Conditions, { next, olds }: Sets, now: number): Conditions {
  const failures = [...(next ? [next] : []), ...olds].flatMap(({ status }) =>
    (status?.conditions ?? []).filter(({ type }) => type === 'ReplicaFailure'),
  )
  const [failure] = failures
  if (!failure) return without(conditions, 'ReplicaFailure')
  const { reason = '', message = '', status } = failure
  return withCondition(
    conditions,
    { type: 'ReplicaFailure', status: status === 'False' ? 'False' : 'True', reason, message },
    now,
  )
}

function sum(sets: readonly ReplicaSet[], field: keyof ReplicaSetStatus): number {
  return sets.reduce((total, { status }) => total + Number(status?.[field] ?? 0), 0)
}

function counted(field: keyof DeploymentStatus, count: number): DeploymentStatus {
  return count === 0 ? {} : { [field]: count }
}
