/** What a DaemonSet's nodes come to, as its status says it; pure. */
import { availableInMs, isPodReady, soonest } from '@davit/core/controller'
import type { DaemonSet, DaemonSetStatus, Pod } from '@davit/core/kinds'
import { isServing, isUpdated, type Seat } from './plan.js'

export interface Seen {
  readonly set: DaemonSet
  readonly seats: readonly Seat[]
  readonly hash: string
  readonly collisionCount: number
  readonly now: number
}

/** Of several Pods on a node the oldest counts. */
export function daemonStatus(seen: Seen): DaemonSetStatus {
  const { set, seats, hash, collisionCount } = seen
  const meant = seats.filter(({ runs }) => runs)
  const pods = meant.flatMap((seat) => seat.pods.slice(0, 1))
  const available = pods.filter((pod) => isPodReady(pod) && isServing(seen, pod)).length
  const { conditions } = set.status ?? {}
  return {
    currentNumberScheduled: pods.length,
    numberMisscheduled: seats.filter(({ runs, pods: there }) => !runs && there.length > 0).length,
    desiredNumberScheduled: meant.length,
    numberReady: pods.filter(isPodReady).length,
    ...counted('observedGeneration', set.metadata.generation ?? 0),
    ...counted('updatedNumberScheduled', pods.filter((pod) => isUpdated(pod, hash)).length),
    ...counted('numberAvailable', available),
    ...counted('numberUnavailable', meant.length - available),
    ...((set.status?.collisionCount !== undefined || collisionCount > 0) && { collisionCount }),
    ...(conditions && { conditions }),
  }
}

/** Milliseconds until the next Pod has been ready for long enough; `undefined` where none is on the way. */
export function nextAvailableMs({ spec }: DaemonSet, pods: readonly Pod[], now: number): number | undefined {
  return soonest(pods.map((pod) => availableInMs(pod, spec.minReadySeconds ?? 0, now)))
}

/** Zero is absent in what the API stores, but for the fields that must be there. */
function counted(field: string, count: number): Record<string, number> {
  return count === 0 ? {} : { [field]: count }
}
