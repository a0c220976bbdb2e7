/** Carries out a claim: gives references to what is adopted, and takes them from what is released. */
import { isConflict, isNotFound, type ResourceRef } from '../client/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import type { Claim } from './claim.js'
import type { ReconcileContext } from './contract.js'
import { ownerReference } from './owner.js'

export interface ClaimWrite<Owner extends KubeObject, T extends KubeObject> {
  readonly owner: Owner
  readonly ownerResource: ResourceRef<Owner>
  readonly resource: ResourceRef<T>
  readonly claim: Claim<T>
  /** Comes and goes with the reference. */
  readonly finalizer?: string
}

/**
 * Answers with what was taken on, as the API has it; what is gone meanwhile is left out. Rejects when something could
 * not be adopted, with everything else done. Before the first adoption the owner is read anew: one that was deleted
 * meanwhile, or replaced by another of its name, must not take anything on.
 */
export async function writeClaim<Owner extends KubeObject, T extends KubeObject>(
  context: Pick<ReconcileContext, 'client' | 'cause'>,
  { owner, ownerResource, resource, claim, finalizer }: ClaimWrite<Owner, T>,
): Promise<readonly T[]> {
  const { client, cause } = context
  const added = finalizer === undefined ? {} : { finalizers: [finalizer] }
  const removed = finalizer === undefined ? {} : { '$deleteFromPrimitiveList/finalizers': [finalizer] }
  const patch = async (object: T, references: readonly object[], finalizers: object) => {
    const { namespace = '', name, uid } = object.metadata
    const body = { metadata: { uid, ownerReferences: references, ...finalizers } }
    return client.patch(resource, namespace, name, 'strategic', body, { cause })
  }
  if (claim.adopt.length > 0) await checkOwner(client, owner, ownerResource)
  const adoptions = claim.adopt.map((object) => patch(object, [ownerReference(owner)], added).catch(unless(isNotFound)))
  const releases = claim.release.map((object) =>
    patch(object, [{ $patch: 'delete', uid: owner.metadata.uid }], removed).catch(unless(isReleasedOrGone)),
  )
  const results = await Promise.allSettled([...adoptions, ...releases])
  const failure = results.find((result) => result.status === 'rejected')
  if (failure?.status === 'rejected') throw failure.reason
  return (await Promise.all(adoptions)).filter((object) => object !== undefined)
}

async function checkOwner<Owner extends KubeObject>(
  client: ReconcileContext['client'],
  owner: Owner,
  resource: ResourceRef<Owner>,
): Promise<void> {
  const { namespace = '', name, uid } = owner.metadata
  const fresh = await client.get(resource, namespace, name)
  if (fresh.metadata.uid !== uid) throw new Error(`${owner.kind} ${namespace}/${name} was replaced by another of its name`)
  if (fresh.metadata.deletionTimestamp) throw new Error(`${owner.kind} ${namespace}/${name} is being deleted and adopts nothing`)
}

/** It is gone, or another object has its name by now, whose uid is not the one in the patch. */
function isReleasedOrGone(error: unknown): boolean {
  return isNotFound(error) || isConflict(error)
}

function unless(expected: (error: unknown) => boolean) {
  return (error: unknown): undefined => {
    if (!expected(error)) throw error
    return undefined
  }
}
