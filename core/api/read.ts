/** GET of one object and of a collection. */
import { ApiError } from '../client/contract.js'
import { type FieldError, forbidden } from '../kinds/contract.js'
import type { CachedObject, Scope } from '../watch/contract.js'
import type { ApiRequest, ApiResult } from './contract.js'
import { notOlderThan, refresh } from './fresh.js'
import { integerOption, invalidOptions, parseVersion, unsupported } from './options.js'
import { decodeToken, encodeToken, type Page, type PageRequest, pageFromCache, pageFromStore } from './pages.js'
import type { Resource } from './resource.js'
import { scopeOf } from './scope.js'
import type { ApiServices } from './services.js'

/** The newest state, or for a given resourceVersion one that is not older. */
export async function get(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const item = await readItem(services, resource, request)
  return { type: 'object', code: 200, object: item.object, item, warnings: [] }
}

/** 404 where it is not there. In the version of the request. */
export async function readItem(services: ApiServices, resource: Resource, request: ApiRequest): Promise<CachedObject> {
  const version = parseVersion(request.query.resourceVersion)
  if (version === undefined) await refresh(services, resource, request.signal)
  else await notOlderThan(services, resource, version, request.signal)
  const item = resource.cache.get(request.namespace, request.name)
  if (!item) throw ApiError.notFound(resource.kind, request.name)
  if (resource.prepare) await resource.prepare([item])
  return resource.show(item)
}

export async function list(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  checkListOptions(request)
  const scope = scopeOf(resource, request)
  const limit = Math.max(0, integerOption(request, 'limit') ?? 0)
  const page = request.query.continue
    ? await nextPage(services, resource, request, scope, limit, request.query.continue)
    : await firstPage(services, resource, request, scope, limit)
  if (resource.prepare) await resource.prepare(page.items)
  return {
    type: 'list',
    kind: resource.kind,
    items: resource.view ? page.items.map(resource.show) : page.items,
    resourceVersion: String(page.revision),
    ...(page.next ? { continue: encodeToken(page.next) } : {}),
    ...(page.next && page.remaining !== undefined ? { remainingItemCount: page.remaining } : {}),
  }
}

async function firstPage(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  scope: Scope,
  limit: number,
): Promise<Page> {
  const version = parseVersion(request.query.resourceVersion)
  const match = request.query.resourceVersionMatch ?? ''
  const exact = match === 'Exact' || (match === '' && version !== undefined && version > 0 && limit > 0)
  if (version !== undefined && exact) {
    const current = await services.store.current()
    if (version > current) throw ApiError.tooNew(version, current)
    return pageFromStore(services, resource, { scope, revision: version, after: '', limit })
  }
  if (version === undefined) await refresh(services, resource, request.signal)
  else await notOlderThan(services, resource, version, request.signal)
  return present(resource, { scope, revision: 0, after: '', limit })
}

async function nextPage(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  scope: Scope,
  limit: number,
  text: string,
): Promise<Page> {
  const version = request.query.resourceVersion ?? ''
  if (version !== '' && version !== '0') {
    throw ApiError.badRequest('specifying resource version is not allowed when using continue')
  }
  const token = decodeToken(text)
  if (scope.namespace !== undefined && !token.after.startsWith(`${scope.namespace}/`)) {
    throw ApiError.badRequest('continue key is not valid: it belongs to another list')
  }
  const page: PageRequest = { scope, revision: token.revision, after: token.after, limit }
  await refresh(services, resource, request.signal)
  if (token.revision === 0) return present(resource, page)
  if (token.revision > resource.cache.revision) throw ApiError.badRequest('continue key is not valid')
  return pageFromCache(resource, page, token.size) ?? pageFromStore(services, resource, page)
}

/** The cache's own state, from `after` on. */
function present(resource: Resource, page: PageRequest): Page {
  const { namespace, labels, fields } = page.scope
  const [afterNamespace = '', afterName = ''] = page.after.split('/')
  const found = resource.cache.list({
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels ? { labels } : {}),
    ...(fields ? { fields } : {}),
    ...(page.limit > 0 ? { limit: page.limit } : {}),
    ...(page.after === '' ? {} : { startAfter: resource.key(afterNamespace, afterName) }),
  })
  const last = found.items.at(-1)
  if (!found.more || !last) return { items: found.items, revision: found.revision }
  const size = namespace === undefined ? resource.cache.size : resource.cache.list({ namespace }).items.length
  return {
    items: found.items,
    revision: found.revision,
    next: { revision: found.revision, after: `${last.namespace}/${last.name}`, size },
    ...(found.remaining === undefined || labels || fields ? {} : { remaining: found.remaining }),
  }
}

function checkListOptions(request: ApiRequest): void {
  const { resourceVersionMatch: match = '', resourceVersion = '', continue: token = '' } = request.query
  const errors: FieldError[] = []
  const forbid = (text: string): void => {
    errors.push(forbidden('resourceVersionMatch', text))
  }
  if (match !== '') {
    if (resourceVersion === '') forbid('resourceVersionMatch is forbidden unless resourceVersion is provided')
    if (token !== '') forbid('resourceVersionMatch is forbidden when continue is provided')
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(unsupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']))
    }
    if (match === 'Exact' && resourceVersion === '0') {
      forbid('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    }
  }
  if (request.query.sendInitialEvents) {
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  }
  if (errors.length > 0) throw invalidOptions('ListOptions', errors)
}
