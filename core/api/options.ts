/** The options of a request: what the query says, checked. */
import { ApiError } from '../client/contract.js'
import { type FieldError, forbidden, invalid, required, tooLong } from '../kinds/contract.js'
import type { ApiRequest } from './contract.js'

export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions' | 'ListOptions'

export interface WriteSettings {
  readonly dryRun: boolean
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore'
}

/** 422 of the options' own kind. */
export function invalidOptions(kind: OptionsKind, errors: readonly FieldError[]): ApiError {
  return ApiError.invalid({ group: 'meta.k8s.io', kind }, '', errors)
}

export function writeSettings(request: ApiRequest, kind: OptionsKind): WriteSettings {
  const { dryRun = '', fieldValidation = '' } = request.query
  const errors: FieldError[] = []
  if (dryRun !== '' && dryRun !== 'All') errors.push(unsupported('dryRun', dryRun, ['All']))
  if (fieldValidation !== '' && fieldValidation !== 'Strict' && fieldValidation !== 'Warn' && fieldValidation !== 'Ignore') {
    errors.push(unsupported('fieldValidation', fieldValidation, ['Ignore', 'Strict', 'Warn']))
  }
  checkManager(errors, request)
  if (request.query.force !== undefined && request.patchType !== 'apply') {
    errors.push(forbidden('force', 'may not be specified for non-apply patch'))
  }
  if (errors.length > 0) throw invalidOptions(kind, errors)
  return { dryRun: dryRun === 'All', fieldValidation: (fieldValidation || 'Warn') as WriteSettings['fieldValidation'] }
}

function checkManager(errors: FieldError[], { query, patchType }: ApiRequest): void {
  const { fieldManager = '' } = query
  const field = 'fieldManager'
  if (fieldManager === '' && patchType === 'apply') {
    errors.push(required(field, 'is required for apply patch'))
  }
  if (Buffer.byteLength(fieldManager) > 128) {
    errors.push(tooLong(field, 128))
  }
  let position = 0
  for (const character of fieldManager) {
    if (!isPrintable(character)) {
      const text = `should only contain printable characters (invalid character at position ${position})`
      errors.push(invalid(field, fieldManager, text))
    }
    position += Buffer.byteLength(character)
  }
}

/** Letters, marks, digits, punctuation, symbols and the plain space. */
export const isPrintable = (character: string): boolean => /^[ \p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character)

export function unsupported(field: string, value: string, supported: readonly string[]): FieldError {
  const list = supported.map((one) => JSON.stringify(one)).join(', ')
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`,
  }
}

/** Whatever does not say no says yes, the bare parameter too. */
export function booleanOption(request: ApiRequest, name: string): boolean | undefined {
  const value = request.query[name]
  return value === undefined ? undefined : !/^(?:false|0)$/i.test(value)
}

export function integerOption(request: ApiRequest, name: string): number | undefined {
  const value = request.query[name]
  if (value === undefined || value === '') return undefined
  if (!/^-?\d{1,15}$/.test(value)) {
    throw ApiError.badRequest(`the query parameter ${name} must be an integer, not ${JSON.stringify(value)}`)
  }
  return Number(value)
}

/** A resourceVersion as a number; '' stays undefined. */
export function parseVersion(value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined
  if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(Number(value))) {
    throw ApiError.badRequest(`Invalid value: ${JSON.stringify(value)}: resourceVersion must be an unsigned integer`)
  }
  return Number(value)
}
