/** The findings of validation, worded as Kubernetes words them. `field` is the path as a user writes it. Pure. */
import type { FieldError } from './contract.js'
import { formatJson } from './exact-json.js'

/** Nothing is shown in quotes: so Kubernetes does it. */
function shown(value: unknown): string {
  return formatJson(value ?? 'null')
}

/** `detail` says more than that it is missing. */
export function required(field: string, detail = ''): FieldError {
  return { reason: 'FieldValueRequired', field, message: detail === '' ? 'Required value' : `Required value: ${detail}` }
}

/** `value` is shown as JSON. */
export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${shown(value)}: ${detail}` }
}

/** The values are shown in order. */
export function notSupported(field: string, value: unknown, values: readonly string[]): FieldError {
  const supported = [...values].sort().map(shown).join(', ')
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${shown(value)}: supported values: ${supported}`,
  }
}

export function forbidden(field: string, detail: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${detail}` }
}

export function duplicate(field: string, value: unknown): FieldError {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${shown(value)}` }
}

export function notFound(field: string, value: unknown): FieldError {
  return { reason: 'FieldValueNotFound', field, message: `Not found: ${shown(value)}` }
}

export function tooLong(field: string, limit: number): FieldError {
  return { reason: 'FieldValueTooLong', field, message: `Too long: may not be more than ${limit} bytes` }
}

export function tooMany(field: string, count: number, limit: number): FieldError {
  return { reason: 'FieldValueTooMany', field, message: `Too many: ${count}: must have at most ${limit} items` }
}

export const IMMUTABLE = 'field is immutable'
export const NOT_NEGATIVE = 'must be greater than or equal to 0'
export const PORT_RANGE = 'must be between 1 and 65535, inclusive'

/** Adds the finding of a name check, if it has one. */
export function checkName(errors: FieldError[], field: string, value: string, check: (text: string) => string | undefined): void {
  const problem = check(value)
  if (problem !== undefined) errors.push(invalid(field, value, problem))
}

export function checkNotNegative(errors: FieldError[], field: string, value: number | undefined): void {
  if (value !== undefined && value < 0) errors.push(invalid(field, value, NOT_NEGATIVE))
}

export function checkImmutable(errors: FieldError[], field: string, value: unknown, same: boolean): void {
  if (!same) errors.push(invalid(field, value, IMMUTABLE))
}
