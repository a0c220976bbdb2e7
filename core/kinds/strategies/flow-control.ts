/** Flow schemas and priority levels: shares of the API. */
import type { FieldError, Strategy } from '../contract.js'
import { forbidden, invalid, notSupported, required } from '../field-error.js'
import type { FlowSchema, LimitedPriorityLevelConfiguration, PriorityLevelConfiguration } from '../types.js'

const USUAL_PRECEDENCE = 1000
const MOST_PRECEDENCE = 10_000
const METHODS = ['ByNamespace', 'ByUser']
const SUBJECTS = ['Group', 'ServiceAccount', 'User']
const LEVELS = ['Exempt', 'Limited']
const RESPONSES = ['Queue', 'Reject']
const MOST_PERCENT = 100

type Rule = NonNullable<NonNullable<FlowSchema['spec']>['rules']>[number]

export const flowSchemaStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as FlowSchema
    if (spec !== undefined) spec.matchingPrecedence ||= USUAL_PRECEDENCE
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as FlowSchema
    const precedence = spec?.matchingPrecedence
    if (precedence !== undefined && (precedence < 1 || precedence > MOST_PRECEDENCE)) {
      const detail = `must be ${precedence < 1 ? 'a positive value' : `no greater than ${MOST_PRECEDENCE}`}`
      errors.push(invalid('spec.matchingPrecedence', precedence, detail))
    }
    const method = spec?.distinguisherMethod?.type
    if (method !== undefined && !METHODS.includes(method)) {
      errors.push(notSupported('spec.distinguisherMethod', method, METHODS))
    }
    for (const [index, rule] of (spec?.rules ?? []).entries()) checkRule(errors, `spec.rules[${index}]`, rule)
    return errors
  },
}

function checkRule(errors: FieldError[], at: string, { subjects = [], resourceRules = [], nonResourceRules = [] }: Rule): void {
  if (subjects.length === 0) errors.push(required(`${at}.subjects`, 'subjects must contain at least one value'))
  for (const [index, subject] of subjects.entries()) checkSubject(errors, `${at}.subjects[${index}]`, subject)
  if (resourceRules.length + nonResourceRules.length === 0) {
    errors.push(required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  }
  for (const [index, rule] of resourceRules.entries()) {
    const path = `${at}.resourceRules[${index}]`
    for (const list of ['verbs', 'apiGroups', 'resources'] as const) checkList(errors, `${path}.${list}`, rule[list])
    if ((rule.namespaces ?? []).length === 0 && rule.clusterScope !== true) {
      const detail = 'resource rules that are not cluster scoped must supply at least one namespace'
      errors.push(required(`${path}.namespaces`, detail))
    }
  }
  for (const [index, rule] of nonResourceRules.entries()) {
    const path = `${at}.nonResourceRules[${index}]`
    for (const list of ['verbs', 'nonResourceURLs'] as const) checkList(errors, `${path}.${list}`, rule[list])
  }
}

function checkSubject(errors: FieldError[], at: string, subject: Rule['subjects'][number]): void {
  const { kind } = subject
  if (!SUBJECTS.includes(kind)) {
    if (kind) errors.push(notSupported(`${at}.kind`, kind, SUBJECTS))
    return
  }
  const fields = { User: 'user', Group: 'group', ServiceAccount: 'serviceAccount' } as const
  for (const [name, field] of Object.entries(fields)) {
    if (name === kind) {
      if (subject[field] === undefined)
        errors.push(required(`${at}.${field}`, `${field} is required when subject kind is '${kind}'`))
    } else if (subject[field] !== undefined) {
      errors.push(forbidden(`${at}.${field}`, `${field} is forbidden when subject kind is not '${name}'`))
    }
  }
}

function checkList(errors: FieldError[], at: string, list: readonly string[] | undefined): void {
  const words = list ?? []
  if (words.length === 0) errors.push(required(at))
  if (words.length > 1 && words.includes('*')) errors.push(invalid(at, words, "if '*' is present, must not specify other values"))
}

export const priorityLevelStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as PriorityLevelConfiguration
    if (spec?.exempt !== undefined) {
      spec.exempt.nominalConcurrencyShares ??= 0
      spec.exempt.lendablePercent ??= 0
    }
    if (spec?.limited === undefined) return
    spec.limited.nominalConcurrencyShares ??= 30
    spec.limited.lendablePercent ??= 0
    const queuing = spec.limited.limitResponse?.queuing
    if (queuing === undefined) return
    queuing.queues ||= 64
    queuing.handSize ||= 8
    queuing.queueLengthLimit ||= 50
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as PriorityLevelConfiguration
    const type = spec?.type ?? ''
    if (type === '') return errors
    if (!LEVELS.includes(type)) errors.push(notSupported('spec.type', type, LEVELS))
    if (type === 'Limited') {
      if (spec?.limited === undefined) errors.push(required('spec.limited', "must not be empty when type is 'Limited'"))
      if (spec?.exempt !== undefined) errors.push(forbidden('spec.exempt', "must be nil if the type is 'Limited'"))
    } else if (type === 'Exempt' && spec?.limited !== undefined) {
      errors.push(forbidden('spec.limited', "must be nil if the type is not 'Limited'"))
    }
    if (spec?.limited !== undefined) checkLimited(errors, 'spec.limited', spec.limited)
    return errors
  },
}

function checkLimited(errors: FieldError[], at: string, limited: LimitedPriorityLevelConfiguration): void {
  const { nominalConcurrencyShares: shares = 0, lendablePercent = 0, limitResponse } = limited
  if (shares < 0) errors.push(invalid(`${at}.nominalConcurrencyShares`, shares, 'must be a non-negative integer'))
  if (lendablePercent < 0 || lendablePercent > MOST_PERCENT) {
    errors.push(invalid(`${at}.lendablePercent`, lendablePercent, 'must be between 0 and 100, inclusive'))
  }
  const type = limitResponse?.type ?? ''
  const queuing = limitResponse?.queuing
  if (type !== '' && !RESPONSES.includes(type)) errors.push(notSupported(`${at}.limitResponse.type`, type, RESPONSES))
  else if (type === 'Queue' && queuing === undefined) {
    errors.push(required(`${at}.limitResponse.queuing`, "must not be empty if limited.limitResponse.type is 'Queue'"))
  } else if (type === 'Reject' && queuing !== undefined) {
    errors.push(forbidden(`${at}.limitResponse.queuing`, "must be nil if limited.limitResponse.type is not 'Queue'"))
  }
}
