/** A Deployment's conditions, and how one takes the place of another. */
import { timestamp } from '@davit/core/controller'
import type { DeploymentCondition } from '@davit/core/kinds'

export type Conditions = readonly DeploymentCondition[]
export interface NewCondition {
  readonly type: 'Available' | 'Progressing' | 'ReplicaFailure'
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
}

export function conditionOf(conditions: Conditions, type: string): DeploymentCondition | undefined {
  return conditions.find((condition) => condition.type === type)
}

export function without(conditions: Conditions, type: string): Conditions {
  return conditions.filter((condition) => condition.type !== type)
}

/** The same status and reason say nothing new, whatever the message. The transition is that of the status. */
export function withCondition(conditions: Conditions, condition: NewCondition, now: number): Conditions {
  const known = conditionOf(conditions, condition.type)
  if (known?.status === condition.status && known.reason === condition.reason) return conditions
  return renewed(conditions, condition, now)
}

/** As `withCondition`, but it counts as updated now even where it says the same as before. */
export function renewed(conditions: Conditions, { type, status, reason, message }: NewCondition, now: number): Conditions {
  const known = conditionOf(conditions, type)
  const at = timestamp(now)
  const lastTransitionTime = known?.status === status ? (known.lastTransitionTime ?? at) : at
  return [...without(conditions, type), { type, status, lastUpdateTime: at, lastTransitionTime, reason, message }]
}
