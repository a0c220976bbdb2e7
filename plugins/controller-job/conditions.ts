/** A Job's conditions; pure. */
import { timestamp } from '@davit/core/controller'
import type { JobCondition } from '@davit/core/kinds'

export interface NewCondition {
  readonly type: 'Suspended' | 'FailureTarget' | 'SuccessCriteriaMet' | 'Failed' | 'Complete'
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

/** In its old place, or at the end. What does not hold is not added, and the same status says nothing new. */
export function withCondition(
  conditions: readonly JobCondition[],
  condition: NewCondition,
  now: number,
): readonly JobCondition[] {
  const known = conditions.find(({ type }) => type === condition.type)
  if (condition.status === (known?.status ?? 'False')) return conditions
  const at = timestamp(now)
  const made = { ...condition, lastProbeTime: at, lastTransitionTime: at }
  return known ? conditions.map((each) => (each === known ? made : each)) : [...conditions, made]
}
