/** The claims that each Pod's storage has, and who owns them; pure. */
import { ownerReference } from '@davit/core/controller'
import type { OwnerReference, PersistentVolumeClaim, Pod, StatefulSet } from '@davit/core/kinds'
import { isWanted, podName, splitNumbered } from './identity.js'

export function claimName(set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string {
  return `${template.metadata.name}-${podName(set, ordinal)}`
}

/** Those of one Pod, as they are made. */
export function claimsOf(set: StatefulSet, ordinal: number): readonly PersistentVolumeClaim[] {
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...template.metadata,
      name: claimName(set, template, ordinal),
      namespace: set.metadata.namespace,
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
      ...(deletedWith(set) && { ownerReferences: [ownerReference(set)] }),
    },
    spec: template.spec,
  }))
}

/** The set whose claim has that name, among `sets`. */
export function setsOfClaim(name: string, sets: readonly StatefulSet[]): readonly StatefulSet[] {
  const parent = splitNumbered(name)?.parent
  return sets.filter(({ metadata, spec }) =>
    (spec.volumeClaimTemplates ?? []).some((template) => `${template.metadata.name}-${metadata.name}` === parent),
  )
}

/** It belongs to an earlier Pod of the same name, and goes with it: the next Pod waits for a fresh one. */
export function isStale(claim: PersistentVolumeClaim, podOfClaim: string, uid: string | undefined): boolean {
  return (claim.metadata.ownerReferences ?? []).some(
    (reference) => reference.kind === 'Pod' && reference.name === podOfClaim && reference.uid !== uid,
  )
}

/**
 * The references that the claim is to have by the retention policy: the set's where it goes with the set, the Pod's
 * where the Pod is scaled down and takes it along. `undefined`: they are so already, or somebody else controls it.
 */
export function retainedReferences(
  set: StatefulSet,
  pod: Pod,
  ordinal: number,
  claim: PersistentVolumeClaim,
): OwnerReference[] | undefined {
  const present = claim.metadata.ownerReferences ?? []
  const uids = [set.metadata.uid, pod.metadata.uid]
  if (present.some(({ controller, uid }) => controller && !uids.includes(uid))) return undefined
  const goesWithPod = set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete' && !isWanted(set, ordinal)
  const owner = goesWithPod ? pod : deletedWith(set) ? set : undefined
  const owned = present.filter(({ uid }) => uids.includes(uid))
  if (owned.length === (owner ? 1 : 0) && owned.every(({ uid }) => uid === owner?.metadata.uid)) return undefined
  const others = present.filter(({ uid }) => !uids.includes(uid))
  return owner ? [...others, ownerReference(owner)] : others
}

function deletedWith({ spec }: StatefulSet): boolean {
  return spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete'
}
