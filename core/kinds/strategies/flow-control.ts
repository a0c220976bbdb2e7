/** Flow schemas and priority levels: shares of the API. */
import type { FieldError, Strategy } from '../contract.js'
import { checkName, duplicate, forbidden, invalid, notSupported, required } from '../field-error.js'
import { dnsLabel, dnsSubdomain } from '../names.js'
import type {
  ExemptPriorityLevelConfiguration,
  FlowSchema,
  LimitedPriorityLevelConfiguration,
  NonResourcePolicyRule,
  PriorityLevelConfiguration,
  QueuingConfiguration,
  ResourcePolicyRule,
} from '../types.js'

const USUAL_PRECEDENCE = 1000
const MOST_PRECEDENCE = 10_000
const METHODS = ['ByNamespace', 'ByUser']
const SUBJECTS = ['Group', 'ServiceAccount', 'User']
const LEVELS = ['Exempt', 'Limited']
const RESPONSES = ['Queue', 'Reject']
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']
const MOST_PERCENT = 100
const MOST_QUEUES = 10_000_000
/** Queues are chosen by the bits of one hash. */
const HASH_BITS = 60
/** The name of the one schema and of the one level that hold nobody back. */
const EXEMPT = 'exempt'

type Rule = NonNullable<NonNullable<FlowSchema['spec']>['rules']>[number]

export const flowSchemaStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as FlowSchema
    if (spec !== undefined) spec.matchingPrecedence ||= USUAL_PRECEDENCE
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as FlowSchema
    if (spec !== undefined) checkFlowSchema(errors, object.metadata.name, spec)
    return errors
  },
  validateStatusUpdate: (object) => checkConditions((object as FlowSchema).status?.conditions),
}

function checkFlowSchema(errors: FieldError[], name: string, spec: NonNullable<FlowSchema['spec']>): void {
  const { matchingPrecedence: precedence, distinguisherMethod: method, priorityLevelConfiguration: level, rules = [] } = spec
  const at = 'spec.matchingPrecedence'
  if (precedence !== undefined && precedence <= 0) errors.push(invalid(at, precedence, 'must be a positive value'))
  if (precedence !== undefined && precedence > MOST_PRECEDENCE) {
    errors.push(invalid(at, precedence, `must not be greater than ${MOST_PRECEDENCE}`))
  }
  if (precedence === 1 && name !== EXEMPT) {
    errors.push(invalid(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
  }
  if (method !== undefined && !METHODS.includes(method.type)) {
    errors.push(notSupported('spec.distinguisherMethod.type', { Type: method.type }, METHODS))
  }
  const levelAt = 'spec.priorityLevelConfiguration.name'
  if (level?.name) checkName(errors, levelAt, level.name, dnsSubdomain)
  else errors.push(required(levelAt, 'must reference a priority level'))
  for (const [index, rule] of rules.entries()) checkRule(errors, `spec.rules[${index}]`, rule)
}

function checkRule(errors: FieldError[], at: string, { subjects = [], resourceRules = [], nonResourceRules = [] }: Rule): void {
  if (subjects.length === 0) errors.push(required(`${at}.subjects`, 'subjects must contain at least one value'))
  for (const [index, subject] of subjects.entries()) checkSubject(errors, `${at}.subjects[${index}]`, subject)
  if (resourceRules.length + nonResourceRules.length === 0) {
    errors.push(required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  }
  for (const [index, rule] of resourceRules.entries()) checkResourceRule(errors, `${at}.resourceRules[${index}]`, rule)
  for (const [index, rule] of nonResourceRules.entries()) checkPathRule(errors, `${at}.nonResourceRules[${index}]`, rule)
}

function checkResourceRule(errors: FieldError[], at: string, rule: ResourcePolicyRule): void {
  const { verbs = [], apiGroups = [], resources = [], namespaces = [], clusterScope = false } = rule
  checkVerbs(errors, `${at}.verbs`, verbs)
  if (apiGroups.length === 0) errors.push(required(`${at}.apiGroups`, 'resource rules must supply at least one api group'))
  else checkWildcard(errors, `${at}.apiGroups`, apiGroups, 'api groups')
  if (resources.length === 0) errors.push(required(`${at}.resources`, 'resource rules must supply at least one resource'))
  else checkWildcard(errors, `${at}.resources`, resources, 'resources')
  const path = `${at}.namespaces`
  if (namespaces.length === 0 && !clusterScope) {
    errors.push(required(path, 'resource rules that are not cluster scoped must supply at least one namespace'))
  } else if (!checkWildcard(errors, path, namespaces, 'namespaces')) {
    for (const [index, namespace] of namespaces.entries()) {
      const problem = dnsLabel(namespace)
      const detail = `each member of this list must be '*' or a DNS-1123 label; ${problem}`
      if (problem !== undefined) errors.push(invalid(`${path}[${index}]`, namespace, detail))
    }
  }
}

function checkPathRule(errors: FieldError[], at: string, { verbs = [], nonResourceURLs = [] }: NonResourcePolicyRule): void {
  checkVerbs(errors, `${at}.verbs`, verbs)
  const path = `${at}.nonResourceURLs`
  if (nonResourceURLs.length === 0) errors.push(required(path, 'nonResourceURLs must contain at least one value'))
  else if (!checkWildcard(errors, path, nonResourceURLs, 'non-resource URLs')) {
    for (const [index, url] of nonResourceURLs.entries()) checkName(errors, `${path}[${index}]`, url, urlPath)
  }
}

function checkVerbs(errors: FieldError[], at: string, verbs: readonly string[]): void {
  if (verbs.length === 0) errors.push(required(at, 'verbs must contain at least one value'))
  else if (!checkWildcard(errors, at, verbs, 'verbs') && !verbs.every((verb) => VERBS.includes(verb))) {
    errors.push(notSupported(at, verbs, VERBS))
  }
}

/** True where the list has a wildcard, which must stand alone. */
function checkWildcard(errors: FieldError[], at: string, list: readonly string[], what: string): boolean {
  if (!list.includes('*')) return false
  if (list.length > 1) errors.push(invalid(at, list, `if '*' is present, must not specify other ${what}`))
  return true
}

function urlPath(text: string): string | undefined {
  if (text === '') return 'must not be empty'
  if (!text.startsWith('/')) return 'must start with slash'
  if (text.includes(' ')) return 'must not contain white-space'
  if (text.includes('//')) return 'must not contain double slash'
  const star = text.indexOf('*')
  return star < 0 || (star === text.length - 1 && text.endsWith('/*')) ? undefined : 'wildcard can only do suffix matching'
}

function checkSubject(errors: FieldError[], at: string, subject: Rule['subjects'][number]): void {
  const { kind } = subject
  if (!SUBJECTS.includes(kind)) {
    errors.push(notSupported(`${at}.kind`, kind ?? '', SUBJECTS))
    return
  }
  const fields = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const
  for (const [name, field] of Object.entries(fields)) {
    if (name !== kind) {
      if (subject[field] === undefined) continue
      errors.push(forbidden(`${at}.${field}`, `${field} is forbidden when subject kind is not '${name}'`))
    } else if (subject[field] === undefined) {
      errors.push(required(`${at}.${field}`, `${field} is required when subject kind is '${kind}'`))
    }
  }
  if (kind === 'ServiceAccount' && subject.serviceAccount) checkAccount(errors, `${at}.serviceAccount`, subject.serviceAccount)
}

function checkAccount(errors: FieldError[], at: string, account: NonNullable<Rule['subjects'][number]['serviceAccount']>): void {
  if (account.name && account.name !== '*') checkName(errors, `${at}.name`, account.name, dnsSubdomain)
  if (account.namespace) checkName(errors, `${at}.namespace`, account.namespace, dnsLabel)
  else errors.push(required(`${at}.namespace`, 'must specify namespace for service account'))
}

function checkConditions(conditions: readonly { readonly type?: string | undefined }[] = []): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, { type = '' }] of conditions.entries()) {
    const at = `status.conditions[${index}].type`
    if (seen.has(type)) errors.push(duplicate(at, type))
    seen.add(type)
    if (type === '') errors.push(required(at, 'must not be empty'))
  }
  return errors
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
    if (spec !== undefined) checkLevel(errors, object.metadata.name, spec)
    return errors
  },
  validateStatusUpdate: (object) => checkConditions((object as PriorityLevelConfiguration).status?.conditions),
}

function checkLevel(errors: FieldError[], name: string, spec: NonNullable<PriorityLevelConfiguration['spec']>): void {
  const { type = '', limited, exempt } = spec
  if ((name === EXEMPT) !== (type === 'Exempt')) {
    errors.push(invalid('spec.type', type, "type must be 'Exempt' if and only if name is 'exempt'"))
  }
  if (type === 'Exempt') {
    if (limited !== undefined) errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'))
    if (exempt !== undefined) checkShares(errors, 'spec.exempt', exempt)
  } else if (type === 'Limited') {
    if (exempt !== undefined) errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'))
    if (limited === undefined) errors.push(required('spec.limited', 'must not be empty when type is Limited'))
    else checkLimited(errors, 'spec.limited', limited)
  } else errors.push(notSupported('spec.type', type, LEVELS))
}

function checkShares(errors: FieldError[], at: string, level: ExemptPriorityLevelConfiguration): void {
  const { nominalConcurrencyShares: shares = 0, lendablePercent = 0 } = level
  if (shares < 0) errors.push(invalid(`${at}.nominalConcurrencyShares`, shares, 'must be a non-negative integer'))
  if (lendablePercent < 0 || lendablePercent > MOST_PERCENT) {
    errors.push(invalid(`${at}.lendablePercent`, lendablePercent, 'must be between 0 and 100, inclusive'))
  }
}

function checkLimited(errors: FieldError[], at: string, limited: LimitedPriorityLevelConfiguration): void {
  checkShares(errors, at, limited)
  const { borrowingLimitPercent, limitResponse } = limited
  if (borrowingLimitPercent !== undefined && borrowingLimitPercent < 0) {
    errors.push(invalid(`${at}.borrowingLimitPercent`, borrowingLimitPercent, 'if specified, must be a non-negative integer'))
  }
  const { type = '', queuing } = limitResponse ?? {}
  const path = `${at}.limitResponse`
  if (!RESPONSES.includes(type)) errors.push(notSupported(`${path}.type`, type, RESPONSES))
  else if (type === 'Reject') {
    if (queuing === undefined) return
    errors.push(forbidden(`${path}.queuing`, 'must be nil if limited.limitResponse.type is not Limited'))
  } else if (queuing === undefined) {
    errors.push(required(`${path}.queuing`, 'must not be empty if limited.limitResponse.type is Limited'))
  } else checkQueuing(errors, `${path}.queuing`, queuing)
}

function checkQueuing(errors: FieldError[], at: string, queuing: QueuingConfiguration): void {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing
  if (queueLengthLimit <= 0) errors.push(invalid(`${at}.queueLengthLimit`, queueLengthLimit, 'must be positive'))
  if (queues <= 0) errors.push(invalid(`${at}.queues`, queues, 'must be positive'))
  else if (queues > MOST_QUEUES) errors.push(invalid(`${at}.queues`, queues, `must not be greater than ${MOST_QUEUES}`))
  const problem = handProblem(queues, handSize)
  if (problem !== undefined) errors.push(invalid(`${at}.handSize`, handSize, problem))
}

function handProblem(queues: number, handSize: number): string | undefined {
  if (handSize <= 0) return 'must be positive'
  if (handSize > queues) return `should not be greater than queues (${queues})`
  if (Math.ceil(Math.log2(queues) * handSize) <= HASH_BITS) return undefined
  return `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${HASH_BITS}`
}
