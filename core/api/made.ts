/** GET of what is not stored: a plugin makes the objects when somebody asks for them. */
import { ApiError } from '../client/contract.js'
import type { KubeObject, ObjectSource } from '../kinds/contract.js'
import type { CachedObject } from '../watch/contract.js'
import type { ApiRequest, ApiResult } from './contract.js'
import type { Resource } from './resource.js'
import { scopeOf } from './scope.js'

export async function made(source: ObjectSource, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  if (request.verb === 'get') {
    const object = await source.get(request.namespace, request.name, request.signal)
    if (!object) throw ApiError.notFound(resource.kind, request.name)
    return { type: 'object', code: 200, object, warnings: [] }
  }
  const { namespace, labels, fields } = scopeOf(resource, request)
  const selection = { ...(namespace === undefined ? {} : { namespace }), ...(labels && { labels }), ...(fields && { fields }) }
  const objects = await source.list(selection, request.signal)
  const isSelected = (object: KubeObject): boolean =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (labels?.matches(object.metadata.labels) ?? true) &&
    (fields?.matches(object) ?? true)
  const items = objects.filter(isSelected).map((object) => new MadeItem(resource, object))
  // Objects of no revision: the list has none either.
  return { type: 'list', kind: resource.kind, items: items.sort(byKey), resourceVersion: '' }
}

const byKey = (a: CachedObject, b: CachedObject): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

class MadeItem implements CachedObject {
  readonly key: string
  readonly namespace: string
  readonly name: string
  readonly revision = 0
  readonly created = 0
  readonly object: KubeObject
  #bytes: Buffer | undefined

  constructor(resource: Resource, object: KubeObject) {
    const { namespace = '', name } = object.metadata
    this.key = resource.key(namespace, name)
    this.namespace = namespace
    this.name = name
    this.object = Object.freeze(object)
  }

  get bytes(): Buffer {
    this.#bytes ??= Buffer.from(JSON.stringify(this.object), 'utf8')
    return this.#bytes
  }
}
