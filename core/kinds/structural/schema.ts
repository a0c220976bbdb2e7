/**
 * Structural schemas: JSON schemas that say the type of each field once, so that values can be pruned, defaulted and
 * merged by them. What they are is checked in `check.ts`; here is what every walk over a value asks of them.
 */
import type { JSONSchemaProps } from '../types.js'

export type Schema = Readonly<JSONSchemaProps>
export type Json = Record<string, unknown>

export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What stands in every object with metadata, whatever the schema says. */
export const typeMeta: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata'])

export const isEmbedded = (schema: Schema): boolean => schema['x-kubernetes-embedded-resource'] === true
export const keepsUnknown = (schema: Schema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true

export function itemsOf(schema: Schema): Schema | undefined {
  const { items } = schema
  return items === undefined || Array.isArray(items) ? undefined : items
}

export function propertyOf(schema: Schema, name: string): Schema | undefined {
  const { properties } = schema
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
}

/** The schema of the values of a map; undefined where there is none. */
export function valuesOf(schema: Schema): Schema | undefined {
  return isJson(schema.additionalProperties) ? schema.additionalProperties : undefined
}

/** `true` where the schema lets any key in without a word on its value. */
export const takesAnyKey = (schema: Schema): boolean => schema.additionalProperties === true

/** The types that a value may be of; empty: any. */
export function typesOf(schema: Schema): readonly string[] {
  if (schema['x-kubernetes-int-or-string']) return ['integer', 'string']
  return schema.type ? [schema.type] : []
}

/** "spec.containers[0].image", as Kubernetes writes it. */
export const below = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

/** A key named `__proto__` is data like any other, not the object's prototype. */
export function put(out: Json, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(out, key, { value, enumerable: true, writable: true, configurable: true })
  else out[key] = value
}

/** A deep copy that nobody shares, unfrozen. */
export function copyJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyJson)
  const out: Json = {}
  for (const key of Object.keys(value)) put(out, key, copyJson((value as Json)[key]))
  return out
}
