/** What a write changed: two states of an object, walked beside the schema. What they share by reference is not looked at. */
import type { FieldSchema, KubeObject, ObjectSchema, TypeSchema } from './contract.js'
import { equalJson } from './equal.js'
import { type ArraySchema, isAssociative, isPlain, itemElement, type Plain } from './field-element.js'
import { type FieldSet, noFields, orderedSet } from './field-set.js'
import { everyField, isImplied, type WrittenPart } from './field-walk.js'

export interface FieldChanges {
  /** Added, each level of it, or of another value than before. */
  readonly changed: FieldSet
  /** Gone, each level of it. */
  readonly removed: FieldSet
}

interface Node {
  [element: string]: Node
}
interface State {
  readonly path: string[]
  readonly changed: Node
  readonly removed: Node
}

export const isUnchanged = ({ changed, removed }: FieldChanges): boolean => changed === noFields && removed === noFields

export function compareFields(
  schema: ObjectSchema,
  old: Readonly<Plain> | KubeObject,
  object: Readonly<Plain> | KubeObject,
  part: WrittenPart,
): FieldChanges {
  const state: State = { path: [], changed: {}, removed: {} }
  for (const name of namesOf(old, object)) {
    if (name === 'apiVersion' || name === 'kind' || !part.has(name)) continue
    const field = schema.fields.get(name)
    if (name === 'metadata') compareMetadata(state, field, old, object, part)
    else compareField(state, schema, field, `f:${name}`, old[name], object[name], true)
  }
  return { changed: setOf(state.changed), removed: setOf(state.removed) }
}

function setOf(node: Node): FieldSet {
  for (const _element in node) return orderedSet(node)
  return noFields
}

function compareMetadata(
  state: State,
  field: FieldSchema | undefined,
  { metadata: old }: Readonly<Plain>,
  { metadata }: Readonly<Plain>,
  part: WrittenPart,
): void {
  if (old === metadata) return
  const fields = field?.schema.type === 'object' ? field.schema.fields : undefined
  state.path.push('f:metadata')
  for (const name of part.metadata) {
    const [before, after] = [isPlain(old) ? old[name] : undefined, isPlain(metadata) ? metadata[name] : undefined]
    compareField(state, undefined, fields?.get(name), `f:${name}`, before, after)
  }
  state.path.pop()
}

function* namesOf(a: Readonly<Plain>, b: Readonly<Plain>): Iterable<string> {
  for (const name in a) yield name
  for (const name in b) if (!Object.hasOwn(a, name)) yield name
}

const own = (value: Readonly<Plain>, name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined)

/** One field on both sides. `owner` is absent where its type says nothing of fields that are there unwritten. */
function compareField(
  state: State,
  owner: ObjectSchema | undefined,
  field: FieldSchema | undefined,
  element: string,
  a: unknown,
  b: unknown,
  isRoot = false,
): void {
  if (a === b) return
  state.path.push(element)
  if (a !== undefined && b !== undefined) compareValue(state, field?.schema, a, b)
  else {
    const isThere = owner !== undefined && field !== undefined && isImplied(owner, element.slice(2), field, isRoot)
    note(state, a === undefined ? state.changed : state.removed, everyField(field?.schema, a ?? b, !isThere))
  }
  state.path.pop()
}

/** Both sides are there. */
function compareValue(state: State, schema: TypeSchema | undefined, a: unknown, b: unknown): void {
  if (a === b) return
  if (schema?.type === 'array' && isAssociative(schema) && Array.isArray(a) && Array.isArray(b)) {
    if (!equalJson(a, b)) compareItems(state, schema, a, b)
    return
  }
  if (isPlain(a) && isPlain(b)) {
    if (schema?.type === 'either') compareObjects(state, schema.object, a, b)
    else if (schema?.type === 'object' && !schema.atomic) compareObjects(state, schema, a, b)
    else if (schema?.type === 'map' && !schema.atomic) compareKeys(state, schema.values, a, b)
    else if (schema === undefined || schema.type === 'any') compareKeys(state, undefined, a, b)
    else compareWhole(state, a, b)
    return
  }
  compareWhole(state, a, b)
}

function compareWhole(state: State, a: unknown, b: unknown): void {
  if (!equalJson(a, b)) note(state, state.changed, noFields)
}

function compareObjects(state: State, schema: ObjectSchema, a: Readonly<Plain>, b: Readonly<Plain>): void {
  for (const name of namesOf(a, b)) compareField(state, schema, schema.fields.get(name), `f:${name}`, own(a, name), own(b, name))
}

function compareKeys(state: State, schema: TypeSchema | undefined, a: Readonly<Plain>, b: Readonly<Plain>): void {
  for (const name of namesOf(a, b)) compareItem(state, schema, `f:${name}`, own(a, name), own(b, name))
}

/** A key of a map, or an item of a list: it is there or not, and nothing is there unwritten. */
function compareItem(state: State, schema: TypeSchema | undefined, element: string, a: unknown, b: unknown): void {
  if (a === b) return
  state.path.push(element)
  if (a === undefined) note(state, state.changed, everyField(schema, b, true))
  else if (b === undefined) note(state, state.removed, everyField(schema, a, true))
  else compareValue(state, schema, a, b)
  state.path.pop()
}

function compareItems(state: State, schema: ArraySchema, a: readonly unknown[], b: readonly unknown[]): void {
  const [before, after] = [byElement(schema, a), byElement(schema, b)]
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    const [old = [], items = []] = [before.get(element), after.get(element)]
    if (old.length < 2 && items.length < 2) compareItem(state, schema.items, element, old[0], items[0])
    else if (!equalJson(old, items)) {
      state.path.push(element)
      note(state, items.length === 0 ? state.removed : state.changed, noFields)
      state.path.pop()
    }
  }
}

function byElement(schema: ArraySchema, items: readonly unknown[]): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>()
  for (const item of items) {
    const element = itemElement(schema, item)
    if (element === undefined) continue
    const same = found.get(element)
    if (same) same.push(item)
    else found.set(element, [item])
  }
  return found
}

/** Puts a set in at the present path. Every path is met once, so nothing is ever there yet. */
function note(state: State, root: Node, set: FieldSet | undefined): void {
  const last = state.path.at(-1)
  if (set === undefined || last === undefined) return
  let node = root
  for (const element of state.path.slice(0, -1)) {
    node[element] ??= {}
    node = node[element]
  }
  node[last] = set as Node
}
