/**
 * The three questions that the API asks about an object of a kind, each answered from three sources in this order: the
 * schema, the rules of metadata, and what is written by hand for the kind. All are synchronous; only `applyDefaults`
 * changes its argument.
 */
import type { FieldError, KubeObject, ResourceKind } from './contract.js'
import { checkMetadata, checkMetadataUpdate } from './metadata.js'
import { applySchemaDefaults, checkSchema } from './schema-plan.js'

/** Fills in what Kubernetes fills in. Doing it again changes nothing more. */
export function applyDefaults(kind: ResourceKind, object: KubeObject): void {
  applySchemaDefaults(kind.schema, object)
  kind.strategy.defaults?.(object)
}

/** For a create, and for the whole of a new object in an update of `old`. The object has its defaults. */
export function validate(kind: ResourceKind, object: KubeObject, old?: KubeObject): FieldError[] {
  const errors: FieldError[] = []
  checkMetadata(errors, kind, object)
  checkSchema(errors, kind.schema, object, '')
  const own = kind.strategy.validate?.(object, old)
  return own === undefined || own.length === 0 ? errors : withoutRepeats([...errors, ...own])
}

/**
 * For an update of `old` to `object`, both with defaults. Through `status` only metadata and status can have changed, so
 * only they are looked at; through any other way the new object must be valid as a whole too.
 */
export function validateUpdate(kind: ResourceKind, object: KubeObject, old: KubeObject, subresource?: string): FieldError[] {
  const errors: FieldError[] = []
  checkMetadataUpdate(errors, object, old)
  if (subresource === 'status') {
    checkMetadata(errors, kind, object)
    return [...errors, ...(kind.strategy.validateStatusUpdate?.(object, old) ?? [])]
  }
  errors.push(...validate(kind, object, old), ...(kind.strategy.validateUpdate?.(object, old, subresource) ?? []))
  return withoutRepeats(errors)
}

/** Schema and hand may find the same thing missing; what says more about it stays. */
function withoutRepeats(errors: readonly FieldError[]): FieldError[] {
  if (errors.length < 2) return [...errors]
  const explained = new Set(errors.filter(({ message }) => message.startsWith('Required value: ')).map(({ field }) => field))
  const seen = new Set<string>()
  return errors.filter(({ field, message }) => {
    if (message === 'Required value' && explained.has(field)) return false
    const key = `${field}: ${message}`
    return !seen.has(key) && seen.add(key) !== undefined
  })
}
