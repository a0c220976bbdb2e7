/**
 * Request bodies in Kubernetes' protobuf encoding, as kubectl from 1.32 on and operators send them: the bytes `k8s\0`, an
 * envelope that names the kind, and the object by the field numbers of the table. What comes out is the object as a JSON
 * client would have sent it; `decode` then treats both alike.
 */
import type { KindRegistry, ObjectSchema, TypeSchema } from './contract.js'
import { parseJson } from './exact-json.js'
import { textOf, WireError, WireReader, wireType } from './wire.js'

type Json = Record<string, unknown>
export type DecodedProtobuf =
  | { readonly apiVersion: string; readonly kind: string; readonly object: Json; readonly error?: undefined }
  | { readonly error: string }

const magic = [0x6b, 0x38, 0x73, 0x00]

export const isProtobuf = (bytes: Uint8Array): boolean => magic.every((byte, index) => bytes[index] === byte)

/** Bytes that cannot be read answer `{ error }`, with a message for the user; never throws for what a client sent. */
export function decodeProtobuf(registry: KindRegistry, bytes: Uint8Array): DecodedProtobuf {
  if (!isProtobuf(bytes)) return { error: 'provided data does not appear to be a protobuf message, expected prefix 0x6b387300' }
  try {
    const { apiVersion, kind, raw } = readEnvelope(bytes.subarray(magic.length))
    const known = registry.kind(apiVersion, kind)
    if (!known) return { error: `no kind "${kind}" is registered for version "${apiVersion}"` }
    return { apiVersion, kind, object: { apiVersion, kind, ...readObject(known.schema, raw) } }
  } catch (error) {
    if (error instanceof WireError) return { error: `unable to decode protobuf: ${error.message}` }
    throw error
  }
}

function readEnvelope(bytes: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
  const parts = readParts(bytes)
  const typeMeta = readParts(parts.get(1) ?? new Uint8Array())
  const text = (number: number) => textOf(typeMeta.get(number) ?? new Uint8Array())
  if ((parts.get(3)?.length ?? 0) > 0)
    throw new WireError(`content encoding ${textOf(parts.get(3) ?? new Uint8Array())} is unknown`)
  return { apiVersion: text(1), kind: text(2), raw: parts.get(2) ?? new Uint8Array() }
}

/** The length-delimited fields of a small message, by number. */
function readParts(bytes: Uint8Array): Map<number, Uint8Array> {
  const parts = new Map<number, Uint8Array>()
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.varint()
    if ((tag & 7) === wireType.bytes) parts.set(tag >>> 3, reader.bytes())
    else reader.skip(tag & 7)
  }
  return parts
}

/** Reads one occurrence of a field into the object. */
type Put = (out: Json, reader: WireReader, wire: number) => void
type Message = Map<number, Put>
const messages = new WeakMap<ObjectSchema, Message>()

function readObject(schema: ObjectSchema, bytes: Uint8Array): Json {
  const out: Json = {}
  readMessage(messageOf(schema), bytes, out)
  return out
}

function readMessage(message: Message, bytes: Uint8Array, out: Json): void {
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.varint()
    const put = message.get(tag >>> 3)
    if (put) put(out, reader, tag & 7)
    else reader.skip(tag & 7)
  }
}

function messageOf(schema: ObjectSchema): Message {
  const known = messages.get(schema)
  if (known) return known
  const made: Message = new Map()
  messages.set(schema, made)
  const inlined = new Map<string, Message>([['', made]])
  for (const [name, field] of schema.fields) {
    if (field.number > 0) inlinedMessage(inlined, field.nested ?? []).set(field.number, putOf(name, field.schema))
  }
  return made
}

/** Fields that JSON shows beside the others, but that lie in a message of their own, however deep. */
function inlinedMessage(inlined: Map<string, Message>, path: readonly number[]): Message {
  const key = path.join('.')
  const known = inlined.get(key)
  if (known) return known
  const inner: Message = new Map()
  inlined.set(key, inner)
  inlinedMessage(inlined, path.slice(0, -1)).set(path.at(-1) ?? 0, (out, reader, wire) => {
    expect(wire, wireType.bytes)
    readMessage(inner, reader.bytes(), out)
  })
  return inner
}

function putOf(name: string, schema: TypeSchema): Put {
  if (schema.type === 'array') return repeated(name, schema.items)
  if (schema.type === 'map') return mapEntry(name, schema.values)
  return (out, reader, wire) => {
    const value = readValue(schema, reader, wire)
    if (value !== undefined) out[name] = value
  }
}

function repeated(name: string, items: TypeSchema): Put {
  const packable = items.type === 'integer' || items.type === 'boolean'
  return (out, reader, wire) => {
    out[name] ??= []
    const list = out[name] as unknown[]
    if (!packable || wire !== wireType.bytes) {
      list.push(readValue(items, reader, wire) ?? null)
      return
    }
    const packed = new WireReader(reader.bytes())
    while (!packed.done) list.push(readValue(items, packed, wireType.varint))
  }
}

function mapEntry(name: string, values: TypeSchema): Put {
  return (out, reader, wire) => {
    expect(wire, wireType.bytes)
    const entry = new WireReader(reader.bytes())
    let key = ''
    let value: unknown
    while (!entry.done) {
      const tag = entry.varint()
      if (tag >>> 3 === 1) key = entry.string()
      else if (tag >>> 3 === 2) value = readValue(values, entry, tag & 7)
      else entry.skip(tag & 7)
    }
    out[name] ??= {}
    // As an own property whatever its name, `__proto__` included; null is the zero of the type.
    Object.defineProperty(out[name], key, { value: value ?? null, enumerable: true, writable: true, configurable: true })
  }
}

function expect(wire: number, wanted: number): void {
  if (wire !== wanted) throw new WireError(`wire type ${wire} instead of ${wanted}`)
}

function readValue(schema: TypeSchema, reader: WireReader, wire: number): unknown {
  if (schema.type === 'integer' || schema.type === 'boolean') {
    expect(wire, wireType.varint)
    const value = reader.integer()
    return schema.type === 'boolean' ? value !== 0 : value
  }
  if (schema.type === 'number') {
    expect(wire, wireType.fixed64)
    return reader.double()
  }
  expect(wire, wireType.bytes)
  const bytes = reader.bytes()
  switch (schema.type) {
    case 'string':
      return textOf(bytes)
    case 'bytes':
      return Buffer.from(bytes).toString('base64')
    case 'object':
      return readObject(schema, bytes)
    case 'array':
      // Only as the value of a map: a message whose field 1 is the list.
      return readList(schema.items, bytes, 1)
    case 'map':
      throw new WireError('a map within a list or a map')
    default:
      return special[schema.type](bytes, schema)
  }
}

function readList(items: TypeSchema, bytes: Uint8Array, number: number): unknown[] {
  const out: Json = { list: [] }
  readMessage(new Map([[number, repeated('list', items)]]), bytes, out)
  return out.list as unknown[]
}

type Special = Exclude<TypeSchema['type'], 'object' | 'array' | 'string' | 'bytes' | 'integer' | 'boolean' | 'number' | 'map'>

/** Messages that JSON writes as one value. */
const special: Readonly<Record<Special, (bytes: Uint8Array, schema: TypeSchema) => unknown>> = {
  time: (bytes) => timeText(bytes, 0),
  microTime: (bytes) => timeText(bytes, 6),
  duration: (bytes) => `${numbers(bytes, 1)[0] ?? 0}ns`,
  quantity: (bytes) => textOf(readParts(bytes).get(1) ?? new Uint8Array()) || '0',
  intOrString(bytes) {
    const [type = 0, value = 0] = numbers(bytes, 2)
    return type === 1 ? textOf(readParts(bytes).get(3) ?? new Uint8Array()) : value
  },
  any: (bytes) => rawJson(readParts(bytes).get(1)),
  either(bytes, schema) {
    if (schema.type !== 'either') return undefined
    // The schema stands at 2 behind a boolean, at 1 before a list.
    const [object, other] = schema.other.type === 'boolean' ? [2, 1] : [1, 2]
    const inner = readParts(bytes).get(object)
    if (inner) return readObject(schema.object, inner)
    if (schema.other.type === 'array') return readList(schema.other.items, bytes, other)
    return (numbers(bytes, 1)[0] ?? 0) !== 0
  },
}

/** The varint fields 1 to `count` of a message. */
function numbers(bytes: Uint8Array, count: number): number[] {
  const found: number[] = Array.from({ length: count }, () => 0)
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.varint()
    if ((tag & 7) !== wireType.varint) reader.skip(tag & 7)
    else {
      const value = reader.varint()
      if (tag >>> 3 <= count) found[(tag >>> 3) - 1] = value
    }
  }
  return found
}

/** An empty message is no time at all. */
function timeText(bytes: Uint8Array, digits: 0 | 6): string | undefined {
  if (bytes.length === 0) return undefined
  const [seconds = 0, nanos = 0] = numbers(bytes, 2)
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime())) throw new WireError(`a time of ${seconds} seconds is out of range`)
  const whole = date.toISOString().slice(0, -5)
  return digits === 0 ? `${whole}Z` : `${whole}.${String(Math.trunc(nanos / 1000)).padStart(6, '0')}Z`
}

function rawJson(raw: Uint8Array | undefined): unknown {
  if (!raw || raw.length === 0) return undefined
  try {
    return parseJson(textOf(raw)) ?? undefined
  } catch (error) {
    if (error instanceof SyntaxError) throw new WireError('an embedded object is not JSON')
    throw error
  }
}
