/** What a list, a watch or a deletecollection selects. */
import { ApiError } from '../client/contract.js'
import { type FieldSelector, type KubeObject, type Parsed, parseFieldSelector, parseLabelSelector } from '../kinds/contract.js'
import type { Scope } from '../watch/contract.js'
import type { ApiRequest } from './contract.js'
import type { Resource } from './resource.js'

/** Selectors that match everything are left out. */
export function scopeOf(resource: Resource, request: ApiRequest): Scope {
  const labels = parsed(parseLabelSelector(request.query.labelSelector ?? ''))
  const fields = ofStored(resource, parsed(parseFieldSelector(resource.kind, namedField(request))))
  return {
    ...(request.namespace === '' ? {} : { namespace: request.namespace }),
    ...(labels.everything ? {} : { labels }),
    ...(fields.everything ? {} : { fields }),
  }
}

/** A collection request that names an object selects it: how a watch of one object is written. */
function namedField(request: ApiRequest): string {
  const text = request.query.fieldSelector ?? ''
  if (request.name === '') return text
  const name = `metadata.name=${request.name}`
  return text === '' ? name : `${text},${name}`
}

/** The cache holds stored objects; a view's selector names the fields of its own version. */
function ofStored(resource: Resource, selector: FieldSelector): FieldSelector {
  const { view } = resource
  if (!view) return selector
  const { everything, name } = selector
  const matches = (object: KubeObject): boolean => selector.matches(view.served(object))
  // Watches share by text: the same words mean other fields here than in the stored version.
  const text = `${resource.kind.apiVersion} ${selector.text}`
  return { everything, text, matches, ...(name === undefined ? {} : { name }) }
}

function parsed<T>(result: Parsed<T>): T {
  if (result.error !== undefined) throw ApiError.badRequest(result.error)
  return result.value
}
