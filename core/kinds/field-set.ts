/**
 * Sets of fields. A set is the very tree that `fieldsV1` shows, frozen: `{"f:spec":{"f:replicas":{}}}`. An empty node is a
 * field of the set; a node with others below it is one where it has the element `.`. So nothing is translated when a set
 * is read or written, and sets that do not change are shared from revision to revision.
 */
import { canonicalElement, compareElements, elementText, isPlain } from './field-element.js'

/** Canonical: elements in order, and no node that is neither a field nor has fields below it, but for the empty set. */
export interface FieldSet {
  readonly [element: string]: FieldSet
}

type Mutable = Record<string, FieldSet>
const self = '.'

/** The empty set; below the root, a field without parts. */
export const noFields: FieldSet = Object.freeze({})

export function isEmptySet(set: FieldSet): boolean {
  for (const _element in set) return false
  return true
}

/** Whether the node itself is a field of its set. */
export const isField = (node: FieldSet): boolean => isEmptySet(node) || node[self] !== undefined

export function unionOf(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a
  return isEmptySet(a) ? b : join(a, b, false)
}

/** The fields of `a` that are not in `b`. A field of `b` takes nothing below it away. */
export function differenceOf(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(a) || isEmptySet(b) ? a : (without(a, b, false) ?? noFields)
}

export function intersectionOf(a: FieldSet, b: FieldSet): FieldSet {
  return a === b ? a : (common(a, b, false) ?? noFields)
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every((name) => {
    const other = b[name]
    return other !== undefined && equalSets(a[name] ?? noFields, other)
  })
}

/** Its fields as messages show them, in order: `.spec.replicas`. */
export function fieldPaths(set: FieldSet, prefix = ''): string[] {
  const elements = Object.keys(set).filter((element) => element !== self)
  const fields = elements.filter((element) => isField(set[element] ?? noFields))
  const below = elements.flatMap((element) => fieldPaths(set[element] ?? noFields, prefix + elementText(element)))
  return [...fields.map((element) => prefix + elementText(element)), ...below]
}

/** What somebody sent as `fieldsV1`; undefined where it is no set. Elements of a kind that is not known are left out. */
export function parseFieldSet(value: unknown): FieldSet | undefined {
  return isPlain(value) ? parseNode(value) : undefined
}

/** A tree that is right but for the order of its elements; taken over and frozen. */
export function orderedSet(tree: FieldSet): FieldSet {
  if (Object.isFrozen(tree)) return tree
  const elements = Object.keys(tree)
  if (elements.length === 0) return noFields
  const inOrder = elements.every((element, index) => index === 0 || compareElements(elements[index - 1] ?? '', element) < 0)
  const ordered = inOrder ? (tree as Mutable) : {}
  for (const element of inOrder ? elements : elements.sort(compareElements)) {
    ordered[element] = orderedSet(tree[element] ?? noFields)
  }
  return Object.freeze(ordered)
}

function parseNode(value: Readonly<Record<string, unknown>>): FieldSet | undefined {
  const node: Mutable = {}
  for (const name of Object.keys(value)) {
    const element = canonicalElement(name)
    const child = value[name]
    if (!isPlain(child)) return undefined
    if (element === undefined) continue
    const parsed = element === self ? noFields : parseNode(child)
    if (!parsed) return undefined
    node[element] = parsed
  }
  const names = Object.keys(node)
  return names.length === 1 && names[0] === self ? noFields : orderedSet(node)
}

/** A node of these parts; undefined for none. */
function nodeOf(isMember: boolean, children: Mutable, sorted: boolean): FieldSet | undefined {
  const elements = Object.keys(children)
  if (elements.length === 0) return isMember ? noFields : undefined
  const node: Mutable = isMember ? { [self]: noFields } : {}
  for (const element of sorted ? elements : elements.sort(compareElements)) node[element] = children[element] ?? noFields
  return Object.freeze(node)
}

function join(a: FieldSet, b: FieldSet, isNode: boolean): FieldSet {
  const children: Mutable = {}
  for (const element in a) if (element !== self) children[element] = a[element] ?? noFields
  let [sorted, changed] = [true, false]
  for (const element in b) {
    if (element === self) continue
    const [before, added] = [children[element], b[element] ?? noFields]
    const after = before === undefined ? added : before === added ? before : join(before, added, true)
    if (before === undefined) sorted = false
    if (before === after) continue
    children[element] = after
    changed = true
  }
  const isMember = isNode && (isField(a) || isField(b))
  if (!changed && (!isNode || isMember === isField(a))) return a
  return nodeOf(isMember, children, sorted) ?? noFields
}

function without(a: FieldSet, b: FieldSet, isNode: boolean): FieldSet | undefined {
  const children: Mutable = {}
  let changed = false
  for (const element in a) {
    if (element === self) continue
    const [node, other] = [a[element] ?? noFields, b[element]]
    const left = other === undefined ? node : without(node, other, true)
    if (left !== node) changed = true
    if (left !== undefined) children[element] = left
  }
  const isMember = isNode && isField(a) && !isField(b)
  if (!changed && (!isNode || isMember === isField(a))) return a
  return nodeOf(isMember, children, true)
}

function common(a: FieldSet, b: FieldSet, isNode: boolean): FieldSet | undefined {
  const children: Mutable = {}
  for (const element in a) {
    const [node, other] = [a[element] ?? noFields, b[element]]
    if (element === self || other === undefined) continue
    const both = common(node, other, true)
    if (both !== undefined) children[element] = both
  }
  return nodeOf(isNode && isField(a) && isField(b), children, true)
}
