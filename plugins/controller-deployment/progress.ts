/** Whether a roll-out gets on: the condition that `kubectl rollout status` waits on; pure. */
import type { Deployment, DeploymentStatus, ReplicaSet } from '@davit/core/kinds'
import { type Conditions, conditionOf, type NewCondition, renewed, withCondition, without } from './conditions.js'

const unlimited = 2 ** 31 - 1
const complete = 'NewReplicaSetAvailable'
const timedOut = 'ProgressDeadlineExceeded'

const progressing = (status: NewCondition['status'], reason: string, message: string): NewCondition => ({
  type: 'Progressing',
  status,
  reason,
  message,
})

export function hasDeadline({ spec }: Deployment): boolean {
  return spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== unlimited
}

/** Pausing is told, and so is its end; a roll-out that was given up stays so. */
export function afterPause(deployment: Deployment, conditions: Conditions, now: number): Conditions {
  const known = conditionOf(conditions, 'Progressing')
  if (!hasDeadline(deployment) || known?.reason === timedOut) return conditions
  const wasPaused = known?.reason === 'DeploymentPaused'
  const { paused = false } = deployment.spec
  if (paused === wasPaused) return conditions
  const condition = paused
    ? progressing('Unknown', 'DeploymentPaused', 'Deployment is paused')
    : progressing('Unknown', 'DeploymentResumed', 'Deployment is resumed')
  return withCondition(conditions, condition, now)
}

/** What became of the ReplicaSet of the present template in this reconcile. */
export type NextSet =
  | { readonly happened: 'created' | 'found'; readonly name: string }
  | { readonly happened: 'refused'; readonly name: string; readonly message: string }

export function afterNextSet(deployment: Deployment, conditions: Conditions, next: NextSet | undefined, now: number): Conditions {
  if (!next || !hasDeadline(deployment)) return conditions
  if (next.happened === 'refused') {
    const message = `Failed to create new replica set "${next.name}": ${next.message}`
    return withCondition(conditions, progressing('False', 'ReplicaSetCreateError', message), now)
  }
  if (next.happened === 'created') {
    const message = `Created new replica set "${next.name}"`
    return withCondition(conditions, progressing('True', 'NewReplicaSetCreated', message), now)
  }
  if (conditionOf(conditions, 'Progressing')) return conditions
  return withCondition(conditions, progressing('True', 'FoundNewReplicaSet', `Found new replica set "${next.name}"`), now)
}

export function isComplete({ spec, metadata }: Deployment, status: DeploymentStatus): boolean {
  const { replicas: wanted = 1 } = spec
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, observedGeneration = 0 } = status
  const all = updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted
  return all && observedGeneration >= (metadata.generation ?? 0)
}

export interface Progress {
  readonly deployment: Deployment
  readonly next: ReplicaSet | undefined
  /** The new counts. */
  readonly status: DeploymentStatus
  readonly conditions: Conditions
  readonly now: number
}

/** The condition after a reconcile that rolled out, or looked whether there was something to roll out. */
export function afterProgress({ deployment, next, status, conditions, now }: Progress): Conditions {
  if (!hasDeadline(deployment)) return without(conditions, 'Progressing')
  const known = conditionOf(conditions, 'Progressing')
  const over = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && known?.reason === complete
  if (over) return conditions
  const who = next ? `ReplicaSet "${next.metadata.name}"` : `Deployment "${deployment.metadata.name}"`
  if (isComplete(deployment, status)) {
    return withCondition(conditions, progressing('True', complete, `${who} has successfully progressed.`), now)
  }
  if (movedOn(deployment.status ?? {}, status)) {
    return renewed(conditions, progressing('True', 'ReplicaSetUpdated', `${who} is progressing.`), now)
  }
  if (isLate(deployment, conditions, now)) {
    return withCondition(conditions, progressing('False', timedOut, `${who} has timed out progressing.`), now)
  }
  return conditions
}

/** More new Pods, fewer old ones, or more that are ready or available. */
function movedOn(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) => replicas - updatedReplicas
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

function isLate(deployment: Deployment, conditions: Conditions, now: number): boolean {
  const known = conditionOf(conditions, 'Progressing')
  if (!known || known.reason === complete) return false
  return known.reason === timedOut || deadline(deployment, known.lastUpdateTime) < now
}

/** When to look again whether the roll-out is late; `undefined` where it cannot be. */
export function checkAfterMs(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const known = conditionOf(status.conditions ?? [], 'Progressing')
  if (!known || !hasDeadline(deployment) || deployment.spec.paused) return undefined
  if (isComplete(deployment, status) || known.reason === timedOut || known.reason === complete) return undefined
  // Times in objects are whole seconds: a second later it is surely past.
  return Math.max(1, deadline(deployment, known.lastUpdateTime) + 1000 - now)
}

function deadline({ spec }: Deployment, lastUpdateTime: string | undefined): number {
  return Date.parse(lastUpdateTime ?? '1970-01-01T00:00:00Z') + (spec.progressDeadlineSeconds ?? 0) * 1000
}
