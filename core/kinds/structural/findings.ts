/** What validation by a schema finds, in the words of Kubernetes, which clients and their tests compare. */
import type { FieldError } from '../contract.js'
import { formatJson } from '../exact-json.js'
import { invalid } from '../field-error.js'

const inBody = (path: string): string => `${path} in body`

/** Of several schemas together: Kubernetes has no field for these. */
function composite(path: string, text: string): FieldError {
  return { reason: 'FieldValueInvalid', field: '<nil>', message: `Invalid value: "": ${JSON.stringify(path)} ${text}` }
}

export const findings = {
  wrongType: (path: string, types: readonly string[], found: string): FieldError => ({
    reason: 'FieldValueTypeInvalid',
    field: path,
    message: `Invalid value: ${JSON.stringify(found)}: ${inBody(path)} must be of type ${types.join(',')}: ${JSON.stringify(found)}`,
  }),
  outOfRange: (path: string, type: string, format: string): FieldError => {
    const width = format === '' ? '(default format)' : `with format ${format}`
    const message = `Invalid value: "": Checked value must be of type ${type} ${width} in ${path}`
    return { reason: 'FieldValueInvalid', field: '<nil>', message }
  },
  notInEnum(path: string, value: unknown, values: readonly unknown[]): FieldError {
    const list = values.map((one) => JSON.stringify(typeof one === 'string' ? one : formatJson(one)))
    const message = `Unsupported value: ${formatJson(value)}: supported values: ${list.join(', ')}`
    return { reason: 'FieldValueNotSupported', field: path, message }
  },
  tooShort: (path: string, value: string, least: number) =>
    invalid(path, value, `${inBody(path)} should be at least ${least} chars long`),
  noMatch: (path: string, value: string, pattern: string) => invalid(path, value, `${inBody(path)} should match '${pattern}'`),
  tooSmall: (path: string, value: number | bigint, least: number, exclusive: boolean) =>
    invalid(path, value, `${inBody(path)} should be greater than ${exclusive ? '' : 'or equal to '}${least}`),
  tooLarge: (path: string, value: number | bigint, most: number, exclusive: boolean) =>
    invalid(path, value, `${inBody(path)} should be less than ${exclusive ? '' : 'or equal to '}${most}`),
  notMultiple: (path: string, value: number | bigint, factor: number) =>
    invalid(path, value, `${inBody(path)} should be a multiple of ${factor}`),
  tooFewItems: (path: string, count: number, least: number) =>
    invalid(path, count, `${inBody(path)} should have at least ${least} items`),
  tooFewProperties: (path: string, count: number, least: number) =>
    invalid(path, count, `${inBody(path)} should have at least ${least} properties`),
  notAllowed: (path: string, key: string) => invalid(path, key, `${path}.${key} in body is a forbidden property`),
  noneOf: (path: string) => composite(path, 'must validate at least one schema (anyOf)'),
  notOneOf: (path: string, count: number) => {
    const found = count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`
    return composite(path, `must validate one and only one schema (oneOf). ${found}`)
  },
  notAllOf: (path: string, none: boolean) =>
    composite(path, `must validate all the schemas (allOf)${none ? '. None validated' : ''}`),
  isNot: (path: string) => composite(path, 'must not validate the schema (not)'),
}
