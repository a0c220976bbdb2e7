/** Checks of what a Job makes of failed Pods, and of when it has succeeded early. */
import type { FieldError } from '../contract.js'
import { checkName, checkNotNegative, duplicate, invalid, notSupported, required, tooLong, tooMany } from '../field-error.js'
import { qualifiedName } from '../names.js'
import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from '../types.js'

const MOST_RULES = 20
const MOST_VALUES = 255
const MOST_INDEX_TEXT = 64 * 1024
const OMITTED = ''

export function checkFailurePolicy(errors: FieldError[], path: string, spec: JobSpec): void {
  const { rules = [] } = spec.podFailurePolicy ?? {}
  if (rules.length > MOST_RULES) errors.push(tooMany(`${path}.rules`, rules.length, MOST_RULES))
  for (const [position, rule] of rules.entries()) checkFailureRule(errors, `${path}.rules[${position}]`, rule, spec)
}

function checkFailureRule(errors: FieldError[], path: string, rule: PodFailurePolicyRule, spec: JobSpec): void {
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(`${path}.action`, rule.action, 'requires the backoffLimitPerIndex field to be set'))
  }
  const conditions = rule.onPodConditions ?? []
  if (rule.onExitCodes) checkExitCodes(errors, `${path}.onExitCodes`, rule.onExitCodes, spec)
  if (conditions.length > MOST_RULES) errors.push(tooMany(`${path}.onPodConditions`, conditions.length, MOST_RULES))
  for (const [position, { type, status }] of conditions.entries()) {
    const field = `${path}.onPodConditions[${position}]`
    checkName(errors, `${field}.type`, type, qualifiedName)
    const known = ['False', 'True', 'Unknown']
    if (!known.includes(status)) errors.push(notSupported(`${field}.status`, status, known))
  }
  if (rule.onExitCodes && conditions.length > 0) {
    errors.push(invalid(path, OMITTED, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  } else if (!rule.onExitCodes && conditions.length === 0) {
    errors.push(invalid(path, OMITTED, 'specifying one of OnExitCodes and OnPodConditions is required'))
  }
}

type ExitCodes = NonNullable<PodFailurePolicyRule['onExitCodes']>

function checkExitCodes(errors: FieldError[], path: string, { containerName, operator, values }: ExitCodes, spec: JobSpec): void {
  const pod = spec.template?.spec
  const names = [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map(({ name }) => name)
  if (containerName !== undefined && !names.includes(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template'
    errors.push(invalid(`${path}.containerName`, containerName, detail))
  }
  const field = `${path}.values`
  if (values.length === 0) errors.push(invalid(field, values, 'at least one value is required'))
  if (values.length > MOST_VALUES) errors.push(tooMany(field, values.length, MOST_VALUES))
  const seen = new Set<number>()
  for (const [position, value] of values.entries()) {
    if (operator === 'In' && value === 0)
      errors.push(invalid(`${field}[${position}]`, value, 'must not be 0 for the In operator'))
    if (seen.has(value)) errors.push(duplicate(`${field}[${position}]`, value))
    seen.add(value)
  }
  if (values.some((value, position) => value < (values[position - 1] ?? value))) {
    errors.push(invalid(field, values, 'must be ordered'))
  }
}

export function checkSuccessPolicy(errors: FieldError[], path: string, spec: JobSpec): void {
  if (spec.successPolicy === undefined) return
  const { rules } = spec.successPolicy
  if (rules.length === 0) {
    errors.push(required(`${path}.rules`, 'at least one rules must be specified when the successPolicy is specified'))
  }
  if (rules.length > MOST_RULES) errors.push(tooMany(`${path}.rules`, rules.length, MOST_RULES))
  for (const [position, rule] of rules.entries())
    checkSuccessRule(errors, `${path}.rules[${position}]`, rule, spec.completions ?? 0)
}

function checkSuccessRule(errors: FieldError[], path: string, rule: SuccessPolicyRule, completions: number): void {
  const { succeededCount: count, succeededIndexes: indexes } = rule
  if (count === undefined && indexes === undefined) {
    errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'))
  }
  const { total, problem } = indexes === undefined ? {} : readIndexes(indexes, completions)
  if (indexes !== undefined && problem !== undefined) {
    errors.push(invalid(`${path}.succeededIndexes`, indexes, `error parsing succeededIndexes: ${problem}`))
  }
  if (indexes !== undefined && indexes.length > MOST_INDEX_TEXT) {
    errors.push(tooLong(`${path}.succeededIndexes`, MOST_INDEX_TEXT))
  }
  if (count === undefined) return
  const field = `${path}.succeededCount`
  checkNotNegative(errors, field, count)
  if (count > completions) {
    errors.push(invalid(field, count, `must be less than or equal to ${completions} (the number of specified completions)`))
  }
  if (total !== undefined && count > total) {
    const detail = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`
    errors.push(invalid(field, count, detail))
  }
}

/** "1,3-5": indexes below `completions`, each after the one before. */
function readIndexes(text: string, completions: number): { readonly total?: number; readonly problem?: string } {
  let [total, before] = [0, -1]
  for (const interval of text.split(',')) {
    const limits = interval.split('-')
    if (limits.length > 2)
      return {
        problem: `the fragment "${interval}" violates the requirement that an index interval can have at most two parts separated by '-'`,
      }
    const wrong = limits.find((limit) => !/^\d{1,9}$/.test(limit))
    if (wrong !== undefined) return { problem: `cannot convert string to integer for index: "${wrong}"` }
    const [first = 0, last = first] = limits.map(Number)
    if (last >= completions) return { problem: `too large index: "${first >= completions ? first : last}"` }
    if (first <= before) return { problem: `non-increasing order, previous: ${before}, current: ${first}` }
    if (first > last) return { problem: `non-increasing order, previous: ${first}, current: ${last}` }
    total += last - first + 1
    before = last
  }
  return { total }
}
