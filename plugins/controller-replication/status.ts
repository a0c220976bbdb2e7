/** What an owner's Pods come to, as its status says it; pure. */
import { availableInMs, isPodAvailable, isPodReady, soonest, timestamp } from '@davit/core/controller'
import type { Pod, ReplicaSetCondition, ReplicaSetStatus } from '@davit/core/kinds'
import { type Owner, replicaSpec } from './owners.js'

export interface Failure {
  readonly reason: 'FailedCreate' | 'FailedDelete'
  readonly message: string
}
/** How the attempt to have the right number of Pods ended; `undefined`: there was none, so nothing is known anew. */
export type Attempt = { readonly failure?: Failure } | undefined

export function replicaStatus(owner: Owner, pods: readonly Pod[], attempt: Attempt, now: number): ReplicaSetStatus {
  const { minReadySeconds, template } = replicaSpec(owner)
  const wanted = Object.entries(template.metadata?.labels ?? {})
  const labelled = pods.filter(({ metadata }) => wanted.every(([name, value]) => metadata.labels?.[name] === value))
  const ready = pods.filter(isPodReady)
  const available = ready.filter((pod) => isPodAvailable(pod, minReadySeconds, now))
  const conditions = conditionsOf(owner, attempt, now)
  return {
    replicas: pods.length,
    ...counted('fullyLabeledReplicas', labelled.length),
    ...counted('readyReplicas', ready.length),
    ...counted('availableReplicas', available.length),
    ...counted('observedGeneration', owner.metadata.generation ?? 0),
    ...(conditions.length > 0 && { conditions }),
  }
}

/** Milliseconds until the next Pod has been ready for long enough; `undefined` where none is on the way. */
export function nextAvailableMs(owner: Owner, pods: readonly Pod[], now: number): number | undefined {
  const { minReadySeconds } = replicaSpec(owner)
  if (minReadySeconds === 0) return undefined
  return soonest(pods.map((pod) => availableInMs(pod, minReadySeconds, now)))
}

function conditionsOf({ status }: Owner, attempt: Attempt, now: number): ReplicaSetCondition[] {
  const present = status?.conditions ?? []
  if (attempt === undefined) return present
  const others = present.filter(({ type }) => type !== 'ReplicaFailure')
  if (!attempt.failure) return others
  const known = present.find(({ type, reason }) => type === 'ReplicaFailure' && reason === attempt.failure?.reason)
  // The first message stays: one with a new Pod's name at each attempt would be a write at each attempt.
  if (known) return [...others, known]
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: timestamp(now), ...attempt.failure }]
}

/** Zero is absent in what the API stores, but for `replicas`. */
function counted(field: string, count: number): Record<string, number> {
  return count === 0 ? {} : { [field]: count }
}
