/** Volumes and claims. */
import type { FieldError, Strategy } from '../contract.js'
import { equalJson, equalOrEmpty } from '../equal.js'
import { checkName, forbidden, IMMUTABLE, invalid, notSupported, required } from '../field-error.js'
import { dnsSubdomain } from '../names.js'
import { compareQuantities } from '../quantity.js'
import { selectorFromObject } from '../selector.js'
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
    object.status = { phase: 'Pending', lastPhaseTransitionTime: object.metadata.creationTimestamp }
  },
  prepareStatusUpdate(object, old, now) {
    const { status = {} } = object as PersistentVolume
    const before = (old as PersistentVolume).status
    const told = status.lastPhaseTransitionTime !== before?.lastPhaseTransitionTime
    if (status.phase === before?.phase || (told && status.lastPhaseTransitionTime)) return
    object.status = { ...status, lastPhaseTransitionTime: now }
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as PersistentVolume
    checkAccessModes(errors, 'spec.accessModes', spec.accessModes, '')
    checkCapacity(errors, spec.capacity)
    checkVolumeSource(errors, spec)
    if (spec.storageClassName) checkName(errors, 'spec.storageClassName', spec.storageClassName, dnsSubdomain)
    if (spec.nodeAffinity !== undefined) {
      const at = 'spec.nodeAffinity.required'
      if (spec.nodeAffinity.required === undefined) errors.push(required(at, 'must specify required node constraints'))
      else checkNodeSelector(errors, at, spec.nodeAffinity.required.nodeSelectorTerms)
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

function checkAccessModes(errors: FieldError[], path: string, modes: readonly string[] = [], whenNone: string): void {
  if (modes.length === 0) errors.push(required(path, whenNone))
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    errors.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'))
  }
}

function checkCapacity(errors: FieldError[], capacity: Readonly<Record<string, string>> = {}): void {
  const names = Object.keys(capacity)
  if (names.length === 0) errors.push(required('spec.capacity'))
  else if (names.length > 1 || !names.includes('storage')) errors.push(notSupported('spec.capacity', capacity, ['storage']))
  for (const [name, size] of Object.entries(capacity)) {
    if (compareQuantities(size, '0') <= 0) errors.push(invalid(`spec.capacity[${name}]`, size, 'must be greater than zero'))
  }
}

function checkVolumeSource(errors: FieldError[], spec: PersistentVolumeSpec): void {
  const sources = sourcesOf(spec)
  if (sources.length === 0) errors.push(required('spec', 'must specify a volume type'))
  for (const name of sources.slice(1)) errors.push(forbidden(`spec.${name}`, 'may not specify more than 1 volume type'))
  for (const name of ['hostPath', 'local'] as const) {
    const path = spec[name]?.path
    if (spec[name] === undefined) continue
    if (!path) errors.push(required(`spec.${name}.path`))
    else if (path.split('/').includes('..')) errors.push(invalid(`spec.${name}.path`, path, "must not contain '..'"))
  }
  if (spec.hostPath?.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    errors.push(forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"))
  }
  if (spec.local !== undefined && spec.nodeAffinity === undefined) {
    errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'))
  }
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

/** Another name for the field, from before it was there. */
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'
const CLAIM_TEXT = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'

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
    const { spec: before, status, metadata } = old as PersistentVolumeClaim
    const masked: Record<string, unknown> = { ...now }
    if (!before.volumeName) masked.volumeName = before.volumeName
    // The default class may still be filled in, as long as nothing is bound.
    const hadClass = before.storageClassName !== undefined || metadata.annotations?.[CLASS_ANNOTATION] !== undefined
    if (!before.volumeName && !hadClass) masked.storageClassName = undefined
    if (status?.phase === 'Bound') masked.resources = withSizeOf(now, before)
    const names = new Set([...Object.keys(masked), ...Object.keys(before)])
    const frozen = before as unknown as Record<string, unknown>
    if (![...names].every((name) => equalOrEmpty(masked[name], frozen[name]))) errors.push(forbidden('spec', CLAIM_TEXT))
    const size = now.resources?.requests?.storage ?? '0'
    const had = before.resources?.requests?.storage ?? '0'
    // Back to less than was asked for, but not to what there is: so a growth that cannot be is taken back.
    if (compareQuantities(size, had) < 0 && compareQuantities(size, status?.capacity?.storage ?? had) <= 0) {
      errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'))
    }
    const classed = object.metadata.annotations?.[CLASS_ANNOTATION]
    if (classed !== metadata.annotations?.[CLASS_ANNOTATION]) {
      errors.push(invalid(`metadata.annotations[${CLASS_ANNOTATION}]`, classed ?? '', IMMUTABLE))
    }
    return errors
  },
}

/** The rules of a claim's spec, also of one that stands in a Pod as the template of an ephemeral volume. */
export function checkClaimSpec(errors: FieldError[], at: string, spec: PersistentVolumeClaimSpec): void {
  checkAccessModes(errors, `${at}.accessModes`, spec.accessModes, 'at least 1 access mode is required')
  const size = spec.resources?.requests?.storage
  const path = `${at}.resources[storage]`
  if (size === undefined) errors.push(required(path))
  else if (compareQuantities(size, '0') <= 0) errors.push(invalid(path, size, 'must be greater than zero'))
  if (spec.selector !== undefined) {
    const { error } = selectorFromObject(spec.selector)
    if (error !== undefined) errors.push(invalid(`${at}.selector`, spec.selector, error))
  }
  if (spec.storageClassName) checkName(errors, `${at}.storageClassName`, spec.storageClassName, dnsSubdomain)
}

function withSizeOf(now: PersistentVolumeClaimSpec, { resources }: PersistentVolumeClaimSpec) {
  const storage = resources?.requests?.storage
  return { ...now.resources, requests: { ...now.resources?.requests, ...(storage !== undefined && { storage }) } }
}
