/** DELETE of a collection: each selected object by the same rules as one. */
import { ApiError, isNotFound } from '../client/contract.js'
import type { CachedObject } from '../watch/contract.js'
import type { ApiRequest, ApiResult } from './contract.js'
import { deleteByName } from './delete.js'
import { deleteOptions } from './delete-options.js'
import { refresh } from './fresh.js'
import type { Resource } from './resource.js'
import { scopeOf } from './scope.js'
import type { ApiServices } from './services.js'

/** So many deletes are on their way at once. */
const workers = 16

export async function deleteCollection(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const options = deleteOptions(request)
  if (options.uid !== undefined || options.resourceVersion !== undefined) {
    throw ApiError.badRequest('preconditions are not allowed for the deletion of a collection')
  }
  const scope = scopeOf(resource, request)
  await refresh(services, resource, request.signal)
  const { items, revision } = resource.cache.list(scope)
  if (resource.prepare) await resource.prepare(items)
  const deleted: CachedObject[] = new Array(items.length)
  let next = 0
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      const item = items[index]
      if (!item) return
      deleted[index] = (await deleteItem(services, resource, request, item, options)) ?? resource.show(item)
    }
  }
  await Promise.all(Array.from({ length: Math.min(workers, items.length) }, work))
  return { type: 'list', kind: resource.kind, items: deleted, resourceVersion: String(revision) }
}

/** Undefined where somebody else deleted it first. The uid keeps a new object of the same name from harm. */
async function deleteItem(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  item: CachedObject,
  options: ReturnType<typeof deleteOptions>,
): Promise<CachedObject | undefined> {
  const { uid } = item.object.metadata
  const one = { ...request, name: item.name, namespace: item.namespace }
  try {
    return (await deleteByName(services, resource, one, uid === undefined ? options : { ...options, uid })).item
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
