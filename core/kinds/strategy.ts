/**
 * The three questions that the API asks about an object of a kind, each answered from three sources in this order: the
 * schema, the rules of metadata, and what is written by hand for the kind. All are synchronous; only `applyDefaults`
 * changes its argument.
 */
import type { FieldError, KubeObject, ResourceKind } from './contract.js'
import { equalJson } from './equal.js'
import { nearestAt } from './field-path.js'
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
 * only they are looked at; through any other way the new object must be valid as a whole too, but for what an earlier
 * release let in and this update leaves as it is.
 */
export function validateUpdate(kind: ResourceKind, object: KubeObject, old: KubeObject, subresource?: string): FieldError[] {
  const errors: FieldError[] = []
  checkMetadataUpdate(errors, object, old)
  const check = subresource === 'status' ? checkStatus : checkWhole
  errors.push(...withoutOld(check(kind, object, old, subresource), () => check(kind, old, old, subresource), kind, object, old))
  return withoutRepeats(errors)
}

function checkStatus(kind: ResourceKind, object: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = []
  checkMetadata(errors, kind, object)
  return [...errors, ...(kind.strategy.validateStatusUpdate?.(object, old) ?? [])]
}

function checkWhole(kind: ResourceKind, object: KubeObject, old: KubeObject, subresource?: string): FieldError[] {
  return [...validate(kind, object, old), ...(kind.strategy.validateUpdate?.(object, old, subresource) ?? [])]
}

/**
 * Of what is wrong with an object, that which the update brought in: rules grow stricter, and must not hold up a change of
 * something else. Custom resources have rules of their own for this. The old object is looked at only where there is
 * something to leave out.
 */
function withoutOld(
  errors: readonly FieldError[],
  findOld: () => readonly FieldError[],
  kind: ResourceKind,
  object: KubeObject,
  old: KubeObject,
): readonly FieldError[] {
  if (errors.length === 0 || kind.custom) return errors
  const before = new Set(findOld().map(textOf))
  if (before.size === 0) return errors
  return errors.filter((error) => !before.has(textOf(error)) || !isLeft(error.field, object, old))
}

/** What is missing, or is no single place, is as it was only where all that it would be in is. */
function isLeft(field: string, object: KubeObject, old: KubeObject): boolean {
  const [now, before] = [nearestAt(object, field), nearestAt(old, field)]
  return now.depth === before.depth && equalJson(now.value, before.value)
}

const textOf = ({ field, message }: FieldError): string => `${field}: ${message}`

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
