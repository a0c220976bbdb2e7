/** How many Pods an owner lacks, or has too many of; pure. */
import { type Owner, replicaSpec } from './owners.js'

/** The most Pods that are made or removed in one reconcile, so that one owner leaves room for the others. */
export const burst = 500

export interface ReplicaPlan {
  /** How many to make now. */
  readonly create: number
  /** How many to remove now. */
  readonly remove: number
}

/** `present`: its Pods that are neither finished nor on their way out. */
export function planReplicas(owner: Owner, present: number): ReplicaPlan {
  // An owner on its way out leaves its Pods to the garbage collector, or to whoever orphaned them.
  if (owner.metadata.deletionTimestamp) return { create: 0, remove: 0 }
  const missing = replicaSpec(owner).replicas - present
  return { create: clamp(missing), remove: clamp(-missing) }
}

function clamp(count: number): number {
  return Math.max(0, Math.min(burst, count))
}
