/** Carries out what was planned, and says how many Pods there are then. */
import { type JobPlan, type PlanState, planJob } from './plan.js'
import { completion, type Verdict } from './verdict.js'
import { createPods, removePods, type Work } from './writes.js'

export interface Step extends Work, PlanState {
  readonly verdict: Verdict | undefined
}
export interface Outcome {
  readonly active: number
  readonly ready: number
  readonly terminating: number
  /** All that was to go for it is gone. */
  readonly verdict?: Verdict | undefined
  /** Whether the Job is suspended could be acted on. */
  readonly planned: boolean
  readonly waitMs?: number | undefined
  readonly error?: unknown
}

export async function carryOut(step: Step): Promise<Outcome> {
  const { job, tally, verdict, expectations } = step
  // Before the expectations of this run count: they hold for the next.
  const outstanding = expectations.outstanding(job) !== undefined
  if (verdict) {
    const done = await removePods(step, tally.active, { uncounted: false })
    const over = !outstanding && done.removed.length === tally.active.length
    return { ...numbers(step, done), planned: false, verdict: over ? verdict : undefined, error: done.error }
  }
  if (outstanding || job.metadata.deletionTimestamp) return { ...numbers(step), planned: false }
  const plan = planJob(step)
  const done = await act(step, plan)
  const counts = numbers(step, done)
  return {
    ...counts,
    planned: true,
    verdict: completion(job, tally.succeeded, counts.active),
    waitMs: plan.waitMs,
    error: done.error,
  }
}

function act(step: Step, { remove, create }: JobPlan) {
  return remove.length > 0 ? removePods(step, remove, { uncounted: true }) : createPods(step, create)
}

function numbers({ tally }: Step, { created, removed }: Pick<Awaited<ReturnType<typeof act>>, 'created' | 'removed'> = none) {
  const readyRemoved = removed.filter((pod) => tally.readyPods.has(pod)).length
  return {
    active: tally.active.length + created - removed.length,
    ready: tally.readyPods.size - readyRemoved,
    terminating: tally.terminating + removed.length,
  }
}

const none = { created: 0, removed: [] }
