/** The writes by which a claim and a volume come together and part. Each writes only what differs. */
import { edit, persistentVolumeClaims, persistentVolumes } from '@davit/core/client'
import type { ReconcileContext } from '@davit/core/controller'
import {
  bindCompleted,
  boundByController,
  isVolumeOfClaim,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '@davit/core/kinds'

type VolumePhase = 'Available' | 'Bound' | 'Released' | 'Failed'

export async function setVolumePhase(
  volume: PersistentVolume,
  phase: VolumePhase,
  { client, cause }: ReconcileContext,
  message?: string,
): Promise<PersistentVolume> {
  if (volume.status?.phase === phase && volume.status.message === message) return volume
  // When it changed, the API notes itself.
  const lastPhaseTransitionTime = volume.status?.lastPhaseTransitionTime
  const status = { phase, lastPhaseTransitionTime, ...(message !== undefined && { message }) }
  return client.updateStatus(persistentVolumes, { ...volume, status }, { cause })
}

/** The order is Kubernetes': whoever finds it half-way, this controller or Kubernetes' own, goes on from there. */
export async function bind(claim: PersistentVolumeClaim, volume: PersistentVolume, context: ReconcileContext): Promise<void> {
  const tied = await tieVolume(volume, claim, context)
  await setVolumePhase(tied, 'Bound', context)
  const { client, cause } = context
  const named = await tieClaim(claim, volume.metadata.name, context)
  const { capacity, accessModes } = volume.spec
  const { status } = named
  const wasBound = status?.phase === 'Bound'
  if (wasBound && sameModes(status?.accessModes, accessModes)) return
  // What a bound claim has was perhaps enlarged since; that is told by who enlarges it.
  const shown = wasBound ? status?.capacity : capacity
  const next = { ...status, phase: 'Bound' as const, accessModes, capacity: shown }
  await client.updateStatus(persistentVolumeClaims, { ...named, status: next }, { cause })
}

function sameModes(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((mode, index) => mode === b[index])
}

async function tieVolume(
  volume: PersistentVolume,
  claim: PersistentVolumeClaim,
  { client, cause }: ReconcileContext,
): Promise<PersistentVolume> {
  if (volume.spec.claimRef?.uid !== undefined && volume.spec.claimRef.uid === claim.metadata.uid) return volume
  const byUser = isVolumeOfClaim(volume, claim)
  const changed = edit(volume, (draft) => {
    draft.spec.claimRef = claimReference(claim)
    if (!byUser) draft.metadata.annotations = { ...draft.metadata.annotations, [boundByController]: 'yes' }
  })
  return client.update(persistentVolumes, changed, { cause })
}

export function claimReference({ apiVersion, kind, metadata }: PersistentVolumeClaim): PersistentVolume['spec']['claimRef'] {
  const { namespace, name, uid, resourceVersion } = metadata
  return { apiVersion, kind, namespace, name, uid, resourceVersion }
}

async function tieClaim(
  claim: PersistentVolumeClaim,
  volumeName: string,
  { client, cause }: ReconcileContext,
): Promise<PersistentVolumeClaim> {
  const done = claim.metadata.annotations?.[bindCompleted] !== undefined
  if (claim.spec.volumeName === volumeName && done) return claim
  const changed = edit(claim, (draft) => {
    const byController = draft.spec.volumeName ? {} : { [boundByController]: 'yes' }
    draft.spec.volumeName = volumeName
    draft.metadata.annotations = { ...draft.metadata.annotations, ...byController, [bindCompleted]: 'yes' }
  })
  return client.update(persistentVolumeClaims, changed, { cause })
}

export async function unbind(volume: PersistentVolume, keep: 'name' | 'nothing', context: ReconcileContext): Promise<void> {
  const changed = edit(volume, (draft) => {
    if (keep === 'name' && draft.spec.claimRef) {
      const { uid: _uid, resourceVersion: _version, ...named } = draft.spec.claimRef
      draft.spec.claimRef = named
      return
    }
    delete draft.spec.claimRef
    delete draft.metadata.annotations?.[boundByController]
  })
  const free = await context.client.update(persistentVolumes, changed, { cause: context.cause })
  await setVolumePhase(free, 'Available', context)
}

/** Answers whether it was another before. What a claim had is nothing once it is not bound. */
export async function setClaimPhase(
  claim: PersistentVolumeClaim,
  phase: 'Pending' | 'Lost',
  { client, cause }: ReconcileContext,
): Promise<boolean> {
  if (claim.status?.phase === phase) return false
  const { accessModes: _modes, capacity: _capacity, ...status } = claim.status ?? {}
  await client.updateStatus(persistentVolumeClaims, { ...claim, status: { ...status, phase } }, { cause })
  return true
}

export async function annotateClaim(
  claim: PersistentVolumeClaim,
  annotations: Readonly<Record<string, string>>,
  { client, cause }: ReconcileContext,
): Promise<PersistentVolumeClaim> {
  if (Object.entries(annotations).every(([key, value]) => claim.metadata.annotations?.[key] === value)) return claim
  const changed = edit(claim, (draft) => {
    draft.metadata.annotations = { ...draft.metadata.annotations, ...annotations }
  })
  return client.update(persistentVolumeClaims, changed, { cause })
}
