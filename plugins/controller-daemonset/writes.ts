/** Carries a plan out: makes and removes Pods, and says so in Events. */
import { isNotFound, pods } from '@davit/core/client'
import { type Expectations, isNamespaceGoing, type ReconcileContext, slowStart, soonest } from '@davit/core/controller'
import type { DaemonSet, Pod } from '@davit/core/kinds'
import type { FailedPodBackoff } from './backoff.js'
import type { Plan } from './plan.js'
import { podOf } from './pod.js'

export interface Work {
  readonly set: DaemonSet
  readonly hash: string
  readonly context: ReconcileContext
  readonly expectations: Expectations<Pod>
  readonly backoff: FailedPodBackoff
}
export interface Done {
  /** Until a failed Pod may be removed. */
  readonly waitMs?: number | undefined
  /** Set where the reconcile has to be tried again. */
  readonly error?: unknown
}

/** The most Pods that are made or removed in one reconcile, so that one set leaves room for the others. */
const burst = 250

export async function carryOut(work: Work, plan: Plan): Promise<Done> {
  const made = await slowStart(Math.min(burst, plan.create.length), (index) => create(work, plan.create[index] ?? ''))
  const waits: number[] = []
  const removals = plan.remove.slice(0, burst).map(async (removal) => {
    const waitMs = removal.why === 'failed' ? work.backoff.take(work.set, removal.node) : 0
    if (waitMs > 0) waits.push(waitMs)
    else await remove(work, removal)
  })
  const removed = (await Promise.allSettled(removals)).find((result) => result.status === 'rejected')
  // The namespace takes its Pods and this set along: there is nothing to try again and nothing to complain of.
  const refused = isNamespaceGoing(made.error) ? undefined : made.error
  const error = refused ?? (removed?.status === 'rejected' ? removed.reason : undefined)
  const rest = plan.create.length > burst || plan.remove.length > burst
  return { waitMs: rest ? 1 : soonest(waits), ...(error !== undefined && { error }) }
}

async function create({ set, hash, context, expectations }: Work, node: string): Promise<void> {
  try {
    const made = await context.client.create(pods, podOf(set, hash, node), { cause: context.cause })
    expectations.created(set, made)
    context.event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`)
  } catch (error) {
    if (!isNamespaceGoing(error)) context.event(set, 'Warning', 'FailedCreate', `Error creating: ${textOf(error)}`)
    throw error
  }
}

async function remove({ set, context, expectations }: Work, { pod, node, why }: Plan['remove'][number]): Promise<void> {
  const { namespace = '', name, uid } = pod.metadata
  const found = `pod ${namespace}/${name} on node ${node}, will try to`
  if (why === 'failed') context.event(set, 'Warning', 'FailedDaemonPod', `Found failed daemon ${found} kill it`)
  if (why === 'succeeded') context.event(set, 'Normal', 'SucceededDaemonPod', `Found succeeded daemon ${found} delete it`)
  const cause = { ...context.cause, considered: [`${name} is ${why}`] }
  try {
    await context.client.delete(pods, namespace, name, { cause, ...(uid !== undefined && { preconditions: { uid } }) })
  } catch (error) {
    if (isNotFound(error)) return
    context.event(set, 'Warning', 'FailedDelete', `Error deleting: ${textOf(error)}`)
    throw error
  }
  expectations.deleted(set, pod)
  context.event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
