/** A budget's status. Pure. */
import { timestamp } from '@davit/core/controller'
import type { Condition, PodDisruptionBudget, PodDisruptionBudgetStatus } from '@davit/core/kinds'
import type { Disrupted, Expectation } from './count.js'

export interface Counted extends Expectation {
  readonly healthy: number
  readonly disrupted: Disrupted['pods']
}

export function countedStatus(budget: PodDisruptionBudget, counted: Counted, now: number): PodDisruptionBudgetStatus {
  const { expected, desired, healthy, disrupted } = counted
  // A budget that has no Pods yet allows none: its first ones may come before this controller has seen them.
  const allowed = expected > 0 ? Math.max(0, healthy - desired) : 0
  const generation = budget.metadata.generation ?? 0
  const verdict = allowed > 0 ? { status: 'True', reason: 'SufficientPods' } : { status: 'False', reason: 'InsufficientPods' }
  return {
    observedGeneration: generation,
    ...(Object.keys(disrupted).length > 0 && { disruptedPods: disrupted }),
    currentHealthy: healthy,
    desiredHealthy: desired,
    disruptionsAllowed: allowed,
    expectedPods: expected,
    conditions: conditionsWith(budget, { ...verdict, message: '', observedGeneration: generation }, now),
  }
}

/** Nothing may go while nobody knows how many there should be. */
export function failedStatus(budget: PodDisruptionBudget, message: string, now: number): PodDisruptionBudgetStatus {
  const { currentHealthy = 0, desiredHealthy = 0, expectedPods = 0, observedGeneration = 0, ...kept } = budget.status ?? {}
  const verdict = { status: 'False', reason: 'SyncFailed', message, observedGeneration }
  return {
    ...kept,
    ...(observedGeneration > 0 && { observedGeneration }),
    ...{ currentHealthy, desiredHealthy, expectedPods },
    disruptionsAllowed: 0,
    conditions: conditionsWith(budget, verdict, now),
  }
}

type Verdict = Omit<Condition, 'type' | 'lastTransitionTime'>

function conditionsWith({ status }: PodDisruptionBudget, verdict: Verdict, now: number): Condition[] {
  const type = 'DisruptionAllowed'
  const before = status?.conditions ?? []
  const same = before.find((condition) => condition.type === type && condition.status === verdict.status)
  const condition = { type, ...verdict, lastTransitionTime: same?.lastTransitionTime ?? timestamp(now) }
  const known = before.some((each) => each.type === type)
  return known ? before.map((each) => (each.type === type ? condition : each)) : [...before, condition]
}
