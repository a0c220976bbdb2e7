/** What an owner's Pods lack, pure: which to take on or let go, and how many to make or remove. */
import { adoptAndRelease, type Claim, isPodActive } from '@davit/core/controller'
import type { Pod, Selector } from '@davit/core/kinds'
import { type Owner, replicaSpec } from './owners.js'

/** The most Pods that are made or removed in one reconcile, so that one owner leaves room for the others. */
export const burst = 500

export interface ReplicaPlan {
  readonly claim: Claim<Pod>
  /** Those that count, once the claim is carried out. */
  readonly pods: readonly Pod[]
  /** How many to make now. */
  readonly create: number
  /** How many of `pods` to remove now. */
  readonly remove: number
}

/** `candidates`: the owner's Pods, and those of its namespace that nobody controls. */
export function planReplicas(owner: Owner, selector: Selector, candidates: readonly Pod[]): ReplicaPlan {
  const claim = adoptAndRelease(owner, selector, candidates.filter(isPodActive))
  const pods = [...claim.owned, ...claim.adopt]
  // An owner on its way out leaves its Pods to the garbage collector, or to whoever orphaned them.
  if (owner.metadata.deletionTimestamp) return { claim, pods, create: 0, remove: 0 }
  const missing = replicaSpec(owner).replicas - pods.length
  return { claim, pods, create: clamp(missing), remove: clamp(-missing) }
}

function clamp(count: number): number {
  return Math.max(0, Math.min(burst, count))
}
