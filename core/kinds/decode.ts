/**
 * Decoding: one walk over the input beside its schema, which checks types, prunes what the schema does not know and puts
 * values into their canonical form. Each schema is compiled once into closures.
 */
import type { Decoded, DecodeOptions, FieldError, KubeObject, ObjectSchema, ResourceKind, TypeSchema } from './contract.js'
import { integerReader, Malformed, readers, zeroes } from './scalars.js'

type Json = Record<string, unknown>
interface State {
  /** Names and indices from the root to the value whose parts are being walked. */
  readonly path: (string | number)[]
  readonly errors: FieldError[]
  readonly strict: string[]
  readonly report: boolean
}
/** The value in its canonical form; undefined drops it. `owner` is the type that has the field, for messages. */
type Walk = (value: unknown, key: string | number, state: State, owner: string) => unknown

const walks = new WeakMap<ObjectSchema, Walk>()

export function decode(kind: ResourceKind, input: unknown, options: DecodeOptions): Decoded {
  return kind.strategy.decode?.(input, options) ?? decodeByTypes(kind, input, options)
}

/** By the types of the schema alone. */
export function decodeByTypes(
  kind: Pick<ResourceKind, 'apiVersion' | 'kind' | 'schema'>,
  input: unknown,
  options: DecodeOptions,
): Decoded {
  const state: State = { path: [], errors: [], strict: [], report: options.unknownFields === 'report' }
  const decoded = objectWalk(kind.schema)(input ?? undefined, '', state, kind.kind)
  const object = (decoded ?? {}) as KubeObject
  object.apiVersion ??= kind.apiVersion
  object.kind ??= kind.kind
  object.metadata ??= {} as KubeObject['metadata']
  return { object, errors: state.errors, strict: state.strict }
}

function walkOf(schema: TypeSchema): Walk {
  switch (schema.type) {
    case 'object':
      return objectWalk(schema)
    case 'array':
      return arrayWalk(schema.items)
    case 'map':
      return mapWalk(schema.values)
    case 'either':
      return eitherWalk(schema.object, schema.other)
    case 'any':
      return copy
    case 'integer':
      return scalarWalk(integerReader(schema.bits), `int${schema.bits}`)
    default:
      return scalarWalk(readers[schema.type], typeWords[schema.type])
  }
}

const typeWords: Readonly<Record<keyof typeof readers, string>> = {
  string: 'string',
  boolean: 'bool',
  number: 'float64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  duration: 'v1.Duration',
  intOrString: 'intstr.IntOrString',
}

function scalarWalk(read: (value: unknown) => unknown, word: string): Walk {
  return (value, key, state, owner) => {
    const result = read(value)
    if (result === undefined) wrongType(value, word, key, state, owner)
    else if (result instanceof Malformed) {
      fail(state, key, result.message)
      return undefined
    }
    return result
  }
}

interface Field {
  readonly walk: Walk
  /** A required list that is null is an empty one: Go clients write null for it. */
  readonly nullIsEmpty: boolean
  readonly omitZero: boolean
}

function objectWalk(schema: ObjectSchema): Walk {
  const known = walks.get(schema)
  if (known) return known
  let walk: Walk = (...input) => {
    walk = compileObject(schema)
    return walk(...input)
  }
  const made: Walk = (value, key, state, owner) => walk(value, key, state, owner)
  walks.set(schema, made)
  return made
}

/** Compiled at the first value, so that recursive schemas end and types that never come cost nothing. */
function compileObject(schema: ObjectSchema): Walk {
  const name = schema.name.slice(schema.name.lastIndexOf('.') + 1)
  const fields = new Map<string, Field>()
  const always: string[] = []
  for (const [field, facts] of schema.fields) {
    fields.set(field, {
      walk: walkOf(facts.schema),
      nullIsEmpty: facts.required && facts.schema.type === 'array',
      omitZero: facts.omitZero ?? false,
    })
    if (facts.always) always.push(field)
  }
  return (value, key, state, owner) => {
    if (!isObject(value)) return wrongType(value, name, key, state, owner)
    const out: Json = {}
    state.path.push(key)
    for (const part of Object.keys(value)) {
      const field = fields.get(part)
      const given = value[part]
      if (field === undefined) {
        if (state.report) state.strict.push(`unknown field "${pathText(state.path, part)}"`)
      } else if (given === null || given === undefined) {
        if (given === null && field.nullIsEmpty) out[part] = []
      } else {
        const result = field.walk(given, part, state, name)
        if (result !== undefined && !(field.omitZero && isZero(result))) out[part] = result
      }
    }
    for (const part of always) out[part] ??= {}
    state.path.pop()
    return out
  }
}

function arrayWalk(items: TypeSchema): Walk {
  const walk = walkOf(items)
  return (value, key, state, owner) => {
    if (!Array.isArray(value)) return wrongType(value, `[]${wordOf(items)}`, key, state, owner)
    const out: unknown[] = []
    state.path.push(key)
    for (let index = 0; index < value.length; index++) {
      const given: unknown = value[index]
      const result = given === null ? zeroOf(items) : walk(given, index, state, owner)
      if (result !== undefined) out.push(result)
    }
    state.path.pop()
    return out
  }
}

function mapWalk(values: TypeSchema): Walk {
  const walk = walkOf(values)
  return (value, key, state, owner) => {
    if (!isObject(value)) return wrongType(value, `map[string]${wordOf(values)}`, key, state, owner)
    const out: Json = {}
    state.path.push(key)
    for (const part of Object.keys(value)) {
      const given = value[part]
      const result = given === null ? zeroOf(values) : walk(given, part, state, owner)
      if (result !== undefined) put(out, part, result)
    }
    state.path.pop()
    return out
  }
}

function eitherWalk(object: ObjectSchema, other: TypeSchema): Walk {
  const [whenObject, whenOther] = [objectWalk(object), walkOf(other)]
  return (value, key, state, owner) => (isObject(value) ? whenObject : whenOther)(value, key, state, owner)
}

/** Kept as it is, yet fresh: the input may be frozen. */
function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copy)
  const out: Json = {}
  for (const key of Object.keys(value)) put(out, key, copy((value as Json)[key]))
  return out
}

/** A key named `__proto__` is data like any other, not the object's prototype. */
function put(out: Json, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(out, key, { value, enumerable: true, writable: true, configurable: true })
  else out[key] = value
}

function isZero(value: unknown): boolean {
  if (typeof value !== 'object') return value === '' || value === 0 || value === false
  return value !== null && Object.keys(value).length === 0
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

function zeroOf(schema: TypeSchema): unknown {
  if (schema.type === 'object') return {}
  return schema.type === 'array' ? [] : zeroes[schema.type]
}

function wordOf(schema: TypeSchema): string {
  if (schema.type === 'object') return schema.name.slice(schema.name.indexOf('.') + 1)
  if (schema.type === 'integer') return `int${schema.bits}`
  return schema.type in typeWords ? typeWords[schema.type as keyof typeof typeWords] : schema.type
}

function wrongType(value: unknown, wanted: string, key: string | number, state: State, owner: string): undefined {
  const plain = [...state.path, key].filter((part) => typeof part === 'string' && part !== '').join('.')
  const field = plain === '' ? 'value' : `Go struct field ${owner}.${plain}`
  fail(state, key, `json: cannot unmarshal ${jsonWord(value)} into ${field} of type ${wanted}`)
}

function jsonWord(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 'number' : `number ${value}`
  if (typeof value === 'bigint') return `number ${value}`
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function fail(state: State, key: string | number, message: string): void {
  state.errors.push({ reason: 'FieldValueTypeInvalid', field: pathText(state.path, key), message })
}

/** "spec.containers[0].image". */
function pathText(path: readonly (string | number)[], key: string | number): string {
  let text = ''
  for (const part of [...path, key]) {
    if (typeof part === 'number') text += `[${part}]`
    else if (part !== '') text += text === '' ? part : `.${part}`
  }
  return text
}
