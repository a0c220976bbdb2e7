/**
 * The document of `/openapi/v2` in the form that clients of older releases insist on: the messages of `openapi.v2` that
 * gnostic defines (OpenAPIv2.proto, whose numbers these are). Written is what such a document of ours has.
 */
import { formatJson } from './exact-json.js'
import type { Json } from './openapi-definitions.js'

const bytesType = 2
const encoder = new TextEncoder()

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** A field that holds a message, or the bytes of a text. */
function part(number: number, ...content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, bytes) => sum + bytes.length, 0)
  return Buffer.concat([varint(number * 8 + bytesType), varint(length), ...content])
}
const text = (number: number, value: unknown): readonly Uint8Array[] =>
  typeof value === 'string' && value !== '' ? [part(number, encoder.encode(value))] : []
const texts = (number: number, values: unknown): readonly Uint8Array[] =>
  Array.isArray(values) ? values.flatMap((value) => text(number, value)) : []
const flag = (number: number, value: unknown): readonly Uint8Array[] =>
  value === true ? [Uint8Array.from([...varint(number * 8), 1])] : []

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Entries of a map are messages of a name and a value. */
const named = (number: number, name: string, value: readonly Uint8Array[]): Uint8Array =>
  part(number, ...text(1, name), part(2, ...value))
/** Whatever it is, as YAML, which JSON is. */
const anything = (value: unknown): readonly Uint8Array[] => text(2, formatJson(value))

function extensions(number: number, of: Json): readonly Uint8Array[] {
  return Object.entries(of).flatMap(([name, value]) => (name.startsWith('x-') ? [named(number, name, anything(value))] : []))
}

export function encodeOpenApiV2(document: Json): Uint8Array {
  const { swagger, info, paths, definitions } = document as Record<string, Json>
  return Buffer.concat([
    ...text(1, swagger),
    part(2, ...text(1, info?.title), ...text(2, info?.version)),
    part(8, ...Object.entries(paths ?? {}).map(([path, item]) => named(2, path, pathItem(item as Json)))),
    part(9, ...Object.entries(definitions ?? {}).map(([name, schema]) => named(1, name, schemaOf(schema as Json)))),
  ])
}

const methods: readonly (readonly [string, number])[] = [
  ['get', 2],
  ['put', 3],
  ['post', 4],
  ['delete', 5],
  ['patch', 8],
]

function pathItem(item: Json): readonly Uint8Array[] {
  const operations = methods.flatMap(([method, number]) => {
    const operation = item[method]
    return isJson(operation) ? [part(number, ...operationOf(operation))] : []
  })
  return [...operations, ...parametersOf(9, item.parameters)]
}

function operationOf(operation: Json): readonly Uint8Array[] {
  const { tags, description, operationId, produces, consumes, parameters, responses, schemes } = operation
  const answers = Object.entries((responses ?? {}) as Record<string, Json>).map(([code, { description: said, schema }]) => {
    const shape = isJson(schema) ? [part(2, part(1, ...schemaOf(schema)))] : []
    return named(1, code, [part(1, ...text(1, said), ...shape)])
  })
  return [
    ...texts(1, tags),
    ...text(3, description),
    ...text(5, operationId),
    ...texts(6, produces),
    ...texts(7, consumes),
    ...parametersOf(8, parameters),
    part(9, ...answers),
    ...texts(10, schemes),
    ...extensions(13, operation),
  ]
}

const parametersOf = (number: number, parameters: unknown): readonly Uint8Array[] =>
  Array.isArray(parameters) ? parameters.map((parameter) => part(number, part(1, parameterOf(parameter as Json)))) : []

/** Of three forms; those of a query and of a path differ by one number from `type` on. */
function parameterOf({ name, in: place, description, required, schema, type, uniqueItems }: Json): Uint8Array {
  if (place === 'body') {
    const shape = isJson(schema) ? [part(5, ...schemaOf(schema))] : []
    return part(1, ...text(1, description), ...text(2, name), ...text(3, place), ...flag(4, required), ...shape)
  }
  const shift = place === 'query' ? 1 : 0
  const head = [...flag(1, required), ...text(2, place), ...text(3, description), ...text(4, name)]
  return part(2, part(3 + (1 - shift), ...head, ...text(5 + shift, type), ...flag(19 + shift, uniqueItems)))
}

function schemaOf(schema: Json): readonly Uint8Array[] {
  const { $ref, format, description, required, enum: values, additionalProperties, type, items, properties } = schema
  return [
    ...text(1, $ref),
    ...text(2, format),
    ...text(4, description),
    ...(schema.default === undefined ? [] : [part(5, ...anything(schema.default))]),
    ...texts(19, required),
    ...(Array.isArray(values) ? values.map((value) => part(20, ...anything(value))) : []),
    ...(isJson(additionalProperties) ? [part(21, part(1, ...schemaOf(additionalProperties)))] : []),
    ...(additionalProperties === true ? [part(21, ...flag(2, true))] : []),
    ...(typeof type === 'string' ? [part(22, ...text(1, type))] : []),
    ...(isJson(items) ? [part(23, part(1, ...schemaOf(items)))] : []),
    ...(isJson(properties)
      ? [part(25, ...Object.entries(properties).map(([name, property]) => named(1, name, schemaOf(property as Json))))]
      : []),
    ...extensions(31, schema),
  ]
}
