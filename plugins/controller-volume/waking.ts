/** Which claims and volumes a change may concern. */
import type { Informer } from '@davit/core/client'
import { type Change, namespacedKey } from '@davit/core/controller'
import {
  awaitsDefaultClass,
  equalJson,
  offerOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  storageClassOf,
} from '@davit/core/kinds'

export interface StorageIndex {
  readonly claims: Informer<PersistentVolumeClaim>
  readonly volumes: Informer<PersistentVolume>
}

export const keyOfClaim = (claim: PersistentVolumeClaim): string => `claim/${namespacedKey(claim)}`
export const keyOfVolume = ({ metadata }: PersistentVolume): string => `volume/${metadata.name}`

export const byOffer = 'offer'

/** Claims by the volume that they name and, as long as they name none, by class; volumes by the claim that they name, and by whom they may serve. */
export function indexStorage({ claims, volumes }: StorageIndex): void {
  claims.index('volume', ({ spec }) => (spec.volumeName ? [spec.volumeName] : []))
  claims.index('open', (claim) => (claim.spec.volumeName ? [] : [storageClassOf(claim)]))
  volumes.index('claim', ({ spec: { claimRef } }) => (claimRef ? [`${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`] : []))
  volumes.index(byOffer, (volume) => [offerOf(volume)])
}

/** The claims that name it or that it names; and where it may be had as it could not before, those that look for one. */
export function volumeWakes(
  volume: PersistentVolume,
  { old, deleted }: Change<PersistentVolume>,
  storage: StorageIndex | undefined,
): readonly string[] {
  if (!storage) return []
  const { claimRef } = volume.spec
  const named = claimRef ? [`claim/${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`] : []
  const naming = storage.claims.byIndex('volume', volume.metadata.name).map(keyOfClaim)
  const open = !deleted && becameFree(volume, old) ? storage.claims.byIndex('open', storageClassOf(volume)).map(keyOfClaim) : []
  return [...new Set([...named, ...naming, ...open])]
}

function becameFree(volume: PersistentVolume, old: PersistentVolume | undefined): boolean {
  if (volume.status?.phase !== 'Available' || volume.spec.claimRef) return false
  return old?.status?.phase !== 'Available' || !equalJson(offer(volume), offer(old))
}

function offer({ metadata, spec }: PersistentVolume): object {
  return { spec, labels: metadata.labels }
}

/** Claims of the class, and those that wait for the default one. */
export function classWakes({ metadata }: StorageClass, storage: StorageIndex | undefined): readonly string[] {
  if (!storage) return []
  const own = storage.claims.byIndex('open', metadata.name)
  const classless = storage.claims.byIndex('open', '').filter(awaitsDefaultClass)
  return [...own, ...classless].map(keyOfClaim)
}
