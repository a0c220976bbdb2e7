/** The rules of metadata that hold for every kind: the forms of names, keys and values, owners, and what never changes. */
import type { FieldError, KubeObject, ResourceKind } from './contract.js'
import { equalJson } from './equal.js'
import { checkImmutable, checkName, forbidden, invalid, required, tooLong } from './field-error.js'
import {
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  ipAddress,
  labelValue,
  type NameCheck,
  pathSegment,
  qualifiedName,
} from './names.js'
import type { OwnerReference } from './types.js'

const ANNOTATIONS_LIMIT = 256 * 1024

/** Kinds whose names are not DNS subdomains. */
const NAME_CHECKS: Readonly<Record<string, NameCheck>> = {
  '/Namespace': dnsLabel,
  '/Service': dns1035Label,
  // The one of the core group is called "v1.".
  'apiregistration.k8s.io/APIService': pathSegment,
  'networking.k8s.io/IPAddress': ipAddress,
  'rbac.authorization.k8s.io/Role': pathSegment,
  'rbac.authorization.k8s.io/RoleBinding': pathSegment,
  'rbac.authorization.k8s.io/ClusterRole': pathSegment,
  'rbac.authorization.k8s.io/ClusterRoleBinding': pathSegment,
}
const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion', 'customresourcecleanup.apiextensions.k8s.io'])
const SHORT_GROUPS = new Set(['', 'apps', 'batch', 'autoscaling', 'policy'])

export function nameCheck(kind: Pick<ResourceKind, 'group' | 'kind'>): NameCheck {
  const key = `${kind.group}/${kind.kind}`
  return (Object.hasOwn(NAME_CHECKS, key) ? NAME_CHECKS[key] : undefined) ?? dnsSubdomain
}

export function checkMetadata(errors: FieldError[], kind: ResourceKind, { metadata }: KubeObject): void {
  checkNames(errors, kind, metadata)
  if (!kind.namespaced && metadata.namespace) errors.push(forbidden('metadata.namespace', 'not allowed on this type'))
  if (metadata.namespace) checkName(errors, 'metadata.namespace', metadata.namespace, dnsLabel)
  checkLabels(errors, 'metadata.labels', metadata.labels)
  checkAnnotations(errors, 'metadata.annotations', metadata.annotations)
  if (metadata.finalizers !== undefined) checkFinalizers(errors, kind, metadata.finalizers)
  if (metadata.ownerReferences !== undefined) checkOwners(errors, metadata.ownerReferences)
}

function checkNames(errors: FieldError[], kind: ResourceKind, metadata: KubeObject['metadata']): void {
  const check = nameCheck(kind)
  const { name, generateName } = metadata
  if (generateName) {
    const problem = check(generateName.endsWith('-') ? `${generateName.slice(0, -1)}a` : generateName)
    if (problem !== undefined) errors.push(invalid('metadata.generateName', generateName, problem))
  }
  if (name) checkName(errors, 'metadata.name', name, check)
  else if (!generateName) errors.push(required('metadata.name', 'name or generateName is required'))
}

export function checkLabels(errors: FieldError[], path: string, labels: Readonly<Record<string, string>> | undefined): void {
  if (labels === undefined) return
  for (const key in labels) {
    const value = labels[key] ?? ''
    checkName(errors, path, key, qualifiedName)
    checkName(errors, path, value, labelValue)
  }
}

export function checkAnnotations(
  errors: FieldError[],
  path: string,
  annotations: Readonly<Record<string, string>> | undefined,
): void {
  if (annotations === undefined) return
  let size = 0
  for (const key in annotations) {
    const problem = qualifiedName(key.toLowerCase())
    if (problem !== undefined) errors.push(invalid(path, key, problem))
    size += Buffer.byteLength(key) + Buffer.byteLength(annotations[key] ?? '')
  }
  if (size > ANNOTATIONS_LIMIT) errors.push(tooLong(path, ANNOTATIONS_LIMIT))
}

function checkFinalizers(errors: FieldError[], kind: ResourceKind, finalizers: readonly string[]): void {
  const builtIn = !kind.custom && (SHORT_GROUPS.has(kind.group) || kind.group.endsWith('.k8s.io'))
  for (const [index, finalizer] of finalizers.entries()) {
    checkName(errors, `metadata.finalizers[${index}]`, finalizer, qualifiedName)
    if (builtIn && !finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer)) {
      const detail = 'name is neither a standard finalizer name nor is it fully qualified'
      errors.push(invalid(`metadata.finalizers[${index}]`, finalizer, detail))
    }
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid('metadata.finalizers', finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'))
  }
}

/** Custom resources may have finalizers of any name; which are likely to meet others of the same name is said. */
export function finalizerWarnings(finalizers: readonly string[] = [], old: readonly string[] = []): string[] {
  const added = finalizers.filter((finalizer) => !old.includes(finalizer) && !finalizer.includes('/'))
  const detail =
    'prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers'
  return added
    .filter((finalizer) => !STANDARD_FINALIZERS.has(finalizer))
    .sort()
    .map((finalizer) => `metadata.finalizers: ${JSON.stringify(finalizer)}: ${detail}`)
}

function checkOwners(errors: FieldError[], owners: readonly OwnerReference[]): void {
  const path = 'metadata.ownerReferences'
  let controller: OwnerReference | undefined
  for (const [index, owner] of owners.entries()) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (!owner[field]) errors.push(invalid(`${path}[${index}].${field}`, owner[field] ?? '', 'must not be empty'))
    }
    if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
      errors.push(invalid(`${path}[${index}]`, owner, '/v1, Kind=Event is disallowed from being an owner'))
    }
    if (owner.controller !== true) continue
    if (controller !== undefined) {
      const names = `${controller.kind}/${controller.name} and ${owner.kind}/${owner.name}`
      errors.push(
        invalid(path, owners, `Only one reference can have Controller set to true. Found "true" in references for ${names}`),
      )
    }
    controller = owner
  }
}

/** What no update may change, and what an object that is being deleted may not get any more. */
export function checkMetadataUpdate(errors: FieldError[], { metadata }: KubeObject, { metadata: old }: KubeObject): void {
  checkImmutable(errors, 'metadata.name', metadata.name, metadata.name === old.name)
  checkImmutable(errors, 'metadata.namespace', metadata.namespace, (metadata.namespace ?? '') === (old.namespace ?? ''))
  checkImmutable(errors, 'metadata.uid', metadata.uid, metadata.uid === old.uid)
  const born = metadata.creationTimestamp
  checkImmutable(errors, 'metadata.creationTimestamp', born, born === old.creationTimestamp)
  if (old.deletionTimestamp === undefined) return
  if (!equalJson(metadata.deletionTimestamp, old.deletionTimestamp)) {
    const detail = 'field is immutable; may only be changed via deletion'
    errors.push(invalid('metadata.deletionTimestamp', metadata.deletionTimestamp, detail))
  }
  const added = (metadata.finalizers ?? []).filter((finalizer) => !old.finalizers?.includes(finalizer))
  if (added.length === 0) return
  const list = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`
  errors.push(forbidden('metadata.finalizers', detail))
}
