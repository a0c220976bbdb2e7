/** Roles and their bindings. */
import type { FieldError, KubeObject, Strategy } from '../contract.js'
import { equalJson } from '../equal.js'
import { checkName, invalid, notSupported, required } from '../field-error.js'
import { dnsSubdomain, pathSegment } from '../names.js'
import type { ClusterRole, PolicyRule, RoleBinding, Subject } from '../types.js'
import { checkLabelSelector } from './label-selectors.js'

const GROUP = 'rbac.authorization.k8s.io'

/** Kubernetes shows the field whether there are rules or not, and null where there are none. */
function withRules(object: KubeObject): void {
  const role = object as KubeObject & { rules?: readonly PolicyRule[] | null }
  if (!role.rules?.length) role.rules = null
}

export const roleStrategy: Strategy = { defaults: withRules, validate: (object) => checkRules(object, true) }
export const clusterRoleStrategy: Strategy = {
  defaults: withRules,
  validate(object) {
    const errors = checkRules(object, false)
    const { aggregationRule } = object as ClusterRole
    if (aggregationRule === undefined) return errors
    const { clusterRoleSelectors: selectors = [] } = aggregationRule
    const path = 'aggregationRule.clusterRoleSelectors'
    if (selectors.length === 0) {
      errors.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'))
    }
    for (const [index, selector] of selectors.entries()) checkLabelSelector(errors, `${path}[${index}]`, selector)
    return errors
  },
}

function checkRules(object: KubeObject, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, rule] of ((object as ClusterRole).rules ?? []).entries()) {
    checkRule(errors, `rules[${index}]`, rule, namespaced)
  }
  return errors
}

function checkRule(errors: FieldError[], at: string, rule: PolicyRule, namespaced: boolean): void {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  if (verbs.length === 0) errors.push(required(`${at}.verbs`, 'verbs must contain at least one value'))
  if (nonResourceURLs.length > 0) {
    if (namespaced) {
      const detail = 'namespaced rules cannot apply to non-resource URLs'
      errors.push(invalid(`${at}.nonResourceURLs`, nonResourceURLs, detail))
    }
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      const detail = 'rules cannot apply to both regular resources and non-resource URLs'
      errors.push(invalid(`${at}.nonResourceURLs`, nonResourceURLs, detail))
    }
    return
  }
  if (apiGroups.length === 0) errors.push(required(`${at}.apiGroups`, 'resource rules must supply at least one api group'))
  if (resources.length === 0) errors.push(required(`${at}.resources`, 'resource rules must supply at least one resource'))
}

const ROLE_KINDS = ['ClusterRole', 'Role']
const SUBJECT_KINDS = ['Group', 'ServiceAccount', 'User']

/** For both bindings; a ClusterRoleBinding points to cluster roles alone. */
export const roleBindingStrategy: Strategy = {
  defaults(object) {
    const { roleRef, subjects } = object as RoleBinding
    if (roleRef !== undefined) roleRef.apiGroup ||= GROUP
    for (const subject of subjects ?? []) {
      if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= GROUP
    }
  },
  validate(object) {
    const errors: FieldError[] = []
    const { roleRef, subjects, kind } = object as RoleBinding
    if (roleRef === undefined) errors.push(required('roleRef'))
    else {
      if (roleRef.apiGroup !== GROUP) errors.push(notSupported('roleRef.apiGroup', roleRef.apiGroup, [GROUP]))
      const kinds = kind === 'RoleBinding' ? ROLE_KINDS : ['ClusterRole']
      if (roleRef.kind && !kinds.includes(roleRef.kind)) errors.push(notSupported('roleRef.kind', roleRef.kind, kinds))
      if (roleRef.name) checkName(errors, 'roleRef.name', roleRef.name, pathSegment)
    }
    for (const [index, subject] of (subjects ?? []).entries()) {
      checkSubject(errors, `subjects[${index}]`, subject, kind === 'RoleBinding')
    }
    return errors
  },
  validateUpdate(object, old) {
    const now = (object as RoleBinding).roleRef
    return equalJson(now, (old as RoleBinding).roleRef) ? [] : [invalid('roleRef', now, 'cannot change roleRef')]
  },
}

function checkSubject(errors: FieldError[], at: string, subject: Subject, namespaced: boolean): void {
  const { kind, name, namespace, apiGroup = '' } = subject
  if (kind === 'ServiceAccount') {
    if (name) checkName(errors, `${at}.name`, name, dnsSubdomain)
    if (apiGroup !== '') errors.push(notSupported(`${at}.apiGroup`, apiGroup, ['']))
    if (!namespace && !namespaced) errors.push(required(`${at}.namespace`))
  } else if (SUBJECT_KINDS.includes(kind)) {
    if (apiGroup !== GROUP) errors.push(notSupported(`${at}.apiGroup`, apiGroup, [GROUP]))
  } else if (kind) errors.push(notSupported(`${at}.kind`, kind, SUBJECT_KINDS))
}
