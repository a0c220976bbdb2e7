/**
 * The form in which a custom resource is stored and shown: without what the schema does not know, without null where the
 * schema does not allow it, and with defaults. Objects that are in this form already are handed back as they are, so
 * that reading one costs a walk and no copy.
 */
import {
  copyJson,
  isEmbedded,
  isJson,
  itemsOf,
  type Json,
  keepsUnknown,
  propertyOf,
  put,
  type Schema,
  takesAnyKey,
  typeMeta,
  valuesOf,
} from './schema.js'

/** Of a whole object. The argument is not changed; the result shares with it what did not change. */
export function settleObject<T extends Json>(schema: Schema, object: T): T {
  return settleFields(schema, object, true) as T
}

function settle(schema: Schema | undefined, value: unknown): unknown {
  if (schema === undefined || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return settleItems(itemsOf(schema), value)
  return settleFields(schema, value as Json, isEmbedded(schema))
}

function settleItems(items: Schema | undefined, list: readonly unknown[]): readonly unknown[] {
  if (items === undefined) return list
  let out: unknown[] | undefined
  for (let index = 0; index < list.length; index++) {
    const before = list[index]
    const after = isForbiddenNull(items, before) && hasDefault(items) ? defaultOf(items) : settle(items, before)
    if (after === before) continue
    out ??= [...list]
    out[index] = after
  }
  return out ?? list
}

function settleFields(schema: Schema, value: Json, isObject: boolean): Json {
  const values = valuesOf(schema)
  const keepsAll = keepsUnknown(schema) || takesAnyKey(schema)
  let out: Json | undefined
  const own = (): Json => {
    out ??= shallow(value)
    return out
  }
  for (const key of Object.keys(value)) {
    if (isObject && typeMeta.has(key)) continue
    const field = propertyOf(schema, key) ?? values
    const before = value[key]
    if (field === undefined) {
      if (!keepsAll) delete own()[key]
    } else if (isForbiddenNull(field, before)) {
      if (hasDefault(field)) put(own(), key, defaultOf(field))
      else delete own()[key]
    } else {
      const after = settle(field, before)
      if (after !== before) put(own(), key, after)
    }
  }
  for (const [key, field] of defaultedFields(schema)) {
    if (!Object.hasOwn(value, key)) put(own(), key, defaultOf(field))
  }
  return out ?? value
}

function shallow(value: Json): Json {
  const out: Json = {}
  for (const key of Object.keys(value)) put(out, key, value[key])
  return out
}

const isForbiddenNull = (schema: Schema, value: unknown): boolean => value === null && schema.nullable !== true
const hasDefault = (schema: Schema): boolean => schema.default !== undefined
const defaultOf = (schema: Schema): unknown => settle(schema, copyJson(schema.default))

const defaulted = new WeakMap<Schema, readonly (readonly [string, Schema])[]>()
const none: readonly (readonly [string, Schema])[] = []

/** Most objects of a schema have none: they are asked once. */
function defaultedFields(schema: Schema): readonly (readonly [string, Schema])[] {
  const known = defaulted.get(schema)
  if (known) return known
  const found = Object.entries(schema.properties ?? {}).filter(([, field]) => hasDefault(field))
  const kept = found.length === 0 ? none : found
  defaulted.set(schema, kept)
  return kept
}

/** As `settleObject`, but in place at the first level: what is below is replaced where it changes. */
export function settleInPlace(schema: Schema, object: Json): void {
  const settled = settleObject(schema, object)
  if (settled === object) return
  for (const key of Object.keys(object)) if (!Object.hasOwn(settled, key)) delete object[key]
  for (const key of Object.keys(settled)) if (settled[key] !== object[key]) put(object, key, settled[key])
}

/** Whether the schema would take anything away from a default value of it. */
export function isPruned(schema: Schema, value: unknown): boolean {
  if (!isJson(value) && !Array.isArray(value)) return true
  return !takesAway(schema, value)
}

function takesAway(schema: Schema | undefined, value: unknown): boolean {
  if (schema === undefined || typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some((element) => takesAway(itemsOf(schema), element))
  const values = valuesOf(schema)
  const keepsAll = keepsUnknown(schema) || takesAnyKey(schema)
  return Object.entries(value).some(([key, inner]) => {
    if (isEmbedded(schema) && typeMeta.has(key)) return false
    const field = propertyOf(schema, key) ?? values
    return field === undefined ? !keepsAll : takesAway(field, inner)
  })
}
