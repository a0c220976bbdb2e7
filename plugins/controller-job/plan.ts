/** What a Job that goes on lacks, or has too much of; pure. */
import { type JobBackOff, soonest } from '@davit/core/controller'
import type { Job, Pod } from '@davit/core/kinds'
import { type Failures, failuresOfIndex, waitMs } from './back-off.js'
import { type IndexTally, indexesOf, type Tally } from './count.js'
import { completionsOf, hasLimitPerIndex, isSuspended, parallelismOf, replacesFailedOnly } from './job.js'
import { isTerminating } from './pod-facts.js'
import { podsToRemove } from './removal.js'

/** The most Pods that are made or removed in one reconcile, so that one Job leaves room for the others. */
export const burst = 500

/** A Pod to be made. */
export interface NewPod {
  readonly index?: number
  /** The failed Pod of its index that it comes after. */
  readonly after?: Pod
}
/** Pods are either made or removed in one reconcile, never both. */
export interface JobPlan {
  readonly remove: readonly Pod[]
  readonly create: readonly NewPod[]
  /** Nothing may be made before so many milliseconds have passed. */
  readonly waitMs?: number
}

export interface PlanState {
  readonly job: Job
  readonly pods: readonly Pod[]
  readonly tally: Tally
  readonly failures: Failures
  readonly backOff: JobBackOff
  /** Milliseconds since 1970. */
  readonly now: number
}

export function planJob(state: PlanState): JobPlan {
  const { job, tally } = state
  const active = tally.active.length
  const wanted = isSuspended(job) ? 0 : wantedActive(job, tally)
  const remove = podsToRemove(job, tally.active, Math.max(0, active - wanted)).slice(0, burst)
  if (remove.length > 0) return { remove, create: [] }
  const missing = wanted - active - (replacesFailedOnly(job) ? tally.terminating : 0)
  if (missing <= 0) return { remove, create: [] }
  return { remove, ...creations(state, Math.min(burst, missing)) }
}

function wantedActive(job: Job, { active, succeeded }: Tally): number {
  // A work queue: the first success says that there is no more work, and whoever is at it comes to an end.
  if (job.spec.completions === undefined) return succeeded > 0 ? active.length : parallelismOf(job)
  return Math.max(0, Math.min(parallelismOf(job), job.spec.completions - succeeded))
}

function creations(state: PlanState, count: number): Pick<JobPlan, 'create' | 'waitMs'> {
  const { job, tally, failures, backOff, now } = state
  if (tally.indexes && hasLimitPerIndex(job)) return creationsByIndex(state, tally.indexes, count)
  const wait = waitMs(backOff, job, failures, now)
  if (wait > 0) return { create: [], waitMs: wait }
  const create = tally.indexes
    ? pendingIndexes(state, tally.indexes, count).map((index) => ({ index }))
    : Array.from({ length: count }, () => ({}))
  return { create }
}

/** Each index waits for itself alone. */
function creationsByIndex(state: PlanState, indexes: IndexTally, count: number): Pick<JobPlan, 'create' | 'waitMs'> {
  const { job, backOff, now } = state
  const waits = pendingIndexes(state, indexes, count).map((index) => {
    const after = indexes.waiting.get(index)
    return { index, after, wait: waitMs(backOff, job, failuresOfIndex(after), now, index) }
  })
  const create = waits.filter(({ wait }) => wait === 0).map(({ index, after }) => ({ index, ...(after && { after }) }))
  const least = soonest(waits.map(({ wait }) => (wait > 0 ? wait : undefined)))
  return { create, ...(least !== undefined && { waitMs: least }) }
}

function pendingIndexes({ job, pods, tally }: PlanState, indexes: IndexTally, count: number): number[] {
  const busy = [...tally.active, ...(replacesFailedOnly(job) ? pods.filter(isTerminating) : [])]
  const taken = indexes.succeeded.union(indexesOf(job, busy))
  return (indexes.failed ? taken.union(indexes.failed) : taken).missing(count, completionsOf(job))
}
