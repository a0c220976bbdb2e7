/** CustomResourceDefinitions: their defaults, what they must say, and what of them may change. */
import type { FieldError, Strategy } from '../contract.js'
import { checkName, invalid, notSupported, required } from '../field-error.js'
import { dns1035Label, dnsSubdomain } from '../names.js'
import type { CustomResourceDefinition, CustomResourceDefinitionNames, CustomResourceDefinitionStatus } from '../types.js'
import { checkConversion } from './definition-conversion.js'
import { checkVersionParts } from './definition-version.js'
import { checkUnchanged } from './shared.js'

const HTTPS = 443
const approval = 'api-approved.kubernetes.io'

export const definitionStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as CustomResourceDefinition
    if (spec === undefined) return
    if (spec.names !== undefined) {
      spec.names.singular ||= (spec.names.kind ?? '').toLowerCase()
      spec.names.listKind ||= `${spec.names.kind ?? ''}List`
    }
    spec.conversion ??= { strategy: 'None' }
    const service = spec.conversion.webhook?.clientConfig?.service
    if (service !== undefined) service.port ??= HTTPS
  },
  prepareCreate(object) {
    const { spec } = object as CustomResourceDefinition
    const stored = storageVersion(spec)
    object.status = {
      acceptedNames: { kind: '', plural: '' },
      conditions: [],
      storedVersions: stored === undefined ? [] : [stored],
    }
  },
  /** What objects are stored in from now on is one of the stored versions. */
  prepareUpdate(object) {
    const { spec, status } = object as CustomResourceDefinition
    const stored = storageVersion(spec)
    const known = status?.storedVersions ?? []
    if (stored === undefined || known.includes(stored)) return
    object.status = { ...status, storedVersions: [...known, stored] }
  },
  validate(object) {
    const definition = object as CustomResourceDefinition
    const errors: FieldError[] = []
    checkSpec(errors, definition)
    checkStatus(errors, definition)
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    const now = (object as CustomResourceDefinition).spec
    const before = (old as CustomResourceDefinition).spec
    if (isEstablished((old as CustomResourceDefinition).status)) {
      checkUnchanged(errors, 'spec.scope', now.scope, before.scope)
      checkUnchanged(errors, 'spec.names.kind', now.names.kind, before.names.kind)
    }
    checkUnchanged(errors, 'spec.group', now.group, before.group)
    checkUnchanged(errors, 'spec.names.plural', now.names.plural, before.names.plural)
    return errors
  },
  validateStatusUpdate(object) {
    const errors: FieldError[] = []
    checkStatus(errors, object as CustomResourceDefinition)
    return errors
  },
}

function storageVersion({ versions }: CustomResourceDefinition['spec']): string | undefined {
  return (versions ?? []).find((version) => version.storage === true)?.name
}

function isEstablished(status: CustomResourceDefinitionStatus | undefined): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Established' && value === 'True') ?? false
}

function checkSpec(errors: FieldError[], { metadata, spec }: CustomResourceDefinition): void {
  const { group, names, scope, versions = [] } = spec
  if (metadata.name !== `${names?.plural ?? ''}.${group}`) {
    errors.push(invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'))
  }
  const problem = group ? dnsSubdomain(group) : undefined
  if (problem !== undefined) errors.push(invalid('spec.group', group, problem))
  else if (group && !group.includes('.')) {
    errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'))
  }
  if (group && isProtected(group) && metadata.annotations?.[approval] === undefined) {
    const detail = `protected groups must have approval annotation "${approval}", see https://github.com/kubernetes/enhancements/pull/1111`
    errors.push(required(`metadata.annotations[${approval}]`, detail))
  }
  if (scope && scope !== 'Cluster' && scope !== 'Namespaced') {
    errors.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']))
  }
  if (spec.preserveUnknownFields) {
    const detail = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
    errors.push(invalid('spec.preserveUnknownFields', true, detail))
  }
  checkNames(errors, names ?? { kind: '', plural: '' }, 'spec.names')
  checkVersions(errors, versions)
  checkVersionParts(errors, versions)
  checkConversion(errors, spec.conversion, 'spec.conversion')
}

/** Groups of Kubernetes itself: who takes one of them says who allowed it. */
const isProtected = (group: string): boolean => /(^|\.)(k8s|kubernetes)\.io$/.test(group)

function checkVersions(errors: FieldError[], versions: CustomResourceDefinition['spec']['versions']): void {
  const names = versions.map(({ name }) => name)
  for (const [index, name] of names.entries()) if (name) checkName(errors, `spec.versions[${index}].name`, name, dns1035Label)
  if (new Set(names).size < names.length) errors.push(invalid('spec.versions', names, 'must contain unique version names'))
  if (versions.filter(({ storage }) => storage === true).length !== 1) {
    errors.push(invalid('spec.versions', names, 'must have exactly one version marked as storage version'))
  }
}

function checkNames(errors: FieldError[], names: CustomResourceDefinitionNames, path: string): void {
  const mixed = (text: string): string | undefined => {
    const problem = dns1035Label(text.toLowerCase())
    return problem && `may have mixed case, but should otherwise match: ${problem}`
  }
  if (names.plural) checkName(errors, `${path}.plural`, names.plural, dns1035Label)
  if (names.singular) checkName(errors, `${path}.singular`, names.singular, dns1035Label)
  if (names.kind) checkName(errors, `${path}.kind`, names.kind, mixed)
  if (names.listKind) checkName(errors, `${path}.listKind`, names.listKind, mixed)
  if (names.kind && names.kind === names.listKind) {
    errors.push(invalid(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same'))
  }
  for (const word of ['shortNames', 'categories'] as const) {
    for (const [index, name] of (names[word] ?? []).entries()) checkName(errors, `${path}.${word}[${index}]`, name, dns1035Label)
  }
}

function checkStatus(errors: FieldError[], { spec, status }: CustomResourceDefinition): void {
  if (status === undefined) return
  if (status.acceptedNames) checkNames(errors, status.acceptedNames, 'status.acceptedNames')
  const stored = status.storedVersions ?? []
  const path = 'status.storedVersions'
  if (stored.length === 0) {
    errors.push(invalid(path, stored, 'must have at least one stored version'))
    return
  }
  const { versions = [] } = spec
  const storage = storageVersion(spec)
  if (storage !== undefined && !stored.includes(storage)) {
    errors.push(invalid(path, stored, `must have the storage version ${storage}`))
  }
  for (const [index, name] of stored.entries()) {
    if (!versions.some((version) => version.name === name)) {
      errors.push(invalid(`${path}[${index}]`, name, 'must appear in spec.versions'))
    }
  }
}
