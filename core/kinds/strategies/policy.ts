/** Disruption budgets, priorities, runtime classes, flow control and signing requests. */
import type { FieldError, KubeObject, Strategy } from '../contract.js'
import { checkName, forbidden, invalid, required } from '../field-error.js'
import { dnsLabel } from '../names.js'
import { selectorFromObject } from '../selector.js'
import type {
  CertificateSigningRequest,
  FlowSchema,
  PodDisruptionBudget,
  PriorityClass,
  PriorityLevelConfiguration,
  RuntimeClass,
} from '../types.js'
import { defaultResourceList } from './pod-defaults.js'
import { checkAtMostAll, checkCount, checkUnchanged } from './shared.js'

export const disruptionBudgetStrategy: Strategy = {
  prepareCreate(object) {
    object.status = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as PodDisruptionBudget
    if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
      errors.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'))
    }
    for (const field of ['minAvailable', 'maxUnavailable'] as const) {
      checkCount(errors, `spec.${field}`, spec[field])
      checkAtMostAll(errors, `spec.${field}`, spec[field])
    }
    const { error } = selectorFromObject(spec.selector)
    if (error !== undefined) errors.push(invalid('spec.selector', spec.selector, error))
    return errors
  },
}

const USER_PRIORITY_LIMIT = 1_000_000_000
const SYSTEM_PREFIX = 'system-'
const SYSTEM_CLASSES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}

export const priorityClassStrategy: Strategy = {
  defaults(object) {
    ;(object as PriorityClass).preemptionPolicy ??= 'PreemptLowerPriority'
  },
  validate(object) {
    const { metadata, value } = object as PriorityClass
    if (metadata.name.startsWith(SYSTEM_PREFIX)) {
      if (Object.hasOwn(SYSTEM_CLASSES, metadata.name) && SYSTEM_CLASSES[metadata.name] === value) return []
      return [forbidden('metadata.name', "priority class names with 'system-' prefix are reserved for system use only")]
    }
    if (value <= USER_PRIORITY_LIMIT) return []
    return [forbidden('value', `maximum allowed value of a user defined priority is ${USER_PRIORITY_LIMIT}`)]
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    if ((object as PriorityClass).value !== (old as PriorityClass).value) {
      errors.push(forbidden('value', 'may not be changed in an update.'))
    }
    checkUnchanged(errors, 'preemptionPolicy', object.preemptionPolicy, old.preemptionPolicy)
    return errors
  },
}

export const runtimeClassStrategy: Strategy = {
  defaults: (object) => defaultResourceList((object as RuntimeClass).overhead?.podFixed),
  validate(object) {
    const errors: FieldError[] = []
    const { handler } = object as RuntimeClass
    if (handler) checkName(errors, 'handler', handler, dnsLabel)
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    checkUnchanged(errors, 'handler', object.handler, old.handler)
    return errors
  },
}

export const flowSchemaStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as FlowSchema
    if (spec !== undefined) spec.matchingPrecedence ||= 1000
  },
  validate(object) {
    const errors: FieldError[] = []
    const precedence = (object as FlowSchema).spec?.matchingPrecedence
    if (precedence !== undefined && (precedence < 1 || precedence > 10_000)) {
      errors.push(invalid('spec.matchingPrecedence', precedence, 'must be between 1 and 10000, inclusive'))
    }
    return errors
  },
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
}

export const signingRequestStrategy: Strategy = {
  validate(object) {
    const errors: FieldError[] = []
    const { request, usages, signerName, expirationSeconds } = (object as CertificateSigningRequest).spec
    if (!request) errors.push(required('spec.request'))
    if ((usages ?? []).length === 0) errors.push(required('spec.usages'))
    if (signerName && !signerName.includes('/')) {
      errors.push(
        invalid('spec.signerName', signerName, 'must be a fully qualified domain and path of the form "example.com/signer-name"'),
      )
    }
    if (expirationSeconds !== undefined && expirationSeconds < 600) {
      errors.push(
        invalid('spec.expirationSeconds', expirationSeconds, 'may not specify a duration less than 600 seconds (10 minutes)'),
      )
    }
    return errors
  },
  validateUpdate(object: KubeObject, old: KubeObject) {
    const errors: FieldError[] = []
    checkUnchanged(errors, 'spec', object.spec, old.spec)
    return errors
  },
}
