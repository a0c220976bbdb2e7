/** Makes and removes Pods, and says so in Events. */
import { isNotFound, pods } from '@davit/core/client'
import { type Expectations, isNamespaceGoing, type ReconcileContext, slowStart } from '@davit/core/controller'
import type { Pod } from '@davit/core/kinds'
import type { Owner } from './owners.js'
import { podOf } from './pod.js'
import type { Attempt, Failure } from './status.js'
import type { Victims } from './victims.js'

export interface Work {
  readonly owner: Owner
  readonly context: ReconcileContext
  readonly expectations: Expectations<Pod>
}
export interface Done {
  readonly attempt: Attempt
  /** Set where the reconcile has to be tried again. */
  readonly error?: unknown
}

export async function createPods({ owner, context, expectations }: Work, count: number): Promise<Done> {
  const { client, cause } = context
  const pod = podOf(owner)
  const { error } = await slowStart(count, async () => {
    try {
      const made = await client.create(pods, pod, { cause })
      expectations.created(owner, made)
      context.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`)
    } catch (error) {
      if (!isNamespaceGoing(error)) context.event(owner, 'Warning', 'FailedCreate', `Error creating: ${textOf(error)}`)
      throw error
    }
  })
  // The namespace takes its Pods and this owner along: there is nothing to try again and nothing to complain of.
  if (error === undefined || isNamespaceGoing(error)) return { attempt: {} }
  return failed('FailedCreate', error)
}

export async function deletePods({ owner, context, expectations }: Work, choose: () => Victims): Promise<Done> {
  try {
    const { pods: victims, by } = choose()
    const cause = { ...context.cause, considered: [`chosen by ${by}`] }
    const remove = async (pod: Pod) => {
      const { namespace = '', name, uid } = pod.metadata
      const preconditions = uid === undefined ? {} : { preconditions: { uid } }
      try {
        await context.client.delete(pods, namespace, name, { cause, ...preconditions })
      } catch (error) {
        if (isNotFound(error)) return
        context.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${textOf(error)}`)
        throw error
      }
      expectations.deleted(owner, pod)
      context.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
    }
    const results = await Promise.allSettled(victims.map(remove))
    const failure = results.find((result) => result.status === 'rejected')
    return failure?.status === 'rejected' ? failed('FailedDelete', failure.reason) : { attempt: {} }
  } catch (error) {
    return failed('FailedDelete', error)
  }
}

function failed(reason: Failure['reason'], error: unknown): Done {
  return { attempt: { failure: { reason, message: textOf(error) } }, error }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
