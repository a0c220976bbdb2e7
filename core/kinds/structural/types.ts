/**
 * A structural schema as the types that patches, apply and documents walk by. Of what values may be it keeps only what
 * merging needs: which lists are keyed, which parts are replaced whole.
 */
import type { FieldSchema, ListFacts, ObjectSchema, TypeSchema } from '../contract.js'
import { builtinSchema } from '../schema.js'
import { isEmbedded, itemsOf, keepsUnknown, type Schema, valuesOf } from './schema.js'

const anything: TypeSchema = { type: 'any' }
const text: TypeSchema = { type: 'string' }
const metadata = (): TypeSchema => builtinSchema('meta/v1', 'ObjectMeta')

const field = (schema: TypeSchema): FieldSchema => ({ schema, required: false, number: 0 })

/** Of a whole object. `name` is unique: "com.example.v1.Widget". */
export function objectTypes(schema: Schema, name: string): ObjectSchema {
  return objectOf(schema, name, true)
}

function objectOf(schema: Schema, name: string, whole: boolean): ObjectSchema {
  const object: ObjectSchema = {
    type: 'object',
    name,
    // Made when first read, as most parts of most schemas never are.
    get fields() {
      const fields = new Map<string, FieldSchema>()
      for (const [key, property] of Object.entries(schema.properties ?? {}))
        fields.set(key, field(typeOf(property, `${name}.${key}`)))
      if (whole) fields.set('apiVersion', field(text)).set('kind', field(text)).set('metadata', field(metadata()))
      Object.defineProperty(object, 'fields', { value: fields, enumerable: true })
      return fields
    },
    ...(schema['x-kubernetes-map-type'] === 'atomic' ? { atomic: true } : {}),
  }
  return object
}

function typeOf(schema: Schema, name: string): TypeSchema {
  if (schema['x-kubernetes-int-or-string']) return { type: 'intOrString' }
  switch (schema.type) {
    case 'object':
      return objectOrMap(schema, name)
    case 'array': {
      const items = itemsOf(schema)
      return { type: 'array', items: items ? typeOf(items, `${name}[]`) : anything, ...listFacts(schema) }
    }
    case 'string':
      return text
    case 'integer':
      return { type: 'integer', bits: schema.format === 'int32' ? 32 : 64 }
    case 'number':
    case 'boolean':
      return { type: schema.type }
    default:
      return anything
  }
}

function objectOrMap(schema: Schema, name: string): TypeSchema {
  if (schema.properties !== undefined || isEmbedded(schema)) return objectOf(schema, name, isEmbedded(schema))
  const values = valuesOf(schema)
  const atomic = schema['x-kubernetes-map-type'] === 'atomic' ? { atomic: true } : {}
  if (values) return { type: 'map', values: typeOf(values, `${name}{}`), ...atomic }
  return keepsUnknown(schema) || schema.additionalProperties === true
    ? { type: 'map', values: anything, ...atomic }
    : objectOf(schema, name, false)
}

function listFacts(schema: Schema): ListFacts {
  const type = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys']
  if (type === 'map') return { listType: type, ...(keys ? { keys } : {}) }
  return type === 'set' || type === 'atomic' ? { listType: type } : {}
}
