/** The scopes of a ResourceQuota: which there are, what goes together, and what they can count. */
import type { FieldError } from '../contract.js'
import { invalid, required } from '../field-error.js'
import type { ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../types.js'

const OPPOSITES = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const
/** Known names of quotas that no Pod takes: no scope can be meant for them. */
const NOT_OF_PODS = new Set([
  ...['ephemeral-storage', 'requests.storage', 'requests.ephemeral-storage', 'limits.ephemeral-storage', 'resourcequotas'],
  ...['services', 'replicationcontrollers', 'secrets', 'persistentvolumeclaims', 'configmaps'],
  ...['services.nodeports', 'services.loadbalancers'],
])
const COMPUTED = new Set(['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'])
const PRESENCE = ['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'CrossNamespacePodAffinity']

export function checkScopes(errors: FieldError[], spec: ResourceQuotaSpec | undefined): void {
  const scopes = spec?.scopes ?? []
  const hard = Object.keys(spec?.hard ?? {}).sort()
  for (const scope of scopes) {
    for (const name of hard) {
      if (!fits(scope, name)) errors.push(invalid('spec.scopes', scopes, 'unsupported scope applied to resource'))
    }
  }
  checkPairs(errors, 'spec.scopes', scopes, scopes)
  const required = spec?.scopeSelector?.matchExpressions ?? []
  const path = 'spec.scopeSelector.matchExpressions'
  for (const requirement of required) {
    checkRequirement(errors, path, requirement)
    for (const name of hard) {
      if (fits(requirement.scopeName, name)) continue
      errors.push(invalid(path, spec?.scopeSelector, 'unsupported scope applied to resource'))
    }
  }
  const present = required.filter(({ operator }) => operator === 'Exists').map(({ scopeName }) => scopeName)
  checkPairs(errors, path, present, required)
}

function checkPairs(errors: FieldError[], path: string, scopes: readonly string[], shown: unknown): void {
  for (const [one, other] of OPPOSITES) {
    if (scopes.includes(one) && scopes.includes(other)) errors.push(invalid(path, shown, 'conflicting scopes'))
  }
}

function checkRequirement(errors: FieldError[], path: string, requirement: ScopedResourceSelectorRequirement): void {
  const { scopeName, operator, values = [] } = requirement
  if (PRESENCE.includes(scopeName) && operator !== 'Exists') {
    const detail =
      "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
      'ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity'
    errors.push(invalid(`${path}.operator`, operator, detail))
  }
  const listed = operator === 'In' || operator === 'NotIn'
  if (listed && values.length === 0) {
    const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    errors.push(required(`${path}.values`, detail))
  }
  if (!listed && values.length > 0) {
    const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
    errors.push(invalid(`${path}.values`, values, detail))
  }
}

/** Names beside the known ones are let through: nobody can tell what they count. */
function fits(scope: string, name: string): boolean {
  if (NOT_OF_PODS.has(name)) return false
  return scope !== 'BestEffort' || !COMPUTED.has(name)
}
