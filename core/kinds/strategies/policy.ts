/** Autoscalers, disruption budgets, priorities and runtime classes. */
import type { FieldError, Strategy } from '../contract.js'
import { checkName, forbidden, invalid, required } from '../field-error.js'
import { checkLabels } from '../metadata.js'
import { dnsLabel } from '../names.js'
import type { HorizontalPodAutoscaler, HPAScalingRules, PodDisruptionBudget, PriorityClass, RuntimeClass } from '../types.js'
import { checkLabelSelector } from './label-selectors.js'
import { defaultResourceList } from './pod-defaults.js'
import { checkTolerations } from './pod-spec.js'
import { checkAmounts } from './resources.js'
import { checkAtMostAll, checkCount, checkUnchanged } from './shared.js'

const UTILIZATION = 80
const PERIOD = 15

export const autoscalerStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as HorizontalPodAutoscaler
    spec.minReplicas ??= 1
    if (object.apiVersion !== 'autoscaling/v2') return
    if ((spec.metrics ?? []).length === 0) {
      const target = { type: 'Utilization', averageUtilization: UTILIZATION }
      spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }]
    }
    if (spec.behavior === undefined) return
    spec.behavior.scaleUp = scaleRules(spec.behavior.scaleUp, 0, [
      { type: 'Pods', value: 4, periodSeconds: PERIOD },
      { type: 'Percent', value: 100, periodSeconds: PERIOD },
    ])
    spec.behavior.scaleDown = scaleRules(spec.behavior.scaleDown, undefined, [
      { type: 'Percent', value: 100, periodSeconds: PERIOD },
    ])
  },
  prepareCreate(object) {
    object.status = { currentReplicas: 0, desiredReplicas: 0 }
  },
  validate(object) {
    const errors: FieldError[] = []
    const { minReplicas = 1, maxReplicas, scaleTargetRef } = (object as HorizontalPodAutoscaler).spec
    if (minReplicas < 1) errors.push(invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'))
    if (!(maxReplicas >= 1)) errors.push(invalid('spec.maxReplicas', maxReplicas ?? 0, 'must be greater than 0'))
    else if (maxReplicas < minReplicas) {
      errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'))
    }
    if (scaleTargetRef === undefined) errors.push(required('spec.scaleTargetRef.name'))
    return errors
  },
}

function scaleRules(
  rules: HPAScalingRules | undefined,
  window: number | undefined,
  policies: HPAScalingRules['policies'],
): HPAScalingRules {
  const result: HPAScalingRules = rules ?? {}
  result.selectPolicy ??= 'Max'
  if (window !== undefined) result.stabilizationWindowSeconds ??= window
  result.policies ??= policies
  return result
}

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
