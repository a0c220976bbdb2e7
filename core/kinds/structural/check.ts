/** What a schema must be to be structural, and what its extensions may be combined with: the checks of a definition. */
import type { FieldError } from '../contract.js'
import { equalJson } from '../equal.js'
import { forbidden, invalid, notSupported, required } from '../field-error.js'
import { checkDefault } from './check-default.js'
import { checkExtensions } from './check-extensions.js'
import { patternOf } from './pattern.js'
import { isEmbedded, isJson, itemsOf, keepsUnknown, type Schema, valuesOf } from './schema.js'

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']
type Level = 'root' | 'item' | 'field'

/** All findings in a schema of a version. `path`: "spec.versions[0].schema.openAPIV3Schema". */
export function checkStructural(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = []
  checkConstructs(errors, schema, path)
  // What is said below takes the constructs for granted.
  if (errors.length === 0) checkNode(errors, schema, 'root', path)
  if (errors.length === 0) checkDefaults(errors, schema, path)
  return errors
}

const unsupported = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const

/** What JSON schemas may say and these may not, at any depth. */
function checkConstructs(errors: FieldError[], schema: Schema, path: string): void {
  for (const word of unsupported) {
    if (schema[word] !== undefined) errors.push(forbidden(`${path}.${word}`, `${word} is not supported`))
  }
  if (schema.type === 'null') errors.push(forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'))
  else if (schema.type && !types.includes(schema.type)) errors.push(notSupported(`${path}.type`, schema.type, types))
  if (Array.isArray(schema.items)) errors.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'))
  if (schema.uniqueItems === true) {
    const detail = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    errors.push(forbidden(`${path}.uniqueItems`, detail))
  }
  const { additionalProperties, properties } = schema
  if (additionalProperties !== undefined && additionalProperties !== true && Object.keys(properties ?? {}).length > 0) {
    const detail = 'additionalProperties and properties are mutual exclusive'
    errors.push(forbidden(`${path}.additionalProperties`, detail))
  }
  if (additionalProperties === false)
    errors.push(forbidden(`${path}.additionalProperties`, 'additionalProperties cannot be set to false'))
  checkExtensions(errors, schema, path)
  for (const [child, at] of childrenOf(schema, path)) checkConstructs(errors, child, at)
}

/** Every schema within a schema, with its path. */
function childrenOf(schema: Schema, path: string): (readonly [Schema, string])[] {
  const lists = (['allOf', 'anyOf', 'oneOf'] as const).flatMap((word) =>
    (schema[word] ?? []).map((one, index) => [one, `${path}.${word}[${index}]`] as const),
  )
  const properties = Object.entries(schema.properties ?? {}).map(([name, one]) => [one, `${path}.properties[${name}]`] as const)
  const single: (readonly [Schema | undefined, string])[] = [
    [schema.not, `${path}.not`],
    [itemsOf(schema), `${path}.items`],
    [valuesOf(schema), `${path}.additionalProperties`],
  ]
  const present = single.filter((pair): pair is readonly [Schema, string] => pair[0] !== undefined)
  return [...properties, ...present, ...lists]
}

/** A schema outside of value validations: it must say what its value is. */
function checkNode(errors: FieldError[], schema: Schema, level: Level, path: string): void {
  const items = itemsOf(schema)
  const values = valuesOf(schema)
  if (schema.type === 'array' && items === undefined) errors.push(required(`${path}.items`, 'must be specified'))
  if (level === 'root' && schema.additionalProperties !== undefined) {
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'))
  }
  checkKind(errors, schema, level, path)
  if (level === 'root' || isEmbedded(schema)) checkTypeMeta(errors, schema, level, path)
  if (items) checkNode(errors, items, 'item', `${path}.items`)
  if (values) checkNode(errors, values, 'field', `${path}.additionalProperties`)
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    checkNode(errors, property, 'field', `${path}.properties[${name}]`)
  }
  checkValues(errors, schema, schema, path)
}

const missingType: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

function checkKind(errors: FieldError[], schema: Schema, level: Level, path: string): void {
  const intOrString = schema['x-kubernetes-int-or-string'] === true
  if (isEmbedded(schema) && schema.type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true'
    errors.push(schema.type ? invalid(`${path}.type`, schema.type, detail) : required(`${path}.type`, detail))
  } else if (!schema.type && !intOrString && !keepsUnknown(schema)) {
    errors.push(required(`${path}.type`, missingType[level]))
  }
  if (level === 'root' && schema.type && schema.type !== 'object') {
    errors.push(invalid(`${path}.type`, schema.type, 'must be object at the root'))
  }
  if (isEmbedded(schema) && schema.additionalProperties !== undefined) {
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'))
  }
  if (isEmbedded(schema) && !keepsUnknown(schema) && Object.keys(schema.properties ?? {}).length === 0) {
    const detail = 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
    errors.push(required(`${path}.properties`, detail))
  }
  if (!intOrString) return
  for (const word of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const) {
    if (schema[word]) errors.push(invalid(`${path}.${word}`, true, 'must be false if x-kubernetes-int-or-string is true'))
  }
}

/** `apiVersion`, `kind` and `metadata` are what they are in every object. */
function checkTypeMeta(errors: FieldError[], { properties = {} }: Schema, level: Level, path: string): void {
  for (const word of ['kind', 'apiVersion']) {
    const found = properties[word]
    if (found && found.type !== 'string')
      errors.push(invalid(`${path}.properties[${word}].type`, found.type ?? '', 'must be string'))
  }
  const { metadata } = properties
  if (!metadata) return
  const at = `${path}.properties[metadata]`
  if (metadata.type !== 'object') errors.push(invalid(`${at}.type`, metadata.type ?? '', 'must be object'))
  if (level !== 'root') return
  const { type: _type, description: _description, properties: named = {}, ...more } = metadata
  const others = Object.keys(named).filter((name) => name !== 'name' && name !== 'generateName')
  if (others.length > 0 || Object.keys(more).length > 0) {
    errors.push(forbidden(at, 'must not specify anything other than name and generateName, but metadata is implicitly specified'))
  }
}

const intOrString = [{ type: 'integer' }, { type: 'string' }]

/** `structure` says what the value is; `schema` is a value validation of it, or itself. */
function checkValues(errors: FieldError[], schema: Schema, structure: Schema, path: string): void {
  if (schema.pattern) {
    const compiled = patternOf(schema.pattern)
    const detail = `must be a valid regular expression, but isn't: ${compiled}`
    if (typeof compiled === 'string') errors.push(invalid(`${path}.pattern`, schema.pattern, detail))
  }
  const isIntOrString = structure['x-kubernetes-int-or-string'] === true
  const plain = (one: Schema): boolean => isIntOrString && equalJson(one.anyOf, intOrString)
  if (!plain(schema)) {
    for (const [index, one] of (schema.anyOf ?? []).entries()) checkNested(errors, one, structure, `${path}.anyOf[${index}]`)
  }
  for (const [index, one] of (schema.allOf ?? []).entries()) {
    // The first may say once more what an int-or-string is.
    const { anyOf: _anyOf, ...rest } = one
    checkNested(errors, index === 0 && plain(one) ? rest : one, structure, `${path}.allOf[${index}]`)
  }
  for (const [index, one] of (schema.oneOf ?? []).entries()) checkNested(errors, one, structure, `${path}.oneOf[${index}]`)
  if (schema.not) checkNested(errors, schema.not, structure, `${path}.not`)
}

const notNested: readonly (readonly [keyof Schema, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['externalDocs', 'must be undefined to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
]

/** Under a logical junctor: only conditions, and only on what the structure has. */
function checkNested(errors: FieldError[], schema: Schema, structure: Schema, path: string): void {
  for (const [word, detail] of notNested) if (schema[word] !== undefined) errors.push(forbidden(`${path}.${word}`, detail))
  checkValues(errors, schema, structure, path)
  const items = itemsOf(schema)
  if (items) {
    const known = itemsOf(structure)
    if (known) checkNested(errors, items, known, `${path}.items`)
    else errors.push(required(structurePath(path, 'items'), `because it is defined in ${path}.items`))
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = `${path}.properties[${name}]`
    if (name === 'metadata') errors.push(forbidden(at, 'must not be specified in a nested context'))
    const known = structure.properties?.[name]
    if (known) checkNested(errors, property, known, at)
    else if (!isEmbedded(structure) && name !== 'metadata') {
      errors.push(required(structurePath(path, `properties[${name}]`), `because it is defined in ${at}`))
    }
  }
}

/** Where in the structure stands what a value validation at `path` speaks of. */
function structurePath(path: string, part: string): string {
  return `${path.replace(/\.(?:allOf|anyOf|oneOf)\[\d+\]|\.not(?=\.|$)/g, '')}.${part}`
}

function checkDefaults(errors: FieldError[], schema: Schema, path: string, inMetadata = false): void {
  if (schema.default !== undefined) checkDefault(errors, schema, path, inMetadata)
  const items = itemsOf(schema)
  const values = valuesOf(schema)
  if (items) checkDefaults(errors, items, `${path}.items`, inMetadata)
  if (values) checkDefaults(errors, values, `${path}.additionalProperties`, inMetadata)
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (isJson(property))
      checkDefaults(
        errors,
        property,
        `${path}.properties[${name}]`,
        inMetadata || (name === 'metadata' && path.endsWith('openAPIV3Schema')),
      )
  }
}
