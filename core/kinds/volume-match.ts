/** Which volume a claim may have. Pure; asked by whoever binds claims and by whoever places Pods. */
import { createHash } from 'node:crypto'
import { matchesNodeTerm } from './node-selector.js'
import { compareQuantities } from './quantity.js'
import { selectorFromObject } from './selector.js'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from './types.js'

/** Annotation of a claim: what binds it is done. */
export const bindCompleted = 'pv.kubernetes.io/bind-completed'
/** Annotation of a claim or a volume: nobody asked for this other one by name. */
export const boundByController = 'pv.kubernetes.io/bound-by-controller'
/** Annotation of a claim: the node of the Pod that it waited for. */
export const selectedNode = 'volume.kubernetes.io/selected-node'
/** Another name for the field, from before it was there. */
const classAnnotation = 'volume.beta.kubernetes.io/storage-class'
const defaultMarks = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']

/** The class that a claim or a volume names; '' for none. */
export function storageClassOf({ metadata, spec }: PersistentVolume | PersistentVolumeClaim): string {
  return metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? ''
}

/** A claim that says nothing at all of a class, not even "none": the default one may be filled in. */
export function awaitsDefaultClass({ metadata, spec }: PersistentVolumeClaim): boolean {
  return spec.storageClassName === undefined && metadata.annotations?.[classAnnotation] === undefined
}

/** Of several that are marked the newest, and of those made in one second the first by name. */
export function defaultStorageClass(classes: readonly StorageClass[]): StorageClass | undefined {
  let found: StorageClass | undefined
  for (const each of classes) {
    if (!defaultMarks.some((mark) => each.metadata.annotations?.[mark] === 'true')) continue
    if (!found || isNewer(each, found)) found = each
  }
  return found
}

function isNewer({ metadata: a }: StorageClass, { metadata: b }: StorageClass): boolean {
  const [first = '', second = ''] = [a.creationTimestamp, b.creationTimestamp]
  return first === second ? a.name < b.name : first > second
}

/** A claim of the class waits until a Pod that uses it has its node. */
export function bindsWithPod(storageClass: StorageClass | undefined): boolean {
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer'
}

export function sizeOfClaim({ spec }: PersistentVolumeClaim): string {
  return spec.resources?.requests?.storage ?? '0'
}
export function sizeOfVolume({ spec }: PersistentVolume): string {
  return spec.capacity?.storage ?? '0'
}

/** The volume is set aside for the claim, by a user (then perhaps without a uid) or because it is bound. */
export function isVolumeOfClaim({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  if (!claimRef || claimRef.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false
  return !claimRef.uid || claimRef.uid === metadata.uid
}

/** Whether the node is one that can reach the volume. */
export function reachesVolume({ spec }: PersistentVolume, node: Node): boolean {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms
  return !terms || terms.some((term) => matchesNodeTerm(term, node))
}

/** The name of the VolumeAttachment by which a driver's volume is attached to a node, as every part of a cluster forms it. */
export function attachmentName(driver: string, volumeHandle: string, node: string): string {
  return `csi-${createHash('sha256').update(`${volumeHandle}${driver}${node}`).digest('hex')}`
}

/** The claim of a generic ephemeral volume of a Pod. */
export function ephemeralClaimName({ metadata }: Pod, volume: string): string {
  return `${metadata.name}-${volume}`
}

/** Why a volume that the claim asks for by name cannot be its own; undefined: it can. */
export function volumeMismatch(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  if (compareQuantities(sizeOfVolume(volume), sizeOfClaim(claim)) < 0) return 'requested PV is too small'
  if (storageClassOf(volume) !== storageClassOf(claim)) return 'storageClassName does not match'
  if (modeOf(claim) !== modeOf(volume)) return 'incompatible volumeMode'
  if (!hasAccessModes(claim, volume)) return 'incompatible accessMode'
  return undefined
}

/** Under which key an index of volumes keeps one: that of its claim where it is set aside, else that of its class. */
export function offerOf(volume: PersistentVolume): string {
  const { claimRef } = volume.spec
  return claimRef ? `claim ${claimRef.namespace ?? ''}/${claimRef.name ?? ''}` : `class ${storageClassOf(volume)}`
}
/** Under which keys of such an index a claim finds all that it might have. */
export function offersTo(claim: PersistentVolumeClaim): readonly string[] {
  const { namespace = '', name } = claim.metadata
  return [`claim ${namespace}/${name}`, `class ${storageClassOf(claim)}`]
}

export interface VolumeChoice {
  /** Only volumes that this node reaches. */
  readonly node?: Node
  /** Names of volumes that are promised to others. */
  readonly without?: ReadonlySet<string>
  /** Only a volume that is set aside for the claim: of a claim that is bound together with its Pod. */
  readonly reservedOnly?: boolean
}

/**
 * The volume that fits a claim best: the one that is set aside for it, else the smallest that is large enough; of equal
 * ones the one with the fewest other access modes, then the first by name.
 */
export function matchVolume(
  claim: PersistentVolumeClaim,
  volumes: Iterable<PersistentVolume>,
  { node, without, reservedOnly = false }: VolumeChoice = {},
): PersistentVolume | undefined {
  let best: PersistentVolume | undefined
  for (const volume of volumes) {
    if (without?.has(volume.metadata.name) || volume.metadata.deletionTimestamp !== undefined) continue
    const reserved = isVolumeOfClaim(volume, claim)
    if (volume.spec.claimRef && !reserved) continue
    if (!isLargeEnough(claim, volume)) continue
    const reached = node === undefined || reachesVolume(volume, node)
    if (reserved) return reached ? volume : undefined
    if (reservedOnly || !reached || !isFree(claim, volume)) continue
    if (!best || isBetter(volume, best)) best = volume
  }
  return best
}

function isLargeEnough(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return compareQuantities(sizeOfVolume(volume), sizeOfClaim(claim)) >= 0 && modeOf(claim) === modeOf(volume)
}

function isFree(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  if (volume.status?.phase !== 'Available' || storageClassOf(volume) !== storageClassOf(claim)) return false
  if (!hasAccessModes(claim, volume)) return false
  const { selector } = claim.spec
  return selector === undefined || (selectorFromObject(selector).value?.matches(volume.metadata.labels) ?? false)
}

function isBetter(volume: PersistentVolume, best: PersistentVolume): boolean {
  const size = compareQuantities(sizeOfVolume(volume), sizeOfVolume(best))
  if (size !== 0) return size < 0
  const modes = (volume.spec.accessModes?.length ?? 0) - (best.spec.accessModes?.length ?? 0)
  return modes === 0 ? volume.metadata.name < best.metadata.name : modes < 0
}

function hasAccessModes(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return (claim.spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode))
}

const modeOf = ({ spec }: PersistentVolume | PersistentVolumeClaim): string => spec.volumeMode ?? 'Filesystem'
