/** A default must be what the schema would take from a user. */
import type { FieldError } from '../contract.js'
import { forbidden, invalid } from '../field-error.js'
import { checkEmbedded } from './embedded.js'
import { findDuplicates } from './lists.js'
import type { Schema } from './schema.js'
import { isPruned } from './settle.js'
import { validateValue } from './validate.js'

export function checkDefault(errors: FieldError[], schema: Schema, path: string, inMetadata: boolean): void {
  const at = `${path}.default`
  if (inMetadata) {
    errors.push(forbidden(at, 'must not be set in top-level metadata'))
    return
  }
  if (!isPruned(schema, schema.default)) errors.push(invalid(at, schema.default, 'must be pruned'))
  const found: FieldError[] = []
  validateValue(found, schema, schema.default, undefined, '')
  checkEmbedded(found, schema, schema.default, '')
  findDuplicates(found, schema, schema.default, '')
  for (const error of found) errors.push({ ...error, field: fieldBelow(at, error.field) })
}

function fieldBelow(at: string, field: string): string {
  if (field === '' || field === '<nil>') return at
  return field.startsWith('[') ? `${at}${field}` : `${at}.${field}`
}
