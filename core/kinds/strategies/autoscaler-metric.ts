/** Checks of the metrics of an autoscaler. */
import type { FieldError } from '../contract.js'
import { checkName, forbidden, invalid, notSupported, required } from '../field-error.js'
import { pathSegment } from '../names.js'
import { parseQuantity } from '../quantity.js'
import type { CrossVersionObjectReference, MetricIdentifier, MetricSpec, MetricTarget } from '../types.js'

/** The types of metric, and the field that says more about each. */
const SOURCES = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
} as const
type Source = (typeof SOURCES)[keyof typeof SOURCES]
const TARGET_TYPES = ['Utilization', 'Value', 'AverageValue']
const BOTH = 'may not set both a target raw value and a target utilization'

export function checkMetric(errors: FieldError[], path: string, metric: MetricSpec): void {
  const type = metric.type ?? ''
  const types = Object.keys(SOURCES)
  if (type === '') errors.push(required(`${path}.type`, 'must specify a metric source type'))
  if (!types.includes(type)) errors.push(notSupported(`${path}.type`, type, types))
  const present = Object.values(SOURCES).filter((source) => metric[source] !== undefined)
  const [first] = present
  if (first) checks[first](errors, `${path}.${first}`, metric)
  const expected: Source | undefined = SOURCES[type as keyof typeof SOURCES]
  if (expected && metric[expected] === undefined) {
    errors.push(required(`${path}.${expected}`, 'must populate information for the given metric source'))
  }
  if (!expected) errors.push(notSupported(`${path}.type`, type, types))
  if (present.length === 1) return
  for (const other of present.filter((source) => source !== expected)) {
    errors.push(forbidden(`${path}.${other}`, 'must populate the given metric source only'))
  }
}

type Check = (errors: FieldError[], path: string, metric: MetricSpec) => void
const checks: Readonly<Record<Source, Check>> = {
  object(errors, path, { object }) {
    checkReference(errors, `${path}.describedObject`, object?.describedObject)
    checkIdentifier(errors, `${path}.metric`, object?.metric)
    const { value, averageValue } = checkTarget(errors, `${path}.target`, object?.target)
    if (value === undefined && averageValue === undefined) {
      errors.push(required(`${path}.target.averageValue`, 'must set either a target value or averageValue'))
    }
  },
  external(errors, path, { external }) {
    checkIdentifier(errors, `${path}.metric`, external?.metric)
    const { value, averageValue } = checkTarget(errors, `${path}.target`, external?.target)
    if (value === undefined && averageValue === undefined) {
      errors.push(required(`${path}.target.averageValue`, 'must set either a target value for metric or a per-pod target'))
    }
    if (value !== undefined && averageValue !== undefined) {
      errors.push(forbidden(`${path}.target.value`, 'may not set both a target value for metric and a per-pod target'))
    }
  },
  pods(errors, path, { pods }) {
    checkIdentifier(errors, `${path}.metric`, pods?.metric)
    const { averageValue } = checkTarget(errors, `${path}.target`, pods?.target)
    if (averageValue === undefined || !isPositive(averageValue)) {
      errors.push(required(`${path}.target.averageValue`, 'must specify a positive target averageValue'))
    }
  },
  containerResource(errors, path, { containerResource }) {
    if (!containerResource?.name) errors.push(required(`${path}.name`, 'must specify a resource name'))
    if (!containerResource?.container) errors.push(required(`${path}.container`, 'must specify a container'))
    checkResourceTarget(errors, `${path}.target`, containerResource?.target)
  },
  resource(errors, path, { resource }) {
    if (!resource?.name) errors.push(required(`${path}.name`, 'must specify a resource name'))
    checkResourceTarget(errors, `${path}.target`, resource?.target)
  },
}

function checkResourceTarget(errors: FieldError[], path: string, given: MetricTarget | undefined): void {
  const { averageUtilization, averageValue } = checkTarget(errors, path, given)
  if (averageUtilization === undefined && averageValue === undefined) {
    errors.push(required(`${path}.averageUtilization`, 'must set either a target raw value or a target utilization'))
  }
  if (averageUtilization !== undefined && averageValue !== undefined) errors.push(forbidden(`${path}.averageValue`, BOTH))
}

/** Answers the target, an empty one where it is missing. */
function checkTarget(errors: FieldError[], path: string, target: Partial<MetricTarget> = {}): Partial<MetricTarget> {
  const { type = '', value, averageValue, averageUtilization } = target
  if (type === '') errors.push(required(`${path}.type`, 'must specify a metric target type'))
  if (!TARGET_TYPES.includes(type)) {
    errors.push(invalid(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue'))
  }
  if (value !== undefined && !isPositive(value)) errors.push(invalid(`${path}.value`, value, 'must be positive'))
  if (averageValue !== undefined && !isPositive(averageValue)) {
    errors.push(invalid(`${path}.averageValue`, averageValue, 'must be positive'))
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0'))
  }
  return target
}

function checkIdentifier(errors: FieldError[], path: string, metric: MetricIdentifier | undefined): void {
  if (!metric?.name) errors.push(required(`${path}.name`, 'must specify a metric name'))
  else checkName(errors, `${path}.name`, metric.name, pathSegment)
}

/** Of the target that is scaled, and of an object that a metric is about. */
export function checkReference(errors: FieldError[], path: string, reference: CrossVersionObjectReference | undefined): void {
  for (const field of ['kind', 'name'] as const) {
    const value = reference?.[field] ?? ''
    if (value === '') errors.push(required(`${path}.${field}`))
    else checkName(errors, `${path}.${field}`, value, pathSegment)
  }
}

function isPositive(text: string): boolean {
  return (parseQuantity(text).value?.nano ?? 0n) > 0n
}
