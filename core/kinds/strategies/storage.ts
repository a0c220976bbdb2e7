/** Volumes and claims. */
import type { FieldError, Strategy } from '../contract.js'
import { equalJson, equalOrEmpty } from '../equal.js'
import { forbidden, invalid, required } from '../field-error.js'
import { compareQuantities } from '../quantity.js'
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeSpec } from '../types.js'
import { checkNodeSelector } from './affinity.js'
import { defaultResourceList } from './pod-defaults.js'

/** The fields of a volume's spec that are no source. */
const NOT_SOURCES = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
])

export const persistentVolumeStrategy: Strategy = {
  defaults(object) {
    const volume = object as PersistentVolume
    volume.spec.persistentVolumeReclaimPolicy ||= 'Retain'
    volume.spec.volumeMode ??= 'Filesystem'
    if (volume.spec.hostPath !== undefined) volume.spec.hostPath.type ??= ''
    defaultResourceList(volume.spec.capacity)
    volume.status ??= {}
    volume.status.phase ||= 'Pending'
  },
  prepareCreate(object) {
    object.status = { phase: 'Pending' }
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as PersistentVolume
    if ((spec.accessModes ?? []).length === 0) errors.push(required('spec.accessModes'))
    if (Object.keys(spec.capacity ?? {}).length === 0) errors.push(required('spec.capacity'))
    const { storage } = spec.capacity ?? {}
    if (storage !== undefined && compareQuantities(storage, '0') <= 0) {
      errors.push(invalid('spec.capacity[storage]', storage, 'must be greater than zero'))
    }
    const sources = sourcesOf(spec)
    if (sources.length === 0) errors.push(required('spec', 'must specify a volume type'))
    for (const name of sources.slice(1)) errors.push(forbidden(`spec.${name}`, 'may not specify more than 1 volume type'))
    if (spec.nodeAffinity?.required !== undefined) {
      checkNodeSelector(errors, 'spec.nodeAffinity.required', spec.nodeAffinity.required.nodeSelectorTerms)
    }
    if (spec.local !== undefined && spec.nodeAffinity === undefined) {
      errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'))
    }
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    const now = (object as PersistentVolume).spec
    const before = (old as PersistentVolume).spec
    if (!equalJson(sourceValues(now), sourceValues(before))) {
      const detail = 'spec.persistentvolumesource is immutable after creation'
      errors.push(forbidden('spec.persistentvolumesource', detail))
    }
    if (now.volumeMode !== before.volumeMode) errors.push(invalid('spec.volumeMode', now.volumeMode, 'field is immutable'))
    if (before.nodeAffinity !== undefined && !equalJson(now.nodeAffinity, before.nodeAffinity)) {
      errors.push(invalid('spec.nodeAffinity', now.nodeAffinity, 'field is immutable'))
    }
    return errors
  },
}

function sourcesOf(spec: PersistentVolumeSpec): string[] {
  return Object.keys(spec).filter((name) => !NOT_SOURCES.has(name) && spec[name as keyof PersistentVolumeSpec] !== undefined)
}

function sourceValues(spec: PersistentVolumeSpec): Record<string, unknown> {
  return Object.fromEntries(sourcesOf(spec).map((name) => [name, spec[name as keyof PersistentVolumeSpec]]))
}

export function defaultClaim(claim: PersistentVolumeClaim): void {
  claim.spec ??= {}
  claim.spec.volumeMode ??= 'Filesystem'
  defaultResourceList(claim.spec.resources?.requests)
  defaultResourceList(claim.spec.resources?.limits)
  claim.status ??= {}
  claim.status.phase ||= 'Pending'
}

const CLAIM_TEXT = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'

export function checkClaimSpec(errors: FieldError[], path: string, spec: PersistentVolumeClaimSpec): void {
  const modes = spec.accessModes ?? []
  if (modes.length === 0) errors.push(required(`${path}.accessModes`, 'at least 1 access mode is required'))
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    errors.push(forbidden(`${path}.accessModes`, 'may not use ReadWriteOncePod with other access modes'))
  }
  const size = spec.resources?.requests?.storage
  if (size === undefined) errors.push(required(`${path}.resources[storage]`))
  else if (compareQuantities(size, '0') <= 0)
    errors.push(invalid(`${path}.resources[storage]`, size, 'must be greater than zero'))
}

export const persistentVolumeClaimStrategy: Strategy = {
  defaults: (object) => defaultClaim(object as PersistentVolumeClaim),
  prepareCreate(object) {
    object.status = { phase: 'Pending' }
    const { spec } = object as PersistentVolumeClaim
    // Two fields for one thing, for clients old and new.
    if (spec.dataSource !== undefined && spec.dataSourceRef === undefined) spec.dataSourceRef = { ...spec.dataSource }
    else if (spec.dataSourceRef !== undefined && spec.dataSource === undefined) spec.dataSource = { ...spec.dataSourceRef }
  },
  validate(object) {
    const errors: FieldError[] = []
    checkClaimSpec(errors, 'spec', (object as PersistentVolumeClaim).spec)
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    const now = (object as PersistentVolumeClaim).spec
    const { spec: before, status } = old as PersistentVolumeClaim
    const masked: Record<string, unknown> = { ...now, resources: before.resources }
    if (!before.volumeName) masked.volumeName = before.volumeName
    // The default class may still be filled in, as long as nothing is bound.
    if (!before.volumeName && before.storageClassName === undefined) masked.storageClassName = undefined
    const names = new Set([...Object.keys(masked), ...Object.keys(before)])
    const frozen = before as unknown as Record<string, unknown>
    if (![...names].every((name) => equalOrEmpty(masked[name], frozen[name]))) errors.push(forbidden('spec', CLAIM_TEXT))
    const size = now.resources?.requests?.storage ?? '0'
    const had = before.resources?.requests?.storage ?? '0'
    if (size === had) return errors
    if (status?.phase !== 'Bound') errors.push(forbidden('spec', CLAIM_TEXT))
    else if (compareQuantities(size, status.capacity?.storage ?? had) < 0) {
      errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'))
    }
    return errors
  },
}
