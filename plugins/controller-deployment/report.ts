/** The status that a reconcile ends with, and the revision that goes with it. */
import { deployments, edit } from '@davit/core/client'
import type { ReconcileContext } from '@davit/core/controller'
import { type Deployment, type DeploymentStatus, equalJson } from '@davit/core/kinds'
import { revisionAnnotation } from './annotations.js'
import { afterNextSet, afterPause, afterProgress, type NextSet } from './progress.js'
import type { Sets } from './sets.js'
import { countedStatus, withFailures } from './status.js'

export interface Report {
  readonly deployment: Deployment
  /** As they are stored now. */
  readonly sets: Sets
  /** The strategy was asked: whether it gets on is part of the status. */
  readonly rolling: boolean
  readonly nextSet: NextSet | undefined
  readonly collisionCount: number | undefined
}

export function reportedStatus({ deployment, sets, rolling, nextSet, collisionCount }: Report, now: number): DeploymentStatus {
  const going = deployment.metadata.deletionTimestamp !== undefined
  const before = deployment.status?.conditions ?? []
  const paused = going ? before : afterPause(deployment, before, now)
  const told = afterNextSet(deployment, paused, nextSet, now)
  const status = countedStatus({ deployment, sets, conditions: told, collisionCount, now })
  if (!rolling) return status
  const conditions = afterProgress({ deployment, next: sets.next, status, conditions: status.conditions ?? [], now })
  return { ...status, conditions: [...withFailures(conditions, sets, now)] }
}

/** Writes it where it says something new. */
export async function writeReport(context: ReconcileContext, report: Report): Promise<DeploymentStatus> {
  const { deployment, sets } = report
  const status = reportedStatus(report, context.clock.now())
  const known = deployment.metadata.annotations?.[revisionAnnotation]
  const revision = sets.next?.metadata.annotations?.[revisionAnnotation] ?? known
  if (revision === known && equalJson(status, deployment.status)) return status
  const changed = edit(deployment, (draft) => {
    draft.status = status
    if (revision !== undefined) draft.metadata.annotations = { ...draft.metadata.annotations, [revisionAnnotation]: revision }
  })
  await context.client.updateStatus(deployments, changed, { cause: context.cause })
  return status
}
