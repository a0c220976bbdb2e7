/**
 * Server-side apply as a change of trees: a configuration is laid over the live object, and what its manager no longer
 * applies is taken out again. `live` may be frozen and is shared where nothing changes.
 */
import type { ObjectSchema, TypeSchema } from './contract.js'
import { type ArraySchema, elementText, isAssociative, isPlain, itemElement, type Plain } from './field-element.js'
import { differenceOf, type FieldSet, isEmptySet, isField, noFields, unionOf } from './field-set.js'

type Nodes = Record<string, FieldSet>

function fieldSchema(schema: TypeSchema | undefined, name: string): TypeSchema | undefined {
  if (schema?.type === 'either') return schema.object.fields.get(name)?.schema
  if (schema?.type === 'object') return schema.fields.get(name)?.schema
  return schema?.type === 'map' ? schema.values : undefined
}

const isWhole = (schema: TypeSchema | undefined): boolean =>
  (schema?.type === 'object' || schema?.type === 'map') && schema.atomic === true

const mergesItems = (schema: TypeSchema | undefined): schema is ArraySchema => schema?.type === 'array' && isAssociative(schema)

/** The live value with the configuration over it. What the configuration sets to null stands there as null. */
export function mergeApplied(schema: TypeSchema | undefined, live: unknown, config: unknown): unknown {
  if (mergesItems(schema) && Array.isArray(live) && Array.isArray(config)) return mergeItems(schema, live, config)
  if (!isPlain(live) || !isPlain(config) || isWhole(schema)) return config
  const merged: Plain = { ...live }
  for (const [name, value] of Object.entries(config)) {
    merged[name] = Object.hasOwn(live, name) ? mergeApplied(fieldSchema(schema, name), live[name], value) : value
  }
  return merged
}

function mergeItems(schema: ArraySchema, live: readonly unknown[], config: readonly unknown[]): unknown[] {
  const keyOf = (item: unknown): unknown => itemElement(schema, item) ?? item
  const [present, wanted] = [new Map(live.map((item) => [keyOf(item), item])), new Map(config.map((item) => [keyOf(item), item]))]
  return orderOf(live.map(keyOf), [...wanted.keys()]).map((key) => {
    if (!wanted.has(key)) return present.get(key)
    return present.has(key) ? mergeApplied(schema.items, present.get(key), wanted.get(key)) : wanted.get(key)
  })
}

/**
 * The configured items in the order of the configuration, those that only the live list has in its order. Where both
 * lists agree on the next common item, the two are brought together there.
 */
function orderOf(live: readonly unknown[], config: readonly unknown[]): unknown[] {
  const [isLive, isConfigured] = [new Set(live), new Set(config)]
  const shared = config.filter((key) => isLive.has(key))
  const order: unknown[] = []
  let [next, met] = [0, 0]
  for (const key of isLive) {
    if (!isConfigured.has(key)) order.push(key)
    if (key !== shared[met]) continue
    const upTo = config.indexOf(key, next) + 1
    order.push(...config.slice(next, upTo))
    next = upTo
    met++
  }
  return [...order, ...config.slice(next)]
}

/**
 * Takes out of `merged` what the manager applied last (`last`) and nobody owns now (`owned`: the sets of all managers,
 * with the new one of this manager).
 */
export function pruneApplied(schema: ObjectSchema, merged: unknown, last: FieldSet, owned: readonly FieldSet[]): unknown {
  const kept = owned.reduce(unionOf, noFields)
  const gone = differenceOf(withParents(schema, last, true), withParents(schema, kept, true))
  return isEmptySet(gone) ? merged : withoutFields(schema, merged, gone)
}

/** The set with each field of a type that holds fields of the set: who owns all that is in a field owns it too. */
function withParents(schema: TypeSchema | undefined, set: FieldSet, isRoot = false): FieldSet {
  const nodes: Nodes = {}
  for (const element of Object.keys(set)) {
    const node = set[element] ?? noFields
    const [name, isStep] = [element.slice(2), element.startsWith('f:')]
    const below = isStep ? fieldSchema(schema, name) : mergesItems(schema) ? schema.items : undefined
    const inner = withParents(below, node)
    const isNamed = isStep && schema?.type === 'object' && schema.fields.has(name) && !(isRoot && name === 'metadata')
    nodes[element] = isNamed && !isField(inner) ? { '.': noFields, ...inner } : inner
  }
  return nodes
}

function withoutFields(schema: TypeSchema | undefined, value: unknown, gone: FieldSet): unknown {
  if (mergesItems(schema) && Array.isArray(value)) {
    const left = value.flatMap((item) => {
      const node = gone[itemElement(schema, item) ?? '']
      if (node === undefined) return [item]
      return isField(node) ? [] : [withoutFields(schema.items, item, node)]
    })
    return left.length === 0 ? undefined : left
  }
  if (!isPlain(value) || isWhole(schema)) return value
  const left: Plain = {}
  for (const [name, child] of Object.entries(value)) {
    const node = gone[`f:${name}`]
    const kept = node === undefined ? child : isField(node) ? undefined : withoutFields(fieldSchema(schema, name), child, node)
    if (kept !== undefined) left[name] = kept
  }
  return Object.keys(left).length === 0 ? undefined : left
}

/** What makes a configuration unfit to be applied: fields that are not declared, items without a name or with the same. */
export function appliedProblems(schema: TypeSchema | undefined, config: unknown, path = ''): string[] {
  if (mergesItems(schema) && Array.isArray(config)) return itemProblems(schema, config, path)
  if (schema?.type === 'array' && Array.isArray(config)) {
    return config.flatMap((item, index) => appliedProblems(schema.items, item, `${path}[${index}]`))
  }
  if (!isPlain(config)) return []
  const object = schema?.type === 'either' ? schema.object : schema
  return Object.entries(config).flatMap(([name, value]) => {
    const at = `${path}.${name}`
    if (object?.type === 'object' && !object.fields.has(name)) return [`${at}: field not declared in schema`]
    return appliedProblems(fieldSchema(object, name), value, at)
  })
}

function itemProblems(schema: ArraySchema, items: readonly unknown[], path: string): string[] {
  const seen = new Set<string>()
  return items.flatMap((item, index) => {
    const element = itemElement(schema, item)
    if (element === undefined) {
      const key = JSON.stringify(schema.keys?.find((name) => !isPlain(item) || item[name] === undefined) ?? '')
      return [`${path}: element ${index}: associative list with keys has an element that omits key field ${key}`]
    }
    const text = elementText(element)
    if (seen.has(element)) return [`${path}: duplicate entries for key ${text}`]
    seen.add(element)
    return appliedProblems(schema.items, item, path + text)
  })
}
