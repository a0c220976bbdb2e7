/** JSON as values of CEL, and back. Maps convert an entry when it is read: a rule looks at a few fields of a large object. */
import type { CelObjectType, CelType, CelValue } from '../cel.js'

import { parseDuration, parseTimestamp } from './time.js'

const escapes: readonly (readonly [RegExp, string])[] = [
  [/__dot__/g, '.'],
  [/__dash__/g, '-'],
  [/__slash__/g, '/'],
  [/__underscores__/g, '__'],
]
const reserved =
  /^__(true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)__$/

/** The name in JSON of a field as an expression writes it. */
export function unescaped(name: string): string {
  if (!name.includes('__')) return name
  const word = reserved.exec(name)?.[1]
  if (word !== undefined) return word
  let text = name
  for (const [pattern, character] of escapes) text = text.replace(pattern, character)
  return text
}

/** As an expression writes a name of JSON; undefined where it cannot. */
export function escaped(name: string): string | undefined {
  if (!/^[a-zA-Z_./-][a-zA-Z0-9_./-]*$/.test(name)) return undefined
  if (reserved.test(`__${name}__`)) return `__${name}__`
  const text = name.replace(/__/g, '__underscores__').replace(/\./g, '__dot__').replace(/-/g, '__dash__')
  return text.replace(/\//g, '__slash__')
}

/** Is a `Map` to the library, which tells types by their constructor. */
export class LazyMap extends Map<unknown, CelValue> {
  readonly raw: Readonly<Record<string, unknown>>
  readonly #type: CelType

  constructor(raw: object, type: CelType) {
    super()
    this.raw = raw as Record<string, unknown>
    this.#type = type
  }

  /** Undefined: absent. */
  override get(key: unknown): CelValue {
    const known = super.get(key)
    if (known !== undefined || typeof key !== 'string') return known
    const name = Object.hasOwn(this.raw, key) ? key : unescaped(key)
    const value = Object.hasOwn(this.raw, name) ? toCel(this.raw[name], this.#type) : undefined
    if (value !== undefined) super.set(key, value)
    return value
  }
  override has(key: unknown): boolean {
    return this.get(key) !== undefined
  }
  override get size(): number {
    return Object.keys(this.raw).length
  }
  override keys(): MapIterator<unknown> {
    return Object.keys(this.raw).values() as MapIterator<unknown>
  }
  override *entries(): MapIterator<[unknown, CelValue]> {
    for (const key of Object.keys(this.raw)) yield [key, this.get(key)]
  }
  override [Symbol.iterator](): MapIterator<[unknown, CelValue]> {
    return this.entries()
  }
}
Object.defineProperty(LazyMap.prototype, 'constructor', { value: Map })

/** A value of an object type: only the fields of the type, each read once. */
export class LazyObject extends Map<unknown, CelValue> {
  readonly #read: (field: string) => CelValue
  readonly type: CelObjectType
  readonly raw: object | undefined

  constructor(type: CelObjectType, read: (field: string) => CelValue, raw?: object) {
    super()
    this.type = type
    this.raw = raw
    this.#read = read
  }
  override get(key: unknown): CelValue {
    const known = super.get(key)
    if (known !== undefined || typeof key !== 'string') return known
    const value = this.#read(unescaped(key))
    if (value !== undefined) super.set(key, value)
    return value
  }
  override has(key: unknown): boolean {
    return this.get(key) !== undefined
  }
  override get size(): number {
    return [...this.keys()].length
  }
  override *keys(): MapIterator<unknown> {
    for (const name of this.type.fields.keys()) if (this.has(name)) yield name
  }
  override *entries(): MapIterator<[unknown, CelValue]> {
    for (const name of this.keys()) yield [name, this.get(name)]
  }
  override [Symbol.iterator](): MapIterator<[unknown, CelValue]> {
    return this.entries()
  }
}

type ObjectClass = new (type: CelObjectType, read: (field: string) => CelValue, raw?: object) => LazyObject
const classes = new WeakMap<CelObjectType, ObjectClass>()

/** The library tells object types by their class, so each has one of its own. */
export function classOf(type: CelObjectType): ObjectClass {
  const known = classes.get(type)
  if (known) return known
  const made = class extends LazyObject {}
  classes.set(type, made)
  return made
}

export function lazyObject(type: CelObjectType, read: (field: string) => CelValue, raw?: object): LazyObject {
  return new (classOf(type))(type, read, raw)
}

export function toCel(json: unknown, type: CelType = 'dyn'): CelValue {
  if (json === null || json === undefined) return json
  if (typeof type === 'object') return toComposite(json, type)
  switch (typeof json) {
    case 'number':
      return type === 'double' || !Number.isInteger(json) ? json : integerIn(json)
    case 'bigint':
      return type === 'double' ? Number(json) : json
    case 'string':
      return type === 'dyn' || type === 'string' ? json : fromText(json, type)
    case 'object':
      return Array.isArray(json) ? json.map((item) => toCel(item)) : isPlain(json) ? new LazyMap(json, 'dyn') : json
    default:
      return json
  }
}

/** With the digits that the number shows: beyond 2^53 it may stand for another. */
const integerIn = (json: number): bigint => BigInt(Math.abs(json) < 1e21 ? String(json) : json)

function toComposite(json: unknown, type: Exclude<CelType, string>): CelValue {
  if ('nullable' in type) return toCel(json, type.nullable)
  if ('optional' in type) return toCel(json, type.optional)
  if ('list' in type) return Array.isArray(json) ? json.map((item) => toCel(item, type.list)) : toCel(json)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return toCel(json)
  if ('map' in type) return new LazyMap(json, type.map)
  const read = (field: string): CelValue => {
    const of = type.fields.get(field)
    return of !== undefined && Object.hasOwn(json, field) ? toCel((json as Record<string, unknown>)[field], of) : undefined
  }
  return lazyObject(type, read, json)
}

function fromText(text: string, type: CelType): CelValue {
  switch (type) {
    case 'bytes':
      return new Uint8Array(Buffer.from(text, 'base64'))
    case 'timestamp':
      return parseTimestamp(text) ?? text
    case 'duration':
      return parseDuration(text) ?? text
    default:
      return text
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
