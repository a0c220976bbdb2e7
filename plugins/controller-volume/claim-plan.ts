/** What is to be done about a claim, as Kubernetes does it. Pure. */
import {
  awaitsDefaultClass,
  bindCompleted,
  bindsWithPod,
  boundByController,
  isVolumeOfClaim,
  matchVolume,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  selectedNode,
  storageClassOf,
  volumeMismatch,
} from '@davit/core/kinds'

export interface Notice {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}
export type ClaimPlan =
  /** Both sides are to point at each other. */
  | { readonly act: 'bind'; readonly volume: PersistentVolume }
  | { readonly act: 'phase'; readonly phase: 'Pending' | 'Lost'; readonly notice?: Notice }
  /** It named no class, and there is a default one by now. */
  | { readonly act: 'classify'; readonly storageClass: string }
  | { readonly act: 'provision' }
  | { readonly act: 'nothing' }

export interface ClaimView {
  readonly claim: PersistentVolumeClaim
  /** Volumes that the claim might have. This and what follows is asked only where it matters. */
  candidates(): readonly PersistentVolume[]
  volume(name: string): PersistentVolume | undefined
  /** The one that the claim names, as far as it is there. */
  readonly storageClass: StorageClass | undefined
  defaultClass(): string | undefined
  /** A Pod that uses the claim and has no node yet. */
  waitingPod(): string | undefined
}

export function planClaim(view: ClaimView): ClaimPlan {
  const { metadata, spec } = view.claim
  if (metadata.annotations?.[bindCompleted] !== undefined) return planBound(view)
  if (metadata.deletionTimestamp !== undefined) return { act: 'nothing' }
  return spec.volumeName ? planNamed(view, spec.volumeName) : planOpen(view)
}

function planOpen({ claim, candidates, storageClass, defaultClass, waitingPod }: ClaimView): ClaimPlan {
  const withPod = bindsWithPod(storageClass)
  const volume = matchVolume(claim, candidates(), { reservedOnly: withPod })
  if (volume) return { act: 'bind', volume }
  const classToBe = awaitsDefaultClass(claim) ? defaultClass() : undefined
  if (classToBe !== undefined) return { act: 'classify', storageClass: classToBe }
  if (withPod && claim.metadata.annotations?.[selectedNode] === undefined) return pending(waiting(waitingPod()))
  if (storageClassOf(claim) !== '') return { act: 'provision' }
  const message = 'no persistent volumes available for this claim and no storage class is set'
  return pending({ type: 'Normal', reason: 'FailedBinding', message })
}

function waiting(pod: string | undefined): Notice {
  if (pod !== undefined) {
    return { type: 'Normal', reason: 'WaitForPodScheduled', message: `waiting for pod ${pod} to be scheduled` }
  }
  const message = 'waiting for first consumer to be created before binding'
  return { type: 'Normal', reason: 'WaitForFirstConsumer', message }
}

/** It asks for one volume, or a former run came half-way. */
function planNamed({ claim, volume }: ClaimView, name: string): ClaimPlan {
  const found = volume(name)
  if (!found) return pending()
  if (found.spec.claimRef === undefined) {
    const mismatch = volumeMismatch(claim, found)
    if (mismatch === undefined) return { act: 'bind', volume: found }
    const message = `Cannot bind to requested volume "${name}": ${mismatch}`
    return pending({ type: 'Warning', reason: 'VolumeMismatch', message })
  }
  if (isVolumeOfClaim(found, claim)) return { act: 'bind', volume: found }
  if (claim.metadata.annotations?.[boundByController] !== undefined) return pending()
  const message = `volume "${name}" already bound to a different claim.`
  return pending({ type: 'Warning', reason: 'FailedBinding', message })
}

function planBound({ claim, volume }: ClaimView): ClaimPlan {
  const { volumeName } = claim.spec
  if (!volumeName) {
    return lost('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!')
  }
  const found = volume(volumeName)
  if (!found) return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
  const { claimRef } = found.spec
  if (claimRef === undefined || claimRef.uid === claim.metadata.uid) return { act: 'bind', volume: found }
  return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly')
}

function pending(notice?: Notice): ClaimPlan {
  return { act: 'phase', phase: 'Pending', ...(notice && { notice }) }
}

function lost(reason: string, message: string): ClaimPlan {
  return { act: 'phase', phase: 'Lost', notice: { type: 'Warning', reason, message } }
}
