/** `x-kubernetes-*`: what each may be, and beside what it may stand. */
import type { FieldError } from '../contract.js'
import { forbidden, invalid, notSupported, required } from '../field-error.js'
import { itemsOf, type Schema } from './schema.js'

export function checkExtensions(errors: FieldError[], schema: Schema, path: string): void {
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'))
  }
  checkMapType(errors, schema, path)
  checkListType(errors, schema, path)
}

function mustBe(errors: FieldError[], schema: Schema, type: string, path: string, detail: string): void {
  if (schema.type === type) return
  errors.push(schema.type ? invalid(`${path}.type`, schema.type, detail) : required(`${path}.type`, detail))
}

function checkMapType(errors: FieldError[], schema: Schema, path: string): void {
  const type = schema['x-kubernetes-map-type']
  if (type === undefined) return
  mustBe(errors, schema, 'object', path, 'must be object if x-kubernetes-map-type is specified')
  if (type !== 'atomic' && type !== 'granular') {
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, type, ['atomic', 'granular']))
  }
}

function checkListType(errors: FieldError[], schema: Schema, path: string): void {
  const type = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const at = `${path}.x-kubernetes-list-type`
  if (keys.length > 0 && type !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty'
    errors.push(type === undefined ? required(at, detail) : invalid(at, type, detail))
  }
  if (type === undefined) return
  mustBe(errors, schema, 'array', path, 'must be array if x-kubernetes-list-type is specified')
  if (type === 'set') checkSet(errors, schema, path)
  else if (type === 'map') checkMap(errors, schema, keys, path)
  else if (type !== 'atomic') errors.push(notSupported(at, type, ['atomic', 'set', 'map']))
}

/** Elements of a set are compared whole, so nothing may be merged into them. */
function checkSet(errors: FieldError[], schema: Schema, path: string): void {
  const items = itemsOf(schema)
  if (!items) {
    errors.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is set'))
    return
  }
  if (items.nullable) errors.push(forbidden(`${path}.items.nullable`, 'cannot be nullable when x-kubernetes-list-type is set'))
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  for (const [type, word] of [
    ['object', 'x-kubernetes-map-type'],
    ['array', 'x-kubernetes-list-type'],
  ] as const) {
    if (items.type !== type || items[word] === 'atomic' || (type === 'array' && items[word] === undefined)) continue
    const at = `${path}.items.${word}`
    errors.push(items[word] === undefined ? required(at, detail) : invalid(at, items[word], detail))
  }
}

function checkMap(errors: FieldError[], schema: Schema, keys: readonly string[], path: string): void {
  const items = itemsOf(schema)
  const keysAt = `${path}.x-kubernetes-list-map-keys`
  if (keys.length === 0) errors.push(required(keysAt, 'must not be empty if x-kubernetes-list-type is map'))
  if (new Set(keys).size < keys.length) errors.push(invalid(keysAt, keys, 'must not contain duplicate entries'))
  if (!items) {
    errors.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'))
    return
  }
  if (items.nullable) errors.push(forbidden(`${path}.items.nullable`, 'cannot be nullable when x-kubernetes-list-type is map'))
  if (items.type !== 'object') {
    const detail = "must be object if parent array's x-kubernetes-list-type is map"
    errors.push(items.type ? invalid(`${path}.items.type`, items.type, detail) : required(`${path}.items.type`, detail))
  }
  for (const [index, key] of keys.entries()) checkKey(errors, items, key, `${keysAt}[${index}]`, `${path}.items`)
}

function checkKey(errors: FieldError[], items: Schema, key: string, keyAt: string, itemsAt: string): void {
  const property = items.properties?.[key]
  if (!property) {
    errors.push(invalid(keyAt, key, 'entries must all be names of item properties'))
    return
  }
  const at = `${itemsAt}.properties[${key}]`
  if (property.type === 'array' || property.type === 'object') {
    errors.push(invalid(`${at}.type`, property.type, "must be a scalar type if parent array's x-kubernetes-list-type is map"))
  }
  if (property.nullable) {
    errors.push(forbidden(`${at}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'))
  }
  if (property.default === undefined && !items.required?.includes(key)) {
    const detail = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
    errors.push(required(`${at}.default`, detail))
  }
}
