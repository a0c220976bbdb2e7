/** Lists whose elements have a name (`map`) or are unique as they are (`set`). */
import type { FieldError } from '../contract.js'
import { equalJson } from '../equal.js'
import { formatJson } from '../exact-json.js'
import { duplicate } from '../field-error.js'
import { below, isJson, itemsOf, type Json, propertyOf, type Schema, valuesOf } from './schema.js'

type Key = readonly unknown[]

const keyOf = (keys: readonly string[], element: unknown): Key => keys.map((key) => (isJson(element) ? element[key] : undefined))
const keyText = (key: Key): string => formatJson(key.map((part) => part ?? null))

/** For each element the one of the same key before an update. Elements of other lists have no identity. */
export function oldElements(schema: Schema, list: readonly unknown[], old: readonly unknown[]): readonly unknown[] | undefined {
  if (schema['x-kubernetes-list-type'] !== 'map') return undefined
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const before = new Map(old.map((element) => [keyText(keyOf(keys, element)), element]))
  return list.map((element) => before.get(keyText(keyOf(keys, element))))
}

/** Elements that are there twice, anywhere in `value`. */
export function findDuplicates(errors: FieldError[], schema: Schema, value: unknown, path: string): void {
  if (Array.isArray(value)) {
    const type = schema['x-kubernetes-list-type']
    if (type === 'set') setDuplicates(errors, value, path)
    else if (type === 'map') mapDuplicates(errors, schema['x-kubernetes-list-map-keys'] ?? [], value, path)
    const items = itemsOf(schema)
    if (items && reaches(items)) {
      for (const [index, element] of value.entries()) findDuplicates(errors, items, element, `${path}[${index}]`)
    }
  } else if (isJson(value)) {
    const values = valuesOf(schema)
    for (const key of Object.keys(value)) {
      const field = propertyOf(schema, key)
      if (field) findDuplicates(errors, field, value[key], below(path, key))
      else if (values) findDuplicates(errors, values, value[key], `${path}[${key}]`)
    }
  }
}

const reaching = new WeakMap<Schema, boolean>()

/** Whether any list of unique elements lies below: long lists of plain values are not walked. */
function reaches(schema: Schema): boolean {
  const known = reaching.get(schema)
  if (known !== undefined) return known
  const type = schema['x-kubernetes-list-type']
  const children = [itemsOf(schema), valuesOf(schema), ...Object.values(schema.properties ?? {})]
  const found = type === 'set' || type === 'map' || children.some((child) => child !== undefined && reaches(child))
  reaching.set(schema, found)
  return found
}

function setDuplicates(errors: FieldError[], list: readonly unknown[], path: string): void {
  const seen = new Map<string, unknown[]>()
  for (const [index, element] of list.entries()) {
    // Objects with their keys in another order are equal: only what could be is compared.
    const rough = typeof element === 'object' ? 'object' : formatJson(element)
    const like = seen.get(rough) ?? []
    if (like.some((one) => equalJson(one, element))) errors.push(duplicate(`${path}[${index}]`, element))
    like.push(element)
    seen.set(rough, like)
  }
}

function mapDuplicates(errors: FieldError[], keys: readonly string[], list: readonly unknown[], path: string): void {
  const seen = new Set<string>()
  for (const [index, element] of list.entries()) {
    const key = keyOf(keys, element)
    const text = keyText(key)
    if (seen.has(text)) errors.push(duplicate(`${path}[${index}]`, shown(keys, key)))
    seen.add(text)
  }
}

function shown(keys: readonly string[], key: Key): Json {
  return Object.fromEntries(keys.map((name, index) => [name, key[index]]).filter(([, value]) => value !== undefined)) as Json
}
