/**
 * Remembers the field set of each shape of object. A shape is a path through a tree of names with one step for each field
 * that the object has: objects that one program writes take the same path, and find at its end what the first one made.
 * Whatever the set could show is a step of its own, so two objects on one path have one set.
 */
import type { ObjectSchema, TypeSchema } from './contract.js'
import { type ArraySchema, isAssociative, isPlain, itemElement, type Plain } from './field-element.js'
import type { FieldSet } from './field-set.js'
import type { WrittenPart } from './field-walk.js'

/** A few dozen make an object; what is kept is bounded by what one burst of creates needs. */
const mostSteps = 50_000
let steps = 0
let starts = new WeakMap<WrittenPart, WeakMap<ObjectSchema, Step>>()

class Step {
  set: FieldSet | undefined
  readonly #names = new Map<string, Step>()
  // Into a value with parts and out of it: a name may be any text, so these are no names.
  #inward: Step | undefined
  #outward: Step | undefined

  constructor() {
    steps++
  }

  to(name: string): Step {
    const known = this.#names.get(name)
    if (known) return known
    const next = new Step()
    this.#names.set(name, next)
    return next
  }
  get inward(): Step {
    this.#inward ??= new Step()
    return this.#inward
  }
  get outward(): Step {
    this.#outward ??= new Step()
    return this.#outward
  }
}

/** The set of an object of this shape; `make` is asked once for each shape. */
export function setOfShape(schema: ObjectSchema, object: Readonly<Plain>, part: WrittenPart, make: () => FieldSet): FieldSet {
  if (steps > mostSteps) {
    starts = new WeakMap()
    steps = 0
  }
  const end = pastRoot(startOf(schema, part), schema, object, part)
  end.set ??= make()
  return end.set
}

function startOf(schema: ObjectSchema, part: WrittenPart): Step {
  const known = starts.get(part)?.get(schema)
  if (known) return known
  const ofPart = starts.get(part) ?? new WeakMap<ObjectSchema, Step>()
  const start = new Step()
  starts.set(part, ofPart.set(schema, start))
  return start
}

function pastRoot(start: Step, schema: ObjectSchema, object: Readonly<Plain>, part: WrittenPart): Step {
  let at = start
  for (const name in object) {
    const value = object[name]
    if (name === 'apiVersion' || name === 'kind' || value === undefined || !part.has(name)) continue
    const inner = schema.fields.get(name)?.schema
    at = at.to(name)
    at = name === 'metadata' ? pastMetadata(at, inner, value, part) : pastValue(at, inner, value)
  }
  return at
}

function pastMetadata(start: Step, schema: TypeSchema | undefined, metadata: unknown, part: WrittenPart): Step {
  if (!isPlain(metadata)) return start
  const fields = schema?.type === 'object' ? schema.fields : undefined
  let at = start.inward
  for (const name of part.metadata) {
    const value = metadata[name]
    if (value !== undefined) at = pastValue(at.to(name), fields?.get(name)?.schema, value)
  }
  return at.outward
}

/** What has no parts of its own stays where it is. */
function pastValue(at: Step, schema: TypeSchema | undefined, value: unknown): Step {
  if (typeof value !== 'object' || value === null) return at
  switch (schema?.type) {
    case 'object':
      return schema.atomic || !isPlain(value) ? at : pastFields(at, schema, value)
    case 'either':
      return isPlain(value) ? pastFields(at, schema.object, value) : at
    case 'map':
      return schema.atomic || !isPlain(value) ? at : pastKeys(at, schema.values, value)
    case 'array':
      return isAssociative(schema) && Array.isArray(value) ? pastItems(at, schema, value) : at
    case undefined:
    case 'any':
      return isPlain(value) ? pastKeys(at, undefined, value) : at
    default:
      return at
  }
}

function pastFields(start: Step, schema: ObjectSchema, value: Readonly<Plain>): Step {
  let at = start.inward
  for (const name in value) {
    const child = value[name]
    if (child === undefined) continue
    at = at.to(name)
    if (typeof child === 'object') at = pastValue(at, schema.fields.get(name)?.schema, child)
  }
  return at.outward
}

function pastKeys(start: Step, schema: TypeSchema | undefined, value: Readonly<Plain>): Step {
  let at = start.inward
  for (const name in value) {
    const child = value[name]
    if (child !== undefined) at = pastValue(at.to(name), schema, child)
  }
  return at.outward
}

function pastItems(start: Step, schema: ArraySchema, items: readonly unknown[]): Step {
  let at = start.inward
  for (const item of items) {
    const element = itemElement(schema, item)
    if (element !== undefined) at = pastValue(at.to(element), schema.items, item)
  }
  return at.outward
}
