/**
 * Decoding a custom resource: metadata by its own types, as for any kind, and the rest pruned by the schema. Types are
 * not looked at here: what is of a wrong type is invalid (422), not unreadable (400).
 */
import type { Decoded, DecodeOptions, FieldSchema, KubeObject, ObjectSchema, ResourceKind } from '../contract.js'
import { decodeByTypes } from '../decode.js'
import { builtinSchema } from '../schema.js'
import {
  below,
  copyJson,
  isEmbedded,
  isJson,
  itemsOf,
  type Json,
  keepsUnknown,
  propertyOf,
  put,
  type Schema,
  takesAnyKey,
  typeMeta,
  valuesOf,
} from './schema.js'

type Named = Pick<ResourceKind, 'apiVersion' | 'kind'>

const text: FieldSchema = { schema: { type: 'string' }, required: false, number: 0 }

/** What all objects have in common. */
const shell: ObjectSchema = {
  type: 'object',
  name: 'custom.v1.Object',
  get fields() {
    const metadata = { schema: builtinSchema('meta/v1', 'ObjectMeta'), required: false, number: 0 }
    return new Map<string, FieldSchema>([
      ['apiVersion', text],
      ['kind', text],
      ['metadata', metadata],
    ])
  },
}

interface State {
  readonly strict: string[] | undefined
  readonly errors: Decoded['errors'][number][]
}

export function decodeCustom(kind: Named, schema: Schema, input: unknown, options: DecodeOptions): Decoded {
  const source = isJson(input) ? input : {}
  const { apiVersion, kind: word, metadata } = source
  const head = decodeByTypes({ ...kind, schema: shell }, { apiVersion, kind: word, metadata }, options)
  const strict = [...head.strict]
  const state: State = { strict: options.unknownFields === 'report' ? strict : undefined, errors: [...head.errors] }
  const object = head.object as KubeObject
  pruneFields(schema, source, object, '', state, typeMeta)
  return { object, errors: state.errors, strict }
}

/** A fresh copy without what the schema does not know. */
function pruned(schema: Schema | undefined, value: unknown, path: string, state: State): unknown {
  if (schema === undefined || typeof value !== 'object' || value === null) return copyJson(value)
  if (Array.isArray(value)) {
    const items = itemsOf(schema)
    return value.map((element, index) => pruned(items, element, `${path}[${index}]`, state))
  }
  const out: Json = {}
  if (isEmbedded(schema)) embeddedHead(value as Json, out, path, state)
  pruneFields(schema, value as Json, out, path, state, isEmbedded(schema) ? typeMeta : undefined)
  return out
}

/** `done`: fields that were taken over already. */
function pruneFields(schema: Schema, value: Json, out: Json, path: string, state: State, done?: ReadonlySet<string>): void {
  const values = valuesOf(schema)
  const keepsAll = keepsUnknown(schema) || takesAnyKey(schema)
  for (const key of Object.keys(value)) {
    if (done?.has(key)) continue
    const field = propertyOf(schema, key) ?? values
    if (field !== undefined || keepsAll) put(out, key, pruned(field, value[key], below(path, key), state))
    else state.strict?.push(`unknown field ${JSON.stringify(below(path, key))}`)
  }
}

/** An object within the object: its metadata has the fields of any metadata, and no others. */
function embeddedHead(value: Json, out: Json, path: string, state: State): void {
  if (value.apiVersion !== undefined) out.apiVersion = copyJson(value.apiVersion)
  if (value.kind !== undefined) out.kind = copyJson(value.kind)
  if (value.metadata === undefined || value.metadata === null) return
  const unknownFields = state.strict ? 'report' : 'drop'
  const head = decodeByTypes({ apiVersion: '', kind: '', schema: shell }, { metadata: value.metadata }, { unknownFields })
  out.metadata = head.object.metadata
  for (const finding of head.strict) state.strict?.push(finding.replace('"', `"${path}.`))
  for (const error of head.errors) state.errors.push({ ...error, field: below(path, error.field) })
}
