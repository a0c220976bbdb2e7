/** What a StatefulSet's Pods come to, as its status says it; pure. */
import { availableInMs, isPodAvailable, soonest } from '@davit/core/controller'
import type { Pod, StatefulSet, StatefulSetStatus } from '@davit/core/kinds'
import { revisionOf } from './identity.js'
import { isServing } from './plan.js'

export interface Revisions {
  /** Names. */
  readonly current: string
  readonly update: string
  readonly collisionCount: number
}

export function statefulStatus(set: StatefulSet, pods: readonly Pod[], revisions: Revisions, now: number): StatefulSetStatus {
  const { metadata, spec } = set
  const { conditions } = set.status ?? {}
  const { update, collisionCount } = revisions
  const serving = pods.filter(isServing)
  const staying = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined)
  const of = (name: string) => staying.filter((pod) => revisionOf(pod) === name).length
  const replicas = pods.length
  const updated = of(update)
  const complete =
    spec.updateStrategy?.type === 'RollingUpdate' &&
    [updated, serving.length, replicas].every((count) => count === (spec.replicas ?? 1))
  return {
    ...counted('observedGeneration', metadata.generation ?? 0),
    replicas,
    ...counted('readyReplicas', serving.length),
    ...counted('currentReplicas', complete ? updated : of(revisions.current)),
    ...counted('updatedReplicas', updated),
    currentRevision: complete ? update : revisions.current,
    updateRevision: update,
    collisionCount,
    availableReplicas: serving.filter((pod) => isPodAvailable(pod, spec.minReadySeconds ?? 0, now)).length,
    ...(conditions && { conditions }),
  }
}

/** Milliseconds until the next Pod has been ready for long enough; `undefined` where none is on the way. */
export function nextAvailableMs({ spec }: StatefulSet, pods: readonly Pod[], now: number): number | undefined {
  return soonest(pods.map((pod) => availableInMs(pod, spec.minReadySeconds ?? 0, now)))
}

/** Zero is absent in what the API stores. */
function counted(field: string, count: number): Record<string, number> {
  return count === 0 ? {} : { [field]: count }
}
