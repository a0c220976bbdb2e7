/** Disruption budgets, priorities and runtime classes. */
import type { FieldError, Strategy } from '../contract.js'
import { checkName, forbidden, invalid } from '../field-error.js'
import { checkLabels } from '../metadata.js'
import { dnsLabel } from '../names.js'
import type { PodDisruptionBudget, PriorityClass, RuntimeClass } from '../types.js'
import { checkLabelSelector } from './label-selectors.js'
import { defaultResourceList } from './pod-defaults.js'
import { checkTolerations } from './pod-spec.js'
import { checkAmounts } from './resources.js'
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
    checkLabelSelector(errors, 'spec.selector', spec.selector)
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
    const { handler, overhead, scheduling } = object as RuntimeClass
    if (handler) checkName(errors, 'handler', handler, dnsLabel)
    if (overhead?.podFixed !== undefined) checkAmounts(errors, 'overhead.podFixed', overhead.podFixed)
    checkLabels(errors, 'scheduling.nodeSelector', scheduling?.nodeSelector)
    checkTolerations(errors, 'scheduling.tolerations', scheduling?.tolerations)
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    checkUnchanged(errors, 'handler', object.handler, old.handler)
    return errors
  },
}
