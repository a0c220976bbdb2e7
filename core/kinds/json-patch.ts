/** JSON patch (RFC 6902) by copy on write: a failed operation leaves nothing half done, because nothing was changed. */
import { isDeepStrictEqual } from 'node:util'
import type { KubeObject, PatchResult } from './contract.js'
import { formatJson } from './exact-json.js'

const OPERATION_LIMIT = 10_000
/** Copies may double an object with each operation; all of them together may add no more than a request could carry. */
const COPY_LIMIT = 3 * 1024 * 1024

interface Operation {
  readonly op: string
  readonly path: readonly string[]
  readonly from: readonly string[]
  readonly value: unknown
}
type Container = unknown[] | Record<string, unknown>
type Problem = { readonly kind: 'invalid' | 'failed'; readonly message: string }

/** The tree as it stands, and the containers in it that this patch made, and so may change. */
interface Draft {
  root: unknown
  readonly owned: Set<object>
  copied: number
}

export function applyOperations(current: KubeObject, operations: readonly unknown[]): PatchResult {
  if (operations.length > OPERATION_LIMIT) {
    const message = `The allowed maximum operations in a JSON patch is ${OPERATION_LIMIT}, got ${operations.length}`
    return { ok: false, kind: 'invalid', message }
  }
  const draft: Draft = { root: current, owned: new Set(), copied: 0 }
  for (const candidate of operations) {
    const operation = readOperation(candidate)
    if ('message' in operation) return { ok: false, ...operation }
    const problem = applyOne(draft, operation)
    if (problem !== undefined) return { ok: false, ...problem }
  }
  if (typeof draft.root !== 'object' || draft.root === null || Array.isArray(draft.root)) {
    return { ok: false, kind: 'failed', message: 'the patch leaves no object' }
  }
  return { ok: true, object: draft.root as KubeObject }
}

function readOperation(candidate: unknown): Operation | Problem {
  if (typeof candidate !== 'object' || candidate === null) return wrong('an operation must be an object')
  const { op, path, from, value } = candidate as Record<string, unknown>
  if (typeof op !== 'string' || !Object.hasOwn(NEEDS, op)) return wrong(`Unexpected kind: ${String(op)}`)
  const needs = NEEDS[op]
  const target = readPointer(path)
  if (target === undefined) return wrong(`operation ${op}: "path" must be a JSON pointer`)
  const source = needs === 'from' ? readPointer(from) : []
  if (source === undefined) return wrong(`operation ${op}: "from" must be a JSON pointer`)
  if (needs === 'value' && !Object.hasOwn(candidate, 'value')) return wrong(`operation ${op}: "value" is missing`)
  return { op, path: target, from: source, value }
}

const NEEDS: Readonly<Record<string, 'value' | 'from' | 'nothing'>> = {
  add: 'value',
  replace: 'value',
  test: 'value',
  move: 'from',
  copy: 'from',
  remove: 'nothing',
}

function wrong(message: string): Problem {
  return { kind: 'invalid', message }
}

function failed(message: string): Problem {
  return { kind: 'failed', message }
}

function readPointer(pointer: unknown): string[] | undefined {
  if (pointer === '') return []
  if (typeof pointer !== 'string' || !pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined
  const steps = pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  return steps.includes('__proto__') ? undefined : steps
}

function applyOne(draft: Draft, { op, path, from, value }: Operation): Problem | undefined {
  switch (op) {
    case 'add':
      return add(draft, path, value)
    case 'replace':
      return replace(draft, path, value)
    case 'remove':
      return remove(draft, path)
    case 'test':
      return test(draft, path, value)
    case 'move':
      return move(draft, from, path)
    default:
      return copy(draft, from, path)
  }
}

function textOf(path: readonly string[]): string {
  return path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

const missing = Symbol('missing')

function read(draft: Draft, path: readonly string[]): unknown {
  let value = draft.root
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return missing
    const key = Array.isArray(value) ? indexOf(step, value.length - 1) : step
    if (key === undefined || !Object.hasOwn(value, key)) return missing
    value = (value as Record<string | number, unknown>)[key]
  }
  return value
}

/** An index from 0 to `last`, without leading zeros. */
function indexOf(step: string, last: number): number | undefined {
  if (!/^(0|[1-9]\d{0,9})$/.test(step)) return undefined
  const index = Number(step)
  return index <= last ? index : undefined
}

/** The container that holds the last step of `path`, made changeable along with all above it. */
function writableParent(draft: Draft, path: readonly string[]): Container | undefined {
  if (typeof read(draft, path.slice(0, -1)) !== 'object' || read(draft, path.slice(0, -1)) === null) return undefined
  let container = own(draft, draft.root as Container)
  draft.root = container
  for (const step of path.slice(0, -1)) {
    const parent = container as Record<string, Container>
    container = own(draft, parent[step] as Container)
    parent[step] = container
  }
  return container
}

function own(draft: Draft, container: Container): Container {
  if (draft.owned.has(container)) return container
  const fresh: Container = Array.isArray(container) ? [...container] : { ...container }
  draft.owned.add(fresh)
  return fresh
}

function add(draft: Draft, path: readonly string[], value: unknown): Problem | undefined {
  const step = path.at(-1)
  if (step === undefined) {
    draft.root = value
    return undefined
  }
  const parent = writableParent(draft, path)
  if (parent === undefined) return failed(`add operation does not apply: doc is missing path: "${textOf(path)}": missing value`)
  if (!Array.isArray(parent)) {
    parent[step] = value
    return undefined
  }
  const index = step === '-' ? parent.length : indexOf(step, parent.length)
  if (index === undefined)
    return failed(`add operation does not apply: doc is missing path: "${textOf(path)}": invalid array index`)
  parent.splice(index, 0, value)
  return undefined
}

function replace(draft: Draft, path: readonly string[], value: unknown): Problem | undefined {
  if (read(draft, path) === missing) {
    return failed(`replace operation does not apply: doc is missing key: ${textOf(path)}: missing value`)
  }
  const step = path.at(-1)
  if (step === undefined) draft.root = value
  else (writableParent(draft, path) as Record<string, unknown>)[step] = value
  return undefined
}

function remove(draft: Draft, path: readonly string[]): Problem | undefined {
  const step = path.at(-1)
  if (step === undefined || read(draft, path) === missing) {
    return failed(`remove operation does not apply: doc is missing path: "${textOf(path)}": missing value`)
  }
  const parent = writableParent(draft, path)
  if (Array.isArray(parent)) parent.splice(Number(step), 1)
  else if (parent !== undefined) delete parent[step]
  return undefined
}

function test(draft: Draft, path: readonly string[], value: unknown): Problem | undefined {
  const present = read(draft, path)
  // A missing value passes for null: programs write this to say "not there yet".
  const equal = present === missing ? value === null : isDeepStrictEqual(present, value)
  return equal ? undefined : failed(`testing value ${textOf(path)} failed: test failed`)
}

function move(draft: Draft, from: readonly string[], path: readonly string[]): Problem | undefined {
  const value = read(draft, from)
  if (value === missing) return failed(`move operation does not apply: doc is missing from path: ${textOf(from)}: missing value`)
  if (path.length > from.length && from.every((step, index) => path[index] === step)) {
    return failed('move operation does not apply: a value cannot move into itself')
  }
  return remove(draft, from) ?? add(draft, path, value)
}

function copy(draft: Draft, from: readonly string[], path: readonly string[]): Problem | undefined {
  const value = read(draft, from)
  if (value === missing)
    return failed(`copy operation does not apply: doc is missing from path: "${textOf(from)}": missing value`)
  draft.copied += formatJson(value).length
  if (draft.copied > COPY_LIMIT) {
    return failed(
      `Unable to complete the copy, the accumulated size increase of copy is ${draft.copied}, exceeding the limit ${COPY_LIMIT}`,
    )
  }
  return add(draft, path, structuredClone(value))
}
