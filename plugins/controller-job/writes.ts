/** Makes and removes the Pods of a Job, and lets go of those that are counted. */
import { isConflict, isNotFound, pods } from '@davit/core/client'
import { type Expectations, isNamespaceGoing, type ReconcileContext, slowStart } from '@davit/core/controller'
import type { Job, Pod } from '@davit/core/kinds'
import { trackingFinalizer } from './names.js'
import type { NewPod } from './plan.js'
import { podOf } from './pod.js'
import { isTracked } from './pod-facts.js'

export interface Work {
  readonly job: Job
  readonly context: ReconcileContext
  readonly expectations: Expectations<Pod>
}
export interface Done {
  /** How many were made. */
  readonly created: number
  readonly removed: readonly Pod[]
  /** Set where the reconcile has to be tried again. */
  readonly error?: unknown
}

export async function createPods({ job, context, expectations }: Work, wanted: readonly NewPod[]): Promise<Done> {
  const { client, cause } = context
  const { succeeded, error } = await slowStart(wanted.length, async (position) => {
    try {
      const made = await client.create(pods, podOf(job, wanted[position] ?? {}), { cause })
      expectations.created(job, made)
      context.event(job, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`)
    } catch (error) {
      if (!isNamespaceGoing(error)) context.event(job, 'Warning', 'FailedCreate', `Error creating: ${textOf(error)}`)
      throw error
    }
  })
  // The namespace takes its Pods and this Job along: there is nothing to try again and nothing to complain of.
  return { created: succeeded, removed: [], ...(error !== undefined && !isNamespaceGoing(error) && { error }) }
}

/** `uncounted`: those that go before their end are no failures. Else they stay tracked until they are counted. */
export async function removePods(work: Work, victims: readonly Pod[], { uncounted }: { uncounted: boolean }): Promise<Done> {
  const { job, context, expectations } = work
  const remove = async (pod: Pod) => {
    const { namespace = '', name, uid } = pod.metadata
    try {
      if (uncounted && isTracked(pod)) await letGo(context, pod)
      const preconditions = uid === undefined ? {} : { preconditions: { uid } }
      await context.client.delete(pods, namespace, name, { cause: context.cause, ...preconditions })
    } catch (error) {
      if (isNotFound(error)) return
      context.event(job, 'Warning', 'FailedDelete', `Error deleting: ${textOf(error)}`)
      throw error
    }
    expectations.deleted(job, pod)
    context.event(job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
  }
  const results = await Promise.allSettled(victims.map(remove))
  const failure = results.find((result) => result.status === 'rejected')
  const removed = victims.filter((_, position) => results[position]?.status === 'fulfilled')
  return { created: 0, removed, ...(failure?.status === 'rejected' && { error: failure.reason }) }
}

/** Takes the finalizer off each. Answers which are tracked no more. */
export async function letAllGo(
  context: ReconcileContext,
  released: readonly Pod[],
): Promise<{ readonly gone: readonly Pod[]; readonly error?: unknown }> {
  const results = await Promise.allSettled(released.map((pod) => letGo(context, pod)))
  const failure = results.find((result) => result.status === 'rejected')
  const gone = released.filter((_, position) => results[position]?.status === 'fulfilled')
  return { gone, ...(failure?.status === 'rejected' && { error: failure.reason }) }
}

export async function letGo({ client, cause }: ReconcileContext, pod: Pod): Promise<void> {
  const { namespace = '', name, uid } = pod.metadata
  const body = { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } }
  try {
    await client.patch(pods, namespace, name, 'strategic', body, { cause })
  } catch (error) {
    // It is gone, or another Pod has its name by now.
    if (!isNotFound(error) && !isConflict(error)) throw error
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
