/**
 * Strategic merge patch. The patch is walked beside the object and the schema, and each merged level is built anew.
 * Directives (`$patch`, `$setElementOrder/x`, `$deleteFromPrimitiveList/x`, `$retainKeys`) steer the merge and never
 * reach the result. The order rules are those that `kubectl apply` relies on: listed elements in their given order,
 * elements that only the object has keep their place relative to them as well as possible.
 */
import type { KubeObject, ObjectSchema, PatchResult, TypeSchema } from './contract.js'
import { formatJson } from './exact-json.js'
import { orderElements } from './smp-order.js'

type Plain = Record<string, unknown>
type Elements = readonly unknown[]
type ArraySchema = Extract<TypeSchema, { type: 'array' }>

/** Remembers the first thing that is wrong with the patch; the merge goes on, and its result is thrown away. */
interface Findings {
  problem: Extract<PatchResult, { ok: false }> | undefined
}

const PATCH = '$patch'
const RETAIN = '$retainKeys'
const DELETE_PREFIX = '$deleteFromPrimitiveList/'
const ORDER_PREFIX = '$setElementOrder/'

export function mergeStrategically(schema: ObjectSchema, current: KubeObject, patch: Readonly<Plain>): PatchResult {
  const findings: Findings = { problem: undefined }
  const object = mergeObject(findings, schema, current, patch)
  return findings.problem ?? { ok: true, object: object as unknown as KubeObject }
}

function complain(findings: Findings, message: string): void {
  findings.problem ??= { ok: false, kind: 'invalid', message }
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function schemaOf(schema: TypeSchema | undefined, field: string): TypeSchema | undefined {
  if (schema?.type === 'object') return schema.fields.get(field)?.schema
  return schema?.type === 'map' ? schema.values : undefined
}

// ----------------------------------------------------------------------------------------------------------- objects

function mergeObject(
  findings: Findings,
  schema: TypeSchema | undefined,
  current: Readonly<Plain>,
  patch: Readonly<Plain>,
): Plain {
  const directive = patch[PATCH]
  if (directive === 'replace') return clean(patch) as Plain
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge') complain(findings, `unknown patch type: ${formatJson(directive)}`)
  const result = retained(findings, current, patch)
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_PREFIX)) deletePrimitives(findings, result, key.slice(DELETE_PREFIX.length), value)
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue
    mergeField(findings, schemaOf(schema, key), result, key, value, patch[ORDER_PREFIX + key])
  }
  for (const [key, order] of Object.entries(patch)) {
    const field = key.slice(ORDER_PREFIX.length)
    if (key.startsWith(ORDER_PREFIX) && !Object.hasOwn(patch, field))
      reorder(findings, schemaOf(schema, field), result, field, order)
    else if (key.startsWith('$') && !isDirective(key)) complain(findings, `unknown directive ${formatJson(key)}`)
  }
  return result
}

function isDirective(key: string): boolean {
  return key === PATCH || key === RETAIN || key.startsWith(DELETE_PREFIX) || key.startsWith(ORDER_PREFIX)
}

/** A copy of the object with only the fields that `$retainKeys` names, if it is there. */
function retained(findings: Findings, current: Readonly<Plain>, patch: Readonly<Plain>): Plain {
  const keys = patch[RETAIN]
  if (keys === undefined) return { ...current }
  if (!Array.isArray(keys)) {
    complain(findings, 'invalid patch format of retainKeys')
    return { ...current }
  }
  const names = new Set<unknown>(keys)
  const unnamed = Object.entries(patch).some(([key, value]) => !key.startsWith('$') && value !== null && !names.has(key))
  if (unnamed) complain(findings, 'invalid patch format of retainKeys')
  return Object.fromEntries(Object.entries(current).filter(([key]) => names.has(key)))
}

function mergeField(
  findings: Findings,
  schema: TypeSchema | undefined,
  result: Plain,
  key: string,
  value: unknown,
  order: unknown,
): void {
  const present = result[key]
  if (value === null) delete result[key]
  else if (isPlain(value) && isPlain(present)) result[key] = mergeObject(findings, schema, present, value)
  else if (Array.isArray(value)) result[key] = mergeList(findings, schema, present, value, order)
  else if (isPlain(value) && value[PATCH] === 'delete') delete result[key]
  else result[key] = clean(value)
}

// ------------------------------------------------------------------------------------------------------------- lists

function mergesElements(schema: TypeSchema | undefined): schema is ArraySchema {
  return schema?.type === 'array' && schema.patch?.startsWith('merge') === true
}

function mergeList(
  findings: Findings,
  schema: TypeSchema | undefined,
  present: unknown,
  patch: Elements,
  order: unknown,
): unknown {
  const current: Elements = Array.isArray(present) ? present : []
  if (!mergesElements(schema)) return clean(patch)
  const listed = readOrder(findings, order)
  const key = schema.mergeKey
  if (key === undefined) {
    const merged = [...new Set([...current, ...patch])]
    if (merged.some((element) => typeof element === 'object')) complain(findings, 'list element types are not identical')
    if (listed !== undefined) checkOrder(findings, patch, listed)
    return orderElements(merged, listed ?? patch, current)
  }
  const merged = mergeKeyed(findings, schema, key, current, patch)
  const keyOf = (element: unknown) => (isPlain(element) ? element[key] : undefined)
  const kept = patch.filter((element) => !(isPlain(element) && PATCH in element && element[PATCH] !== 'merge'))
  if (listed !== undefined) checkOrder(findings, kept.map(keyOf), listed.map(keyOf))
  return orderElements(merged, (listed ?? kept).map(keyOf), current.map(keyOf), keyOf)
}

function mergeKeyed(findings: Findings, schema: ArraySchema, key: string, current: Elements, patch: Elements): unknown[] {
  const replaces = patch.some((element) => isPlain(element) && element[PATCH] === 'replace')
  const result = replaces ? [] : [...current]
  for (const element of patch) {
    if (!isPlain(element)) {
      complain(findings, 'list element types are not identical')
      continue
    }
    if (element[PATCH] === 'replace') continue
    const name = element[key]
    if (name === undefined || name === null) {
      complain(findings, `map: ${formatJson(element)} does not contain declared merge key: ${key}`)
    } else if (element[PATCH] === 'delete') removeAll(result, key, name)
    else mergeElement(findings, schema.items, result, key, element)
  }
  return result
}

function removeAll(elements: unknown[], key: string, name: unknown): void {
  for (let index = elements.length - 1; index >= 0; index--) {
    const element = elements[index]
    if (isPlain(element) && element[key] === name) elements.splice(index, 1)
  }
}

function mergeElement(findings: Findings, schema: TypeSchema, result: unknown[], key: string, element: Plain): void {
  const at = result.findIndex((present) => isPlain(present) && present[key] === element[key])
  const present = result[at]
  if (isPlain(present)) result[at] = mergeObject(findings, schema, present, element)
  else result.push(clean(element))
}

function deletePrimitives(findings: Findings, result: Plain, field: string, unwanted: unknown): void {
  if (!Array.isArray(unwanted)) {
    complain(findings, 'invalid patch format of primitive list')
    return
  }
  const present = result[field]
  if (!Array.isArray(present)) return
  const gone = new Set<unknown>(unwanted)
  result[field] = present.filter((element) => !gone.has(element))
}

/** `$setElementOrder` for a list that the patch does not change otherwise. */
function reorder(findings: Findings, schema: TypeSchema | undefined, result: Plain, field: string, order: unknown): void {
  const listed = readOrder(findings, order)
  const present = result[field]
  if (listed === undefined || !Array.isArray(present) || !mergesElements(schema)) return
  const key = schema.mergeKey
  const keyOf = key === undefined ? undefined : (element: unknown) => (isPlain(element) ? element[key] : undefined)
  result[field] =
    keyOf === undefined
      ? orderElements(present, listed, present)
      : orderElements(present, listed.map(keyOf), present.map(keyOf), keyOf)
}

function readOrder(findings: Findings, order: unknown): Elements | undefined {
  if (order === undefined || Array.isArray(order)) return order
  complain(findings, 'invalid patch format of setElementOrder list')
  return undefined
}

/** What the patch changes must be in the order list, in the same order. */
function checkOrder(findings: Findings, names: Elements, listed: Elements): void {
  let from = 0
  for (const name of names) {
    const at = listed.indexOf(name, from)
    if (at < 0) {
      complain(findings, orderProblem(names, listed))
      return
    }
    from = at + 1
  }
}

function orderProblem(names: Elements, listed: Elements): string {
  const patch = formatJson(names)
  return `The order in patch list:\n${patch}\n doesn't match $setElementOrder list:\n${formatJson(listed)}\n`
}

/** A fresh copy of a value that is new to the object: without directives, and without the nulls that mean "delete". */
function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((element) => !isMarker(element)).map(clean)
  if (!isPlain(value)) return value
  const result: Plain = {}
  for (const [key, child] of Object.entries(value)) {
    if (key.startsWith('$') && isDirective(key)) continue
    if (child === null || (isPlain(child) && child[PATCH] === 'delete')) continue
    result[key] = clean(child)
  }
  return result
}

function isMarker(element: unknown): boolean {
  return isPlain(element) && (element[PATCH] === 'delete' || element[PATCH] === 'replace')
}
