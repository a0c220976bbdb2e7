/** Objects within custom resources (`x-kubernetes-embedded-resource`): they say what they are, and have sound metadata. */
import type { FieldError, KubeObject } from '../contract.js'
import { required } from '../field-error.js'
import { checkAnnotations, checkLabels } from '../metadata.js'
import { below, isEmbedded, isJson, itemsOf, propertyOf, type Schema, valuesOf } from './schema.js'

export function checkEmbedded(errors: FieldError[], schema: Schema, value: unknown, path: string): void {
  if (!reaches(schema)) return
  if (Array.isArray(value)) {
    const items = itemsOf(schema)
    if (!items) return
    for (const [index, element] of value.entries()) checkEmbedded(errors, items, element, `${path}[${index}]`)
  } else if (isJson(value)) {
    if (isEmbedded(schema)) checkHead(errors, value as KubeObject, path)
    const values = valuesOf(schema)
    for (const key of Object.keys(value)) {
      const field = propertyOf(schema, key) ?? values
      if (field) checkEmbedded(errors, field, value[key], below(path, key))
    }
  }
}

function checkHead(errors: FieldError[], { apiVersion, kind, metadata }: KubeObject, path: string): void {
  if (!apiVersion) errors.push(required(below(path, 'apiVersion'), 'must not be empty'))
  if (!kind) errors.push(required(below(path, 'kind'), 'must not be empty'))
  checkLabels(errors, below(path, 'metadata.labels'), metadata?.labels)
  checkAnnotations(errors, below(path, 'metadata.annotations'), metadata?.annotations)
}

const reaching = new WeakMap<Schema, boolean>()

function reaches(schema: Schema): boolean {
  const known = reaching.get(schema)
  if (known !== undefined) return known
  const children = [itemsOf(schema), valuesOf(schema), ...Object.values(schema.properties ?? {})]
  const found = isEmbedded(schema) || children.some((child) => child !== undefined && reaches(child))
  reaching.set(schema, found)
  return found
}
