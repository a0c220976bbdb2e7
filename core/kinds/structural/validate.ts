/**
 * Validation of a value by its schema. For an update, what did not change is not looked at: an object that was made under
 * an older schema can still be changed elsewhere ("ratcheting").
 */
import type { FieldError } from '../contract.js'
import { equalJson } from '../equal.js'
import { required, tooLong, tooMany } from '../field-error.js'
import { findings } from './findings.js'
import { hasFormat } from './format.js'
import { oldElements } from './lists.js'
import { patternOf } from './pattern.js'
import { below, isJson, itemsOf, type Json, propertyOf, type Schema, typesOf, valuesOf } from './schema.js'

/**
 * Findings at `path` and below; `''` for a whole object. `old` is the value before an update, undefined where there is
 * none. Answers how many conditions were looked at: of alternatives that all fail, the one that came furthest is shown.
 */
export function validateValue(errors: FieldError[], schema: Schema, value: unknown, old: unknown, path: string): number {
  if (old !== undefined && equalJson(value, old)) return 0
  if (value === null) return checkType(errors, schema, value, path) + checkEnum(errors, schema, value, path) + 1
  let count = checkType(errors, schema, value, path) + 1
  count += checkAlternatives(errors, schema, value, old, path)
  if (typeof value === 'string') checkText(errors, schema, value, path)
  else if (typeof value === 'number' || typeof value === 'bigint') checkNumber(errors, schema, value, path)
  else if (Array.isArray(value)) count += checkItems(errors, schema, value, old, path)
  else if (isJson(value)) count += checkFields(errors, schema, value, old, path)
  return count + checkEnum(errors, schema, value, path) + 1
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value === 'bigint' ? 'integer' : typeof value
}

function checkType(errors: FieldError[], schema: Schema, value: unknown, path: string): number {
  const types = typesOf(schema)
  if (types.length === 0) return 0
  const found = typeOf(value)
  const fits = types.includes(found) || (found === 'integer' && types.includes('number'))
  if (fits || (found === 'null' && schema.nullable === true)) return 1
  errors.push(findings.wrongType(path, types, found))
  return 0
}

function checkEnum(errors: FieldError[], schema: Schema, value: unknown, path: string): number {
  if (schema.enum === undefined) return 0
  if (schema.enum.some((one) => equalJson(one, value))) return 1
  // A null that is allowed need not be listed.
  if (value !== null || schema.nullable !== true) errors.push(findings.notInEnum(path, value, schema.enum))
  return 0
}

function checkText(errors: FieldError[], schema: Schema, value: string, path: string): void {
  const { minLength, maxLength, pattern, format } = schema
  if (maxLength !== undefined && charactersOf(value) > maxLength) errors.push(tooLong(path, maxLength))
  if (minLength !== undefined && charactersOf(value) < minLength) errors.push(findings.tooShort(path, value, minLength))
  if (pattern) {
    const compiled = patternOf(pattern)
    if (typeof compiled === 'string' || !compiled.matches(value)) errors.push(findings.noMatch(path, value, pattern))
  }
  if (format && !hasFormat(format, value)) errors.push(findings.wrongType(path, [format], value))
}

function charactersOf(text: string): number {
  let count = 0
  for (const _character of text) count++
  return count
}

const int32 = 2 ** 31
const int64 = 2 ** 63

function checkNumber(errors: FieldError[], schema: Schema, value: number | bigint, path: string): void {
  const { type, format = '', minimum, maximum, multipleOf } = schema
  if (type === 'integer') {
    const limit = format === 'int32' ? int32 : int64
    if (value < -limit || value >= limit) errors.push(findings.outOfRange(path, type, format))
  }
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) errors.push(findings.notMultiple(path, value, multipleOf))
  const { exclusiveMaximum = false, exclusiveMinimum = false } = schema
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    errors.push(findings.tooLarge(path, value, maximum, exclusiveMaximum))
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    errors.push(findings.tooSmall(path, value, minimum, exclusiveMinimum))
  }
}

function isMultiple(value: number | bigint, factor: number): boolean {
  if (typeof value === 'bigint')
    return Number.isInteger(factor) ? value % BigInt(factor) === 0n : isMultiple(Number(value), factor)
  const times = factor < 1 ? (1 / factor) * value : value / factor
  // 0.3 is a multiple of 0.1, though their quotient is not quite 3.
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times))
}

function checkItems(errors: FieldError[], schema: Schema, list: readonly unknown[], old: unknown, path: string): number {
  const { minItems, maxItems } = schema
  const items = itemsOf(schema)
  let count = 0
  if (items !== undefined) {
    const before = Array.isArray(old) ? oldElements(schema, list, old) : undefined
    for (const [index, element] of list.entries()) {
      count += validateValue(errors, items, element, before?.[index], `${path}[${index}]`)
    }
  }
  if (minItems !== undefined && list.length < minItems) errors.push(findings.tooFewItems(path, list.length, minItems))
  if (maxItems !== undefined && list.length > maxItems) errors.push(tooMany(path, list.length, maxItems))
  return count
}

function checkFields(errors: FieldError[], schema: Schema, value: Json, old: unknown, path: string): number {
  const { minProperties, maxProperties, additionalProperties } = schema
  const keys = Object.keys(value)
  if (minProperties !== undefined && keys.length < minProperties) {
    errors.push(findings.tooFewProperties(path, keys.length, minProperties))
    return 0
  }
  if (maxProperties !== undefined && keys.length > maxProperties) {
    errors.push(tooMany(path, keys.length, maxProperties))
    return 0
  }
  const values = valuesOf(schema)
  const before = isJson(old) ? old : undefined
  let count = 0
  for (const key of keys) {
    const field = propertyOf(schema, key) ?? values
    if (field !== undefined) {
      const previous = before !== undefined && Object.hasOwn(before, key) ? before[key] : undefined
      count += validateValue(errors, field, value[key], previous, below(path, key))
    } else if (additionalProperties === false) errors.push(findings.notAllowed(path, key))
  }
  for (const key of schema.required ?? []) if (!Object.hasOwn(value, key)) errors.push(required(below(path, key)))
  return count
}

function checkAlternatives(errors: FieldError[], schema: Schema, value: unknown, old: unknown, path: string): number {
  const { allOf, anyOf, oneOf, not } = schema
  let count = 1
  if (anyOf !== undefined && anyOf.length > 0) {
    const { valid, best } = tried(anyOf, value, old, path)
    if (valid === 0) errors.push(findings.noneOf(path), ...best)
  }
  if (oneOf !== undefined && oneOf.length > 0) {
    const { valid, best } = tried(oneOf, value, old, path)
    if (valid === 0) errors.push(findings.notOneOf(path, 0), ...best)
    else if (valid > 1) errors.push(findings.notOneOf(path, valid))
  }
  if (allOf !== undefined && allOf.length > 0) {
    let valid = 0
    for (const one of allOf) {
      const found: FieldError[] = []
      count += validateValue(found, one, value, old, path)
      errors.push(...found)
      if (found.length === 0) valid++
    }
    if (valid < allOf.length) errors.push(findings.notAllOf(path, valid === 0))
  }
  if (not !== undefined) {
    const found: FieldError[] = []
    validateValue(found, not, value, undefined, path)
    if (found.length === 0) errors.push(findings.isNot(path))
  }
  return count
}

/** How many take the value, and the findings of the one that came furthest. */
function tried(schemas: readonly Schema[], value: unknown, old: unknown, path: string): { valid: number; best: FieldError[] } {
  let valid = 0
  let best: FieldError[] = []
  let furthest = -1
  for (const schema of schemas) {
    const found: FieldError[] = []
    const count = validateValue(found, schema, value, old, path)
    if (found.length === 0) valid++
    else if (count > furthest) {
      furthest = count
      best = found
    }
  }
  return { valid, best }
}
