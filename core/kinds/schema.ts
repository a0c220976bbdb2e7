/** Schemas from the field table. A type is built when its `fields` are first read, so that a recursive type is one object. */
import type { FieldSchema, ListFacts, ObjectSchema, TypeSchema } from './contract.js'
import { type FieldRow, type TypeRow, typeRow } from './table/parse.js'

const objects = new Map<string, ObjectSchema>()

/** The schema of a type of the table: `builtinSchema('core/v1', 'PodSpec')`. The same object for the same type, always. */
export function builtinSchema(pack: string, name: string): ObjectSchema {
  const key = `${pack}.${name}`
  const known = objects.get(key)
  if (known) return known
  const row = typeRow(pack, name)
  const made: ObjectSchema = {
    type: 'object',
    name: key.replace('/', '.'),
    get fields() {
      const fields = fieldsOf(row, [])
      Object.defineProperty(made, 'fields', { value: fields, enumerable: true })
      return fields
    },
    ...(row.atomic ? { atomic: true } : {}),
  }
  objects.set(key, made)
  return made
}

const text: TypeSchema = { type: 'string' }
const typeMeta: FieldSchema = { schema: text, required: false, number: 0 }

function fieldsOf(row: TypeRow, nested: readonly number[]): ReadonlyMap<string, FieldSchema> {
  const fields = new Map<string, FieldSchema>()
  for (const line of row.rows) {
    if (!('inline' in line)) fields.set(line.name, fieldSchema(row, line, nested))
    else if (line.inline === 'TypeMeta') fields.set('apiVersion', typeMeta).set('kind', typeMeta)
    else {
      const inner = fieldsOf(typeRow(row.pack, line.inline), [...nested, line.number])
      for (const [name, field] of inner) fields.set(name, field)
    }
  }
  const spec = fields.get('spec')
  if (spec && fields.has('metadata') && fields.has('kind')) fields.set('spec', { ...spec, always: true })
  return fields
}

function fieldSchema(row: TypeRow, field: FieldRow, nested: readonly number[]): FieldSchema {
  return {
    schema: granular(field, typeSchema(row.pack, field.type, field)),
    required: field.required,
    number: field.number,
    ...(nested.length === 0 ? {} : { nested }),
    ...(field.marks.includes('retainKeys') ? { retainKeys: true } : {}),
    ...(field.marks.includes('?') || isOptionalGroup(field) ? { omitZero: true } : {}),
    ...(field.default === undefined ? {} : { default: field.default }),
  }
}

/** An optional list or map that is empty is absent: clients leave it out as often as they write it. */
function isOptionalGroup({ type, required }: FieldRow): boolean {
  return !required && /^[[{]/.test(type)
}

/** A field may be merged by its parts though its type is atomic elsewhere. */
function granular(field: FieldRow, schema: TypeSchema): TypeSchema {
  if (!field.marks.includes('granular') || schema.type !== 'object') return schema
  return { type: 'object', name: schema.name, fields: schema.fields }
}

const scalars: Readonly<Record<string, TypeSchema>> = {
  string: text,
  bool: { type: 'boolean' },
  int32: { type: 'integer', bits: 32 },
  int64: { type: 'integer', bits: 64 },
  double: { type: 'number' },
  bytes: { type: 'bytes' },
  time: { type: 'time' },
  microTime: { type: 'microTime' },
  duration: { type: 'duration' },
  quantity: { type: 'quantity' },
  intOrString: { type: 'intOrString' },
  any: { type: 'any' },
}

/** `field` is given for the outermost type only: its marks and values belong to the list or the scalar itself. */
function typeSchema(pack: string, type: string, field?: FieldRow): TypeSchema {
  if (type.startsWith('[')) {
    const items = typeSchema(pack, type.slice(1, -1))
    return { type: 'array', items: field?.values ? { type: 'string', values: field.values } : items, ...listFacts(field) }
  }
  if (type.startsWith('{')) {
    const values = typeSchema(pack, type.slice(1, -1))
    return { type: 'map', values, ...(field?.marks.includes('atomic') ? { atomic: true } : {}) }
  }
  const scalar = scalars[type]
  if (scalar) return scalar === text && field?.values ? { type: 'string', values: field.values } : scalar
  const foreign = /^(\w+\/\w+)\.(\w+)$/.exec(type)
  if (foreign) return builtinSchema(foreign[1] ?? '', foreign[2] ?? '')
  const [object = '', other] = type.split('/')
  return other === undefined
    ? builtinSchema(pack, object)
    : { type: 'either', object: builtinSchema(pack, object), other: typeSchema(pack, other) }
}

function listFacts(field: FieldRow | undefined): ListFacts {
  let facts: ListFacts = {}
  for (const mark of field?.marks ?? []) {
    const [, word = '', inside] = /^([\w+]+)(?:\((.*)\))?$/.exec(mark) ?? []
    if (word === 'map') facts = { ...facts, listType: 'map', keys: (inside ?? '').split(',') }
    else if (word === 'set' || word === 'atomic') facts = { ...facts, listType: word }
    else if (word === 'merge' || word === 'merge+retain') {
      facts = { ...facts, patch: word === 'merge' ? 'merge' : 'merge,retainKeys', ...(inside ? { mergeKey: inside } : {}) }
    }
  }
  return facts
}
