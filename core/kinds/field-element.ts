/** The steps of a path in a field set, written as fieldsV1 writes them: `f:replicas`, `k:{"name":"web"}`, `v:"a"`, `i:0`. */
import type { TypeSchema } from './contract.js'
import { formatJson, parseJson } from './exact-json.js'

export type ArraySchema = Extract<TypeSchema, { type: 'array' }>
export type Plain = Record<string, unknown>

export const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A list whose items have an identity of their own; every other list is one value. */
export const isAssociative = (schema: ArraySchema): boolean => schema.listType === 'map' || schema.listType === 'set'

const sortedKeys = new WeakMap<ArraySchema, readonly string[]>()

function keysOf(schema: ArraySchema): readonly string[] {
  const known = sortedKeys.get(schema)
  if (known) return known
  const sorted = [...(schema.keys ?? [])].sort()
  sortedKeys.set(schema, sorted)
  return sorted
}

/** What identifies an item of an associative list; undefined for one that has none of the keys. */
export function itemElement(schema: ArraySchema, item: unknown): string | undefined {
  if (schema.listType === 'set') return `v:${sortedJson(item)}`
  if (!isPlain(item)) return undefined
  const key: Plain = {}
  let some = false
  for (const name of keysOf(schema)) {
    const value = item[name] ?? (schema.items.type === 'object' ? schema.items.fields.get(name)?.default : undefined)
    if (value === undefined) continue
    some ||= item[name] !== undefined
    key[name] = value
  }
  return some ? `k:${formatJson(key)}` : undefined
}

const kinds = '.fkvi'

/** The canonical order: the node itself, fields, keys, values, indices; each by its value. */
export function compareElements(a: string, b: string): number {
  if (a === b) return 0
  const kind = kinds.indexOf(a.charAt(0)) - kinds.indexOf(b.charAt(0))
  if (kind !== 0) return kind
  if (a.startsWith('f:')) return a < b ? -1 : 1
  return compareValues(parseJson(a.slice(2)), parseJson(b.slice(2)))
}

const types = ['number', 'string', 'boolean', 'object']
const typeOf = (value: unknown): number => types.indexOf(typeof value === 'bigint' ? 'number' : typeof value)

function compareValues(a: unknown, b: unknown): number {
  if (isPlain(a) && isPlain(b)) {
    const [left, right] = [Object.entries(a), Object.entries(b)]
    for (const [index, [name, value]] of left.entries()) {
      const [otherName, other] = right[index] ?? []
      if (otherName === undefined) return 1
      const order = name === otherName ? compareValues(value, other) : name < otherName ? -1 : 1
      if (order !== 0) return order
    }
    return left.length - right.length
  }
  const type = typeOf(a) - typeOf(b)
  if (type !== 0 || a === b) return type
  if (typeof a === 'object') return sortedJson(a) < sortedJson(b) ? -1 : 1
  return (a as string) < (b as string) ? -1 : 1
}

/** As messages show it: `.replicas`, `[name="web"]`, `[="a"]`, `[0]`. */
export function elementText(element: string): string {
  const rest = element.slice(2)
  if (element.startsWith('f:')) return `.${rest}`
  if (element.startsWith('i:')) return `[${rest}]`
  if (element.startsWith('v:')) return `[=${rest}]`
  const key = parseJson(rest) as Plain
  return `[${Object.entries(key)
    .map(([name, value]) => `${name}=${formatJson(value)}`)
    .join(',')}]`
}

/** The element in its one canonical spelling; undefined where it is none that is known. */
export function canonicalElement(element: string): string | undefined {
  if (element === '.' || element.startsWith('f:')) return element
  if (/^i:-?\d+$/.test(element)) return element
  if (!element.startsWith('k:') && !element.startsWith('v:')) return undefined
  try {
    const value: unknown = parseJson(element.slice(2))
    if (element.startsWith('k:') && !isPlain(value)) return undefined
    return element.slice(0, 2) + sortedJson(value)
  } catch {
    return undefined
  }
}

/** JSON with the fields of every object in order of name, as programs in Go write it. */
export function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`
  if (!isPlain(value)) return formatJson(value) ?? 'null'
  const fields = Object.keys(value).sort()
  const parts = fields.filter((name) => value[name] !== undefined)
  return `{${parts.map((name) => `${formatJson(name)}:${sortedJson(value[name])}`).join(',')}}`
}
