/** The claims of a Pod, and what they say about where it may run. Pure. */
import {
  bindCompleted,
  bindsWithPod,
  compareQuantities,
  ephemeralClaimName,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type StorageClass,
  sizeOfClaim,
  storageClassOf,
} from '@davit/core/kinds'
import type { Rejection } from '@davit/core/scheduler'

/** What is known of the cluster's storage. */
export interface Storage {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined
  volume(name: string): PersistentVolume | undefined
  storageClass(name: string): StorageClass | undefined
  /** Volumes that the claim might have: set aside for it, or free and of its class. */
  candidates(claim: PersistentVolumeClaim): readonly PersistentVolume[]
}

/** A claim that gets its volume together with the node of its Pod. */
export interface OpenClaim {
  readonly claim: PersistentVolumeClaim
  readonly storageClass: StorageClass
  readonly candidates: readonly PersistentVolume[]
}
/** Of one Pod, in one cycle. */
export interface Wanted {
  readonly bound: readonly (PersistentVolume | undefined)[]
  /** The smallest first, so that they leave the large volumes to those who need them. */
  readonly open: readonly OpenClaim[]
  /** Names of claims that no two Pods may use. */
  readonly exclusive: readonly string[]
}

/** Undefined where a Pod has none, as most have. */
export function claimsOf(pod: Pod): readonly { readonly name: string; readonly ephemeral: boolean }[] | undefined {
  const { volumes } = pod.spec
  if (!volumes) return undefined
  let found: { name: string; ephemeral: boolean }[] | undefined
  for (const { name, persistentVolumeClaim, ephemeral } of volumes) {
    if (!persistentVolumeClaim && !ephemeral) continue
    found ??= []
    if (persistentVolumeClaim) found.push({ name: persistentVolumeClaim.claimName, ephemeral: false })
    else found.push({ name: ephemeralClaimName(pod, name), ephemeral: true })
  }
  return found
}

/** Undefined for a Pod without claims; a rejection where no node would do. */
export function wantedBy(pod: Pod, storage: Storage): Wanted | { readonly rejection: Rejection } | undefined {
  const claims = claimsOf(pod)
  if (!claims) return undefined
  const [bound, open, exclusive]: [(PersistentVolume | undefined)[], OpenClaim[], string[]] = [[], [], []]
  for (const { name, ephemeral } of claims) {
    const claim = storage.claim(pod.metadata.namespace ?? '', name)
    const problem = problemOf(claim, name, ephemeral, pod)
    if (problem !== undefined || !claim) return refused(problem ?? '')
    if (claim.spec.accessModes?.includes('ReadWriteOncePod')) exclusive.push(name)
    const { volumeName } = claim.spec
    if (volumeName && claim.metadata.annotations?.[bindCompleted] !== undefined) bound.push(storage.volume(volumeName))
    else {
      const storageClass = storage.storageClass(storageClassOf(claim))
      // One that names its volume is bound without waiting for a Pod.
      if (volumeName || !storageClass || !bindsWithPod(storageClass)) {
        return refused('pod has unbound immediate PersistentVolumeClaims')
      }
      open.push({ claim, storageClass, candidates: storage.candidates(claim) })
    }
  }
  open.sort((a, b) => compareQuantities(sizeOfClaim(a.claim), sizeOfClaim(b.claim)))
  return { bound, open, exclusive }
}

function problemOf(claim: PersistentVolumeClaim | undefined, name: string, ephemeral: boolean, pod: Pod): string | undefined {
  if (!claim) {
    return ephemeral
      ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
      : `persistentvolumeclaim "${name}" not found`
  }
  const { metadata, spec, status } = claim
  if (status?.phase === 'Lost')
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${spec.volumeName ?? ''}"`
  if (metadata.deletionTimestamp !== undefined) return `persistentvolumeclaim "${name}" is being deleted`
  const isOwn = metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === pod.metadata.uid)
  return ephemeral && !isOwn ? `PVC ${metadata.namespace}/${name} was not created for this pod (pod is not owner)` : undefined
}

function refused(reason: string): { readonly rejection: Rejection } {
  return { rejection: { reason, unresolvable: true } }
}
