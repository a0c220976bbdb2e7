/** What belongs to an owner, once that is written. */
import type { Informer, ResourceRef } from '../client/contract.js'
import type { KubeObject, Selector } from '../kinds/contract.js'
import { adoptAndRelease } from './claim.js'
import { writeClaim } from './claim-write.js'
import type { ReconcileContext } from './contract.js'
import { dependantsOf, orphansIn } from './dependants.js'

export interface ClaimRequest<Owner extends KubeObject, T extends KubeObject> {
  readonly owner: Owner
  readonly ownerResource: ResourceRef<Owner>
  /** `undefined`, or one of everything: who has the owner's reference is the owner's, and nobody else is looked at. */
  readonly selector: Selector | undefined
  readonly resource: ResourceRef<T>
  /** With the indexes of `indexDependants`. */
  readonly informer: Informer<T>
  /** Which of the owner's, and of those that it would take on, count at all; absent: all. */
  readonly counts?: (object: T) => boolean
  /** Comes and goes with the reference. */
  readonly finalizer?: string
}

/**
 * Takes on and lets go what is to be, and answers what is the owner's then: as the informer has it, or, for what was
 * taken on, as the API has it. No write where nothing changes. Rejects when something could not be adopted.
 */
export async function claimDependants<Owner extends KubeObject, T extends KubeObject>(
  context: Pick<ReconcileContext, 'client' | 'cause'>,
  { owner, ownerResource, selector, resource, informer, counts = () => true, finalizer }: ClaimRequest<Owner, T>,
): Promise<readonly T[]> {
  const own = dependantsOf(informer, owner).filter(counts)
  if (!selector || selector.everything) return own
  const orphans = orphansIn(informer, owner.metadata.namespace ?? '').filter(counts)
  const claim = adoptAndRelease(owner, selector, [...own, ...orphans])
  if (claim.adopt.length + claim.release.length === 0) return claim.owned
  const more = finalizer === undefined ? {} : { finalizer }
  const adopted = await writeClaim(context, { owner, ownerResource, resource, claim, ...more })
  return [...claim.owned, ...adopted]
}
