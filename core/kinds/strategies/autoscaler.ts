/** HorizontalPodAutoscalers: defaults and checks of autoscaling/v2. */
import type { FieldError, Strategy } from '../contract.js'
import { checkNotNegative, invalid, notSupported, required } from '../field-error.js'
import type { HorizontalPodAutoscaler, HPAScalingRules } from '../types.js'
import { checkMetric, checkReference } from './autoscaler-metric.js'

const UTILIZATION = 80
const PERIOD = 15
const LONGEST_WINDOW = 3600
const LONGEST_PERIOD = 1800
const SELECT_POLICIES = ['Max', 'Min', 'Disabled']
const POLICY_TYPES = ['Pods', 'Percent']

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
    const { minReplicas = 1, maxReplicas, scaleTargetRef, metrics = [], behavior } = (object as HorizontalPodAutoscaler).spec
    if (minReplicas < 1) errors.push(invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'))
    if (!(maxReplicas >= 1)) errors.push(invalid('spec.maxReplicas', maxReplicas ?? 0, 'must be greater than 0'))
    if ((maxReplicas ?? 0) < minReplicas) {
      errors.push(invalid('spec.maxReplicas', maxReplicas ?? 0, 'must be greater than or equal to `minReplicas`'))
    }
    checkReference(errors, 'spec.scaleTargetRef', scaleTargetRef)
    for (const [index, metric] of metrics.entries()) checkMetric(errors, `spec.metrics[${index}]`, metric)
    checkRules(errors, 'spec.behavior.scaleUp', behavior?.scaleUp)
    checkRules(errors, 'spec.behavior.scaleDown', behavior?.scaleDown)
    return errors
  },
  validateStatusUpdate(object) {
    const errors: FieldError[] = []
    const { status } = object as HorizontalPodAutoscaler
    checkNotNegative(errors, 'status.currentReplicas', status?.currentReplicas)
    checkNotNegative(errors, 'status.desiredReplicas', status?.desiredReplicas)
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

function checkRules(errors: FieldError[], path: string, rules: HPAScalingRules | undefined): void {
  if (rules === undefined) return
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [] } = rules
  if (window !== undefined && window < 0) {
    errors.push(invalid(`${path}.stabilizationWindowSeconds`, window, 'must be greater than or equal to zero'))
  }
  if (window !== undefined && window > LONGEST_WINDOW) {
    errors.push(invalid(`${path}.stabilizationWindowSeconds`, window, `must be less than or equal to ${LONGEST_WINDOW}`))
  }
  if (selectPolicy !== undefined && !SELECT_POLICIES.includes(selectPolicy)) {
    errors.push(notSupported(`${path}.selectPolicy`, selectPolicy, SELECT_POLICIES))
  }
  if (policies.length === 0) errors.push(required(`${path}.policies`, 'must specify at least one Policy'))
  for (const [index, { type, value, periodSeconds }] of policies.entries()) {
    const at = `${path}.policies[${index}]`
    if (!POLICY_TYPES.includes(type)) errors.push(notSupported(`${at}.type`, type ?? '', POLICY_TYPES))
    if (!(value > 0)) errors.push(invalid(`${at}.value`, value ?? 0, 'must be greater than zero'))
    if (!(periodSeconds > 0)) errors.push(invalid(`${at}.periodSeconds`, periodSeconds ?? 0, 'must be greater than zero'))
    if (periodSeconds > LONGEST_PERIOD) {
      errors.push(invalid(`${at}.periodSeconds`, periodSeconds, `must be less than or equal to ${LONGEST_PERIOD}`))
    }
  }
}
