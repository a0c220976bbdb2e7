/** What is wrong with a policy or a binding is said when it is written. */
import type { AdmissionRequest } from '@davit/core/api'
import { ApiError } from '@davit/core/client'
import {
  duplicate,
  equalJson,
  type FieldError,
  forbidden,
  invalid,
  loadCel,
  notSupported,
  required,
  type ValidatingAdmissionPolicy,
  type ValidatingAdmissionPolicyBinding,
  type ValidatingAdmissionPolicySpec,
} from '@davit/core/kinds'
import { type CompiledPolicy, compilePolicy, type Expression } from './compiled-policy.js'

const group = 'admissionregistration.k8s.io'

/** For the slot `validate`: answers at once for what is no policy. */
export function validatePolicies(request: AdmissionRequest): Promise<undefined> | undefined {
  const { kind, object, oldObject, subresource } = request
  if (kind.group !== group || !object || subresource !== '') return undefined
  if (kind.resource === 'validatingadmissionpolicies') {
    const { spec } = object as ValidatingAdmissionPolicy
    // What stands already is not judged again: it may have been written under other rules.
    if (oldObject && equalJson(spec, (oldObject as ValidatingAdmissionPolicy).spec)) return undefined
    return refuse(request, policyProblems(spec))
  }
  if (kind.resource !== 'validatingadmissionpolicybindings') return undefined
  return refuse(request, Promise.resolve(bindingProblems((object as ValidatingAdmissionPolicyBinding).spec)))
}

async function refuse({ kind, name }: AdmissionRequest, problems: Promise<FieldError[]>): Promise<undefined> {
  const found = await problems
  if (found.length > 0) throw ApiError.invalid(kind, name, found)
  return undefined
}

export async function policyProblems(spec: ValidatingAdmissionPolicySpec): Promise<FieldError[]> {
  const problems = [...writingProblems(spec), ...ruleProblems(spec)]
  const compiled = compilePolicy(await loadCel(), spec)
  for (const { field, text, problem } of expressionsOf(compiled)) {
    if (text === '') problems.push(required(field))
    else if (problem !== undefined) problems.push(invalid(field, text, problem))
  }
  return problems
}

export function expressionsOf({ conditions, variables, validations, annotations }: CompiledPolicy): readonly Expression[] {
  const ofValidations = validations.flatMap((one) => (one.message ? [one, one.message] : [one]))
  return [...conditions, ...variables, ...ofValidations, ...annotations]
}

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized']

function writingProblems({
  paramKind,
  variables,
  validations,
  auditAnnotations,
  matchConditions,
}: ValidatingAdmissionPolicySpec): FieldError[] {
  const problems: FieldError[] = []
  if (paramKind && !paramKind.apiVersion) problems.push(required('spec.paramKind.apiVersion'))
  if (paramKind && !paramKind.kind) problems.push(required('spec.paramKind.kind'))
  for (const [index, { name }] of (variables ?? []).entries()) {
    if (!identifier.test(name))
      problems.push(invalid(`spec.variables[${index}].name`, name, 'name is not a valid CEL identifier'))
  }
  problems.push(
    ...repeated(
      'spec.variables',
      'name',
      (variables ?? []).map(({ name }) => name),
    ),
  )
  problems.push(
    ...repeated(
      'spec.matchConditions',
      'name',
      (matchConditions ?? []).map(({ name }) => name),
    ),
  )
  problems.push(
    ...repeated(
      'spec.auditAnnotations',
      'key',
      (auditAnnotations ?? []).map(({ key }) => key),
    ),
  )
  for (const [index, { reason, message }] of (validations ?? []).entries()) {
    const at = `spec.validations[${index}]`
    if (reason !== undefined && !reasons.includes(reason)) problems.push(notSupported(`${at}.reason`, reason, reasons))
    if (message?.trim().includes('\n')) problems.push(invalid(`${at}.message`, message, 'message must not contain line breaks'))
  }
  return problems
}

function repeated(path: string, part: string, names: readonly string[]): FieldError[] {
  return names.flatMap((name, index) => {
    const at = `${path}[${index}].${part}`
    if (name === '') return [required(at)]
    return names.indexOf(name) === index ? [] : [duplicate(at, name)]
  })
}

function ruleProblems({ matchConstraints }: ValidatingAdmissionPolicySpec): FieldError[] {
  if (!matchConstraints) return []
  const at = 'spec.matchConstraints.resourceRules'
  const { resourceRules = [] } = matchConstraints
  if (resourceRules.length === 0) return [required(at)]
  return resourceRules.flatMap((rule, index) =>
    (['operations', 'apiGroups', 'apiVersions', 'resources'] as const)
      .filter((part) => (rule[part] ?? []).length === 0)
      .map((part) => required(`${at}[${index}].${part}`)),
  )
}

const actions = ['Audit', 'Deny', 'Warn']

export function bindingProblems({ paramRef, validationActions = [] }: ValidatingAdmissionPolicyBinding['spec']): FieldError[] {
  const problems: FieldError[] = []
  for (const [index, action] of validationActions.entries()) {
    const at = `spec.validationActions[${index}]`
    if (!actions.includes(action)) problems.push(notSupported(at, action, actions))
    if (validationActions.indexOf(action) !== index) problems.push(duplicate(at, action))
  }
  if (validationActions.includes('Deny') && validationActions.includes('Warn')) {
    problems.push(
      invalid(
        'spec.validationActions',
        validationActions,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    )
  }
  if (!paramRef) return problems
  const { name = '', selector, parameterNotFoundAction } = paramRef
  if (name === '' && !selector) problems.push(required('spec.paramRef', 'one of name or selector must be specified'))
  if (name !== '' && selector) {
    problems.push(forbidden('spec.paramRef.name', 'name and selector are mutually exclusive'))
  }
  const known = ['Allow', 'Deny']
  if (parameterNotFoundAction !== undefined && !known.includes(parameterNotFoundAction)) {
    problems.push(notSupported('spec.paramRef.parameterNotFoundAction', parameterNotFoundAction, known))
  }
  return problems
}
