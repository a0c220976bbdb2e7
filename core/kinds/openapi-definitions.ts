/** Definitions of an OpenAPI document: the schemas of types under Kubernetes' names, with the facts of lists and maps. */
import type { FieldSchema, GroupVersionKind, ObjectSchema, ResourceKind, TypeSchema } from './contract.js'
import { builtinSchema } from './schema.js'
import { tables } from './table/index.js'

export type Json = Record<string, unknown>
/** Definition name → field → text; the field '' is the type itself. */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>

const apimachinery = 'io.k8s.apimachinery.pkg'
const roots: Readonly<Record<string, string>> = {
  meta: `${apimachinery}.apis.meta`,
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
}
export const definitionRef = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })

/** "core.v1.Pod" → "io.k8s.api.core.v1.Pod"; undefined for a type that is not in the field table. */
export function definitionName(schema: ObjectSchema): string | undefined {
  const [pack = '', version = '', name] = schema.name.split('.')
  if (name === undefined || tables[`${pack}/${version}`] === undefined) return undefined
  return `${roots[pack] ?? `io.k8s.api.${pack}`}.${version}.${name}`
}

/** A custom resource is named by its reversed group: "com.example.v1.Widget". */
export function kindDefinitionName(kind: ResourceKind): string {
  return definitionName(kind.schema) ?? `${kind.group.split('.').reverse().join('.')}.${kind.version}.${kind.kind}`
}

const named: Readonly<Partial<Record<TypeSchema['type'], readonly [name: string, definition: Json]>>> = {
  quantity: [`${apimachinery}.api.resource.Quantity`, { oneOf: [{ type: 'string' }, { type: 'number' }] }],
  intOrString: [
    `${apimachinery}.util.intstr.IntOrString`,
    { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  ],
  time: [`${apimachinery}.apis.meta.v1.Time`, { type: 'string', format: 'date-time' }],
  microTime: [`${apimachinery}.apis.meta.v1.MicroTime`, { type: 'string', format: 'date-time' }],
  duration: [`${apimachinery}.apis.meta.v1.Duration`, { type: 'string' }],
}

/** Collects the definitions that a document needs while it is built. */
export class Definitions {
  readonly schemas: Record<string, Json> = {}
  readonly #descriptions: Descriptions

  constructor(descriptions: Descriptions) {
    this.#descriptions = descriptions
  }

  /** The schema of a value, with references to definitions that are added as they are met. */
  typeOf(schema: TypeSchema): Json {
    const known = named[schema.type]
    if (known) return this.#reference(known[0], known[1])
    switch (schema.type) {
      case 'object': {
        const name = definitionName(schema)
        return name === undefined ? this.#object(schema, {}) : this.object(schema, name)
      }
      case 'array':
        return { type: 'array', items: this.typeOf(schema.items), ...listFacts(schema) }
      case 'map':
        return {
          type: 'object',
          additionalProperties: this.typeOf(schema.values),
          ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
        }
      case 'string':
        return { type: 'string', ...(schema.values ? { enum: schema.values } : {}) }
      case 'integer':
        return { type: 'integer', format: `int${schema.bits}` }
      case 'number':
        return { type: 'number', format: 'double' }
      case 'bytes':
        return { type: 'string', format: 'byte' }
      case 'either':
        this.typeOf(schema.object)
        return {}
      case 'any':
        return { 'x-kubernetes-preserve-unknown-fields': true }
      default:
        return { type: schema.type }
    }
  }

  /** A reference to an object's definition, which is added with all that it needs. */
  object(schema: ObjectSchema, name: string, kind?: GroupVersionKind): Json {
    const present = this.schemas[name]
    if (!present) {
      const made: Json = {}
      this.schemas[name] = made
      Object.assign(made, this.#object(schema, this.#descriptions[name] ?? {}))
    }
    const { group, version, kind: word } = kind ?? {}
    if (kind) Object.assign(this.schemas[name] ?? {}, { 'x-kubernetes-group-version-kind': [{ group, kind: word, version }] })
    return definitionRef(name)
  }

  /** A definition that is given ready. */
  add(name: string, definition: Json): Json {
    this.schemas[name] = definition
    return definitionRef(name)
  }

  #reference(name: string, definition: Json): Json {
    const description = this.#descriptions[name]?.['']
    this.schemas[name] ??= { ...(description ? { description } : {}), ...definition }
    return definitionRef(name)
  }

  #object(schema: ObjectSchema, texts: Readonly<Record<string, string>>): Json {
    const properties: Record<string, Json> = {}
    const required: string[] = []
    for (const [name, field] of schema.fields) {
      properties[name] = this.#field(field, texts[name])
      if (field.required) required.push(name)
    }
    return {
      ...(texts[''] ? { description: texts[''] } : {}),
      type: 'object',
      ...(schema.fields.size === 0 ? {} : { properties }),
      ...(required.length === 0 ? {} : { required }),
      ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    }
  }

  #field(field: FieldSchema, description: string | undefined): Json {
    const type = this.typeOf(field.schema)
    const facts: Json = {
      ...(description ? { description } : {}),
      ...(field.default === undefined ? {} : { default: field.default }),
      ...(field.retainKeys ? { 'x-kubernetes-patch-strategy': 'retainKeys' } : {}),
      ...(isGranular(field.schema) ? { 'x-kubernetes-map-type': 'granular' } : {}),
    }
    // Beside $ref nothing else may stand.
    if (type.$ref !== undefined && Object.keys(facts).length > 0) return { allOf: [type], ...facts }
    return { ...facts, ...type }
  }
}

/** Merged by field here, although its type is atomic elsewhere. */
function isGranular(schema: TypeSchema): boolean {
  if (schema.type !== 'object' || schema.atomic || definitionName(schema) === undefined) return false
  const [pack = '', version = '', name = ''] = schema.name.split('.')
  return builtinSchema(`${pack}/${version}`, name).atomic === true
}

function listFacts(schema: TypeSchema & { type: 'array' }): Json {
  return {
    ...(schema.listType ? { 'x-kubernetes-list-type': schema.listType } : {}),
    ...(schema.keys ? { 'x-kubernetes-list-map-keys': schema.keys } : {}),
    ...(schema.patch ? { 'x-kubernetes-patch-strategy': schema.patch } : {}),
    ...(schema.mergeKey ? { 'x-kubernetes-patch-merge-key': schema.mergeKey } : {}),
  }
}
