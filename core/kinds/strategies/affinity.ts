/** Rules of node and pod affinity. */
import type { FieldError } from '../contract.js'
import { checkName, forbidden, invalid, required } from '../field-error.js'
import { dnsLabel, qualifiedName } from '../names.js'
import type { Affinity, NodeSelectorTerm, PodAffinity, PodAffinityTerm } from '../types.js'
import { checkLabelSelector } from './label-selectors.js'

const OPERATORS = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'])
const NO_OPERATOR = 'not a valid selector operator'

export function checkAffinity(errors: FieldError[], path: string, affinity: Affinity): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity
  const needed = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (needed !== undefined) {
    checkNodeSelector(errors, `${path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution`, needed.nodeSelectorTerms)
  }
  for (const [index, term] of (nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = `${path}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[${index}]`
    checkWeight(errors, at, term.weight)
    checkTerm(errors, `${at}.preference`, term.preference)
  }
  if (podAffinity !== undefined) checkPodAffinity(errors, `${path}.podAffinity`, podAffinity)
  if (podAntiAffinity !== undefined) checkPodAffinity(errors, `${path}.podAntiAffinity`, podAntiAffinity)
}

export function checkNodeSelector(errors: FieldError[], path: string, terms: readonly NodeSelectorTerm[] | undefined): void {
  if (terms === undefined || terms.length === 0) {
    errors.push(required(`${path}.nodeSelectorTerms`, 'must have at least one node selector term'))
    return
  }
  for (const [index, term] of terms.entries()) checkTerm(errors, `${path}.nodeSelectorTerms[${index}]`, term)
}

function checkTerm(errors: FieldError[], at: string, term: NodeSelectorTerm | undefined): void {
  for (const [index, { key, operator, values }] of (term?.matchExpressions ?? []).entries()) {
    const path = `${at}.matchExpressions[${index}]`
    if (key) checkName(errors, `${path}.key`, key, qualifiedName)
    if (!OPERATORS.has(operator)) errors.push(invalid(`${path}.operator`, operator ?? '', NO_OPERATOR))
    checkValues(errors, path, operator, values ?? [])
  }
  for (const [index, { key, operator, values }] of (term?.matchFields ?? []).entries()) {
    const path = `${at}.matchFields[${index}]`
    if (key !== 'metadata.name') errors.push(invalid(`${path}.key`, key, 'not a valid field selector key'))
    if (operator !== 'In' && operator !== 'NotIn') {
      errors.push(invalid(`${path}.operator`, operator ?? '', NO_OPERATOR))
    } else if ((values ?? []).length !== 1) {
      errors.push(required(`${path}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
    }
  }
}

function checkValues(errors: FieldError[], path: string, operator: string, values: readonly string[]): void {
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
  }
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
  }
  if ((operator === 'Gt' || operator === 'Lt') && values.length !== 1) {
    errors.push(required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
  }
}

function checkWeight(errors: FieldError[], at: string, weight: number): void {
  if (!(weight >= 1 && weight <= 100)) errors.push(invalid(`${at}.weight`, weight, 'must be in the range 1-100'))
}

function checkPodAffinity(errors: FieldError[], path: string, affinity: PodAffinity): void {
  for (const [index, term] of (affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    checkPodTerm(errors, `${path}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`, term)
  }
  for (const [index, weighted] of (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`
    checkWeight(errors, at, weighted.weight)
    checkPodTerm(errors, `${at}.podAffinityTerm`, weighted.podAffinityTerm)
  }
}

function checkPodTerm(errors: FieldError[], at: string, term: PodAffinityTerm | undefined): void {
  if (!term?.topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'))
  else checkName(errors, `${at}.topologyKey`, term.topologyKey, qualifiedName)
  for (const [index, name] of (term?.namespaces ?? []).entries()) checkName(errors, `${at}.namespaces[${index}]`, name, dnsLabel)
  for (const field of ['labelSelector', 'namespaceSelector'] as const) {
    checkLabelSelector(errors, `${at}.${field}`, term?.[field])
  }
}
