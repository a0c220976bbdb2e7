/** Whether a claim is to grow, and what its status says meanwhile. Pure. */
import { provisionedByAnnotation } from '@davit/core/controller'
import {
  compareQuantities,
  type PersistentVolume,
  type PersistentVolumeClaim,
  sizeOfClaim,
  sizeOfVolume,
} from '@davit/core/kinds'

type Status = NonNullable<PersistentVolumeClaim['status']>

export type ExpansionPlan =
  | { readonly act: 'nothing' }
  /** The volume is large enough already; only the claim does not say so. */
  | { readonly act: 'tell'; readonly size: string }
  | { readonly act: 'expand'; readonly size: string; readonly provisioner: string | undefined }

export function planExpansion(claim: PersistentVolumeClaim, volume: PersistentVolume | undefined): ExpansionPlan {
  const { metadata, status } = claim
  if (!volume || status?.phase !== 'Bound' || metadata.deletionTimestamp !== undefined) return { act: 'nothing' }
  if (volume.spec.claimRef?.uid !== metadata.uid) return { act: 'nothing' }
  const [size, has] = [sizeOfClaim(claim), status.capacity?.storage ?? '0']
  if (compareQuantities(size, has) <= 0) {
    // A growth that failed was taken back.
    return isResizing(status) ? { act: 'tell', size: has } : { act: 'nothing' }
  }
  if (compareQuantities(sizeOfVolume(volume), size) >= 0) return { act: 'tell', size: sizeOfVolume(volume) }
  return { act: 'expand', size, provisioner: volume.metadata.annotations?.[provisionedByAnnotation] }
}

export function isResizing({ conditions = [], allocatedResourceStatuses = {} }: Status): boolean {
  return conditions.some(({ type }) => type === 'Resizing') || allocatedResourceStatuses.storage !== undefined
}

export const infeasible = 'ControllerResizeInfeasible'
const inProgress = 'ControllerResizeInProgress'

export function resizingStatus(status: Status, size: string, now: string, state = inProgress): Status {
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'Resizing')
  const before = status.conditions?.find(({ type }) => type === 'Resizing')
  const condition = before ?? { type: 'Resizing', status: 'True', lastTransitionTime: now }
  return {
    ...status,
    conditions: [...others, condition],
    allocatedResources: { ...status.allocatedResources, storage: size },
    allocatedResourceStatuses: { ...status.allocatedResourceStatuses, storage: state },
  }
}

export function resizedStatus(status: Status, size: string): Status {
  const { conditions = [], allocatedResourceStatuses = {}, ...rest } = status
  const others = conditions.filter(({ type }) => type !== 'Resizing')
  const { storage: _storage, ...states } = allocatedResourceStatuses
  return {
    ...rest,
    capacity: { ...rest.capacity, storage: size },
    allocatedResources: { ...rest.allocatedResources, storage: size },
    ...(others.length > 0 && { conditions: others }),
    ...(Object.keys(states).length > 0 && { allocatedResourceStatuses: states }),
  }
}
