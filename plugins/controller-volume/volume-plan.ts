/** What is to be done about a volume, as Kubernetes does it. Pure. */

import { provisionedByAnnotation } from '@davit/core/controller'
import { boundByController, type PersistentVolume, type PersistentVolumeClaim } from '@davit/core/kinds'
import type { Notice } from './claim-plan.js'

export type VolumePlan =
  | { readonly act: 'phase'; readonly phase: 'Available' | 'Bound' }
  /** Its claim is there and does not name it yet: the claim's own plan does the rest. */
  | { readonly act: 'wakeClaim' }
  /** Its claim can never have it; both sides are told. */
  | { readonly act: 'tell'; readonly notice: Notice }
  /** Its claim has another volume. `name`: a user set it aside for a claim of this name, and that stays. */
  | { readonly act: 'unbind'; readonly keep: 'name' | 'nothing' }
  | { readonly act: 'release' }

/** `claim`: the one that the volume names, also by uid; undefined where that is gone. */
export function planVolume(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumePlan {
  const { claimRef, persistentVolumeReclaimPolicy: policy } = volume.spec
  // Without a uid it is only set aside.
  if (!claimRef?.uid) return { act: 'phase', phase: 'Available' }
  if (!claim) return { act: 'release' }
  const { volumeName } = claim.spec
  if (volumeName === volume.metadata.name) return { act: 'phase', phase: 'Bound' }
  if (!volumeName) return (claim.spec.volumeMode ?? filesystem) === (volume.spec.volumeMode ?? filesystem) ? wake : mismatch
  const { annotations = {} } = volume.metadata
  if (annotations[provisionedByAnnotation] !== undefined && policy === 'Delete') return { act: 'release' }
  return { act: 'unbind', keep: annotations[boundByController] === undefined ? 'name' : 'nothing' }
}

const filesystem = 'Filesystem'
const wake: VolumePlan = { act: 'wakeClaim' }
const mismatch: VolumePlan = {
  act: 'tell',
  notice: {
    type: 'Warning',
    reason: 'VolumeMismatch',
    message: 'Cannot bind PersistentVolume to requested PersistentVolumeClaim due to incompatible volumeMode',
  },
}

export type ReclaimPlan =
  /** The data stays, and so does the volume. */
  | { readonly act: 'keep' }
  | { readonly act: 'remove'; readonly provisioner: string }
  | { readonly act: 'fail'; readonly notice: Notice }

/** Of a volume that was released. */
export function planReclaim(volume: PersistentVolume): ReclaimPlan {
  const { metadata, spec } = volume
  if (spec.persistentVolumeReclaimPolicy === 'Recycle') {
    // As in Kubernetes for every volume that no recycler serves; the policy is deprecated, and Davit has none.
    const message = 'No recycler plugin found for the volume!'
    return { act: 'fail', notice: { type: 'Warning', reason: 'VolumeFailedRecycle', message } }
  }
  if (spec.persistentVolumeReclaimPolicy !== 'Delete') return { act: 'keep' }
  const provisioner = metadata.annotations?.[provisionedByAnnotation]
  if (provisioner !== undefined) return { act: 'remove', provisioner }
  const message = `error getting deleter volume plugin for volume "${metadata.name}": no deletable volume plugin matched`
  return { act: 'fail', notice: { type: 'Warning', reason: 'VolumeFailedDelete', message } }
}
