/** Types of CEL as the library knows them, and types of schemas as types of CEL. */
import type { CelObjectType, CelType } from '../cel.js'
import type { ResourceKind, TypeSchema } from '../contract.js'
import type { JSONSchemaProps } from '../types.js'
import { authorizerType } from './authorizer.js'
import type { Environment } from './library.js'
import { classOf, escaped } from './values.js'

const names: Readonly<Record<string, string>> = {
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
  authorizer: authorizerType,
}

/** The library's name of a type. What is null at times is dynamic to the checker, for it has no word for that. */
export function typeName(type: CelType): string {
  if (typeof type === 'string') return names[type] ?? type
  if ('list' in type) return `list<${typeName(type.list)}>`
  if ('map' in type) return `map<string, ${typeName(type.map)}>`
  if ('optional' in type) return `optional<${typeName(type.optional)}>`
  return 'nullable' in type ? 'dyn' : type.object
}

const identifier = /^[a-zA-Z_]\w*$/

/** Tells the environment of all object types in `type`. */
export function registerTypes(environment: Environment, type: CelType, known: Set<string>): void {
  for (const object of objectsIn(type)) {
    if (known.has(object.object)) continue
    known.add(object.object)
    const fields: Record<string, string> = {}
    for (const [name, of] of object.fields) {
      const written = escaped(name)
      if (written !== undefined) fields[written] = typeName(of)
      // Words of the language need not be escaped behind a dot.
      if (identifier.test(name)) fields[name] = typeName(of)
    }
    environment.registerType(object.object, { ctor: classOf(object), fields } as never)
    for (const of of object.fields.values()) registerTypes(environment, of, known)
  }
}

function objectsIn(type: CelType): CelObjectType[] {
  if (typeof type === 'string') return []
  if ('list' in type) return objectsIn(type.list)
  if ('map' in type) return objectsIn(type.map)
  if ('optional' in type) return objectsIn(type.optional)
  // What may be null is dynamic: nothing of it is checked.
  return 'nullable' in type ? [] : [type]
}

/** The type of a structural schema; undefined where the schema says too little: such a field cannot be reached. */
export function schemaType(schema: JSONSchemaProps, name: string, isResource = false): CelType | undefined {
  const type = plainType(schema, name, isResource)
  return type !== undefined && schema.nullable === true ? { nullable: type } : type
}

function plainType(schema: JSONSchemaProps, name: string, isResource: boolean): CelType | undefined {
  if (schema['x-kubernetes-int-or-string']) return 'dyn'
  switch (schema.type) {
    case 'array': {
      const { items } = schema
      const of = items && !Array.isArray(items) ? schemaType(items, `${name}.@items`) : undefined
      return of === undefined ? undefined : { list: of }
    }
    case 'object':
      return objectType(schema, name, isResource || schema['x-kubernetes-embedded-resource'] === true)
    case 'string':
      return textType(schema.format)
    case 'boolean':
      return 'bool'
    case 'integer':
      return 'int'
    case 'number':
      return 'double'
    default:
      return undefined
  }
}

function objectType(schema: JSONSchemaProps, name: string, isResource: boolean): CelType | undefined {
  const { properties = {}, additionalProperties } = schema
  if (additionalProperties) {
    const of = additionalProperties === true ? 'dyn' : schemaType(additionalProperties, `${name}.@values`)
    return of === undefined ? undefined : { map: of }
  }
  const fields = new Map<string, CelType>()
  for (const [property, of] of Object.entries(properties)) {
    const type = escaped(property) === undefined ? undefined : schemaType(of, `${name}.${property}`)
    if (type !== undefined) fields.set(property, type)
  }
  if (!isResource) return { object: name, fields }
  // A rule sees no more of an object's metadata.
  const metadata = new Map<string, CelType>([
    ['name', 'string'],
    ['generateName', 'string'],
  ])
  fields
    .set('apiVersion', 'string')
    .set('kind', 'string')
    .set('metadata', { object: `${name}.metadata`, fields: metadata })
  return { object: name, fields }
}

function textType(format: string | undefined): CelType {
  switch (format) {
    case 'byte':
      return 'bytes'
    case 'date':
    case 'date-time':
    case 'datetime':
      return 'timestamp'
    case 'duration':
      return 'duration'
    default:
      return 'string'
  }
}

const byKind = new WeakMap<ResourceKind, CelObjectType>()

/** The type of a kind's objects, for checking what policies write of them. Recursive where the schema is. */
export function kindType(kind: ResourceKind): CelObjectType {
  const known = byKind.get(kind)
  if (known) return known
  const made = objectOf(kind.schema, new Map())
  byKind.set(kind, made)
  return made
}

function objectOf(schema: Extract<TypeSchema, { type: 'object' }>, made: Map<string, CelObjectType>): CelObjectType {
  const known = made.get(schema.name)
  if (known) return known
  const fields = new Map<string, CelType>()
  const object = { object: schema.name, fields }
  made.set(schema.name, object)
  for (const [name, field] of schema.fields) fields.set(name, typeOf(field.schema, made))
  return object
}

function typeOf(schema: TypeSchema, made: Map<string, CelObjectType>): CelType {
  switch (schema.type) {
    case 'object':
      return objectOf(schema, made)
    case 'array':
      return { list: typeOf(schema.items, made) }
    case 'map':
      return { map: typeOf(schema.values, made) }
    case 'integer':
      return 'int'
    case 'number':
      return 'double'
    case 'boolean':
      return 'bool'
    case 'string':
      return 'string'
    case 'bytes':
      return 'bytes'
    case 'time':
    case 'microTime':
      return 'timestamp'
    default:
      return 'dyn'
  }
}
