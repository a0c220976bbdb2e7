/** Turns the validator's errors into lines for a person: the path of the key, the value, and what is allowed. */
import type { ErrorObject } from 'ajv'
import { declaredKeys, type SchemaNode } from './config-schema.js'
import { didYouMean } from './suggest.js'

/** One line for each fault of `root`, which messages call `name`; what the branches of a union say becomes one answer. */
export function explain(errors: readonly ErrorObject[], root: unknown, name: string): string[] {
  const unions = errors.filter(isUnion)
  const outermost = unions.filter((union) => !unions.some((other) => other !== union && isBelow(union, other)))
  const direct = errors.filter((error) => !isUnion(error) && !outermost.some((union) => isBelow(error, union)))
  const lines = direct.map((error) => line(error, root, name))
  for (const union of outermost) {
    const below = errors.filter((error) => error !== union && isBelow(error, union))
    lines.push(...explainUnion(union, below, root, name))
  }
  return [...new Set(lines)]
}

/** A choice of constants lists them; of object forms the one that fits best is explained. */
function explainUnion(union: ErrorObject, below: readonly ErrorObject[], root: unknown, name: string): string[] {
  const branches = new Map<string, ErrorObject[]>()
  for (const error of below) {
    const branch = error.schemaPath.slice(union.schemaPath.length + 1).split('/')[0] ?? ''
    branches.set(branch, [...(branches.get(branch) ?? []), error])
  }
  const lists = [...branches.values()]
  const constants = lists.map((list) =>
    list.find((error) => error.keyword === 'const' && error.instancePath === union.instancePath),
  )
  if (constants.length > 0 && constants.every((error) => error !== undefined)) {
    const allowed = constants.map((error) => show(error?.params.allowedValue)).join(', ')
    return [`${dotted(union.instancePath, name)}: must be one of ${allowed}, got ${show(at(root, union.instancePath))}`]
  }
  const unlike = (list: readonly ErrorObject[]): number => list.filter(isMismatch).length
  const [best] = lists.sort((a, b) => unlike(a) - unlike(b) || a.length - b.length)
  return best && unlike(best) === 0 ? explain(best, root, name) : [line(union, root, name)]
}

function isUnion(error: ErrorObject): boolean {
  return error.keyword === 'anyOf' || error.keyword === 'oneOf'
}

function isBelow(error: ErrorObject, union: ErrorObject): boolean {
  return error.schemaPath.startsWith(`${union.schemaPath}/`)
}

/** A branch with such an error is another form than the one that was meant. */
function isMismatch(error: ErrorObject): boolean {
  return error.keyword === 'const' || error.keyword === 'type'
}

function line(error: ErrorObject, root: unknown, name: string): string {
  const path = dotted(error.instancePath, name)
  const value = show(at(root, error.instancePath))
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(error, root, name)
    case 'required':
      return `${member(path, String(error.params.missingProperty))}: is required`
    case 'enum':
      return `${path}: must be one of ${(error.params.allowedValues as unknown[]).map(show).join(', ')}, got ${value}`
    case 'const':
      return `${path}: must be ${show(error.params.allowedValue)}, got ${value}`
    case 'anyOf':
    case 'oneOf':
      return `${path}: has none of the allowed forms, got ${value}`
    default:
      return `${path}: ${error.message ?? 'is invalid'}, got ${value}`
  }
}

function unknownKey(error: ErrorObject, root: unknown, name: string): string {
  const path = dotted(error.instancePath, name)
  const key = String(error.params.additionalProperty)
  const known = Object.keys(declaredKeys((error.parentSchema ?? {}) as SchemaNode) ?? {})
  const object = at(root, error.instancePath)
  const value = show(isContainer(object) ? Reflect.get(object, key) : undefined)
  const allowed = known.length > 0 ? `Known keys: ${known.join(', ')}.` : 'No keys are known here.'
  return `${member(path, key)}: unknown key (value ${value}).${didYouMean(key, known)} ${allowed}`
}

/** `/rules/0/name` as `config.rules[0].name`. */
function dotted(pointer: string, name: string): string {
  return segments(pointer).reduce(member, name)
}

function member(path: string, key: string): string {
  if (/^\d+$/.test(key)) return `${path}[${key}]`
  return path === '' ? key : `${path}.${key}`
}

function at(root: unknown, pointer: string): unknown {
  let value = root
  for (const part of segments(pointer)) value = isContainer(value) ? Reflect.get(value, part) : undefined
  return value
}

function segments(pointer: string): string[] {
  const parts = pointer.split('/').slice(1)
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** A value as the user wrote it, cut where it is long. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
