/**
 * Pages of a list. A continue token holds the revision of the first page and the key after which the next one begins,
 * besides how many objects the list had, which lets the cache answer as long as nothing has changed.
 */
import { ApiError } from '../client/contract.js'
import { DavitError } from '../kernel/contract.js'
import type { Key, Revision } from '../store/contract.js'
import { prefixEnd } from '../store/contract.js'
import { type CachedObject, codec, type Scope } from '../watch/contract.js'
import { segmentProblem } from './names.js'
import type { Resource } from './resource.js'
import type { ApiServices } from './services.js'
import { isTree } from './tree.js'
import { storeFailure } from './writes.js'

export interface Token {
  /** 0: goes on at the newest state. */
  readonly revision: Revision
  /** "namespace/name" of the last object of the page before. */
  readonly after: string
  /** Objects of the whole list at `revision`, without selectors. */
  readonly size: number
}

export interface Page {
  readonly items: readonly CachedObject[]
  readonly revision: Revision
  readonly next?: Token
  /** Only without selectors. */
  readonly remaining?: number
}

export interface PageRequest {
  readonly scope: Scope
  readonly revision: Revision
  /** "namespace/name", '' for the first page. */
  readonly after: string
  readonly limit: number
}

/** How many entries of the store are read at once while a selector is looking for matches. */
const chunk = 1000

export function encodeToken(token: Token): string {
  return Buffer.from(JSON.stringify({ v: 1, rv: token.revision, after: token.after, size: token.size })).toString('base64url')
}

export function decodeToken(text: string): Token {
  const broken = ApiError.badRequest('continue key is not valid')
  let token: unknown
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    throw broken
  }
  if (!isTree(token) || token.v !== 1 || typeof token.after !== 'string') throw broken
  const { rv, after, size } = token
  const [namespace = '', name = '', ...rest] = after.split('/')
  if (rest.length > 0 || segmentProblem(name) !== undefined) throw broken
  if (namespace !== '' && segmentProblem(namespace) !== undefined) throw broken
  if (!isCount(rv) || !isCount(size)) throw broken
  return { revision: rv, after, size }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** The next page out of the cache, where what the token saw is still the present state. */
export function pageFromCache(resource: Resource, page: PageRequest, size: number): Page | undefined {
  const { cache } = resource
  const { namespace, labels, fields } = page.scope
  const all = cache.list(namespace === undefined ? {} : { namespace })
  if (all.items.length !== size || cache.revision < page.revision) return undefined
  for (const item of all.items) if (item.revision > page.revision) return undefined
  const [afterNamespace = '', afterName = ''] = page.after.split('/')
  const list = cache.list({
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels ? { labels } : {}),
    ...(fields ? { fields } : {}),
    limit: page.limit,
    startAfter: resource.key(afterNamespace, afterName),
  })
  return {
    items: list.items,
    revision: page.revision,
    ...(list.remaining === undefined ? {} : { remaining: list.remaining }),
    ...nextOf(list.more, list.items, page.revision, size),
  }
}

/** A page of the state at a revision of the past. 410 where the store no longer knows it. */
export async function pageFromStore(services: ApiServices, resource: Resource, page: PageRequest): Promise<Page> {
  const { scope, revision, limit } = page
  const prefix = resource.prefix(scope.namespace)
  const to = prefixEnd(prefix)
  const items: CachedObject[] = []
  const plain = !scope.labels && !scope.fields
  let from = page.after === '' ? prefix : `${resource.prefix()}${page.after}\0`
  let size = 0
  let left = 0
  let more = true
  while (more) {
    const wanted = limit === 0 ? chunk : plain ? limit - items.length : Math.min(chunk, limit + 1)
    const range = await read(services, { from, to, limit: wanted, revision }, page)
    if (size === 0) size = range.count
    more = range.more
    left = range.count - range.entries.length
    let last: Key = from
    for (const entry of range.entries) {
      if (limit > 0 && items.length === limit) {
        // Another entry is there beyond a full page: that it matches is not needed to say "go on".
        return { items, revision, ...nextOf(true, items, revision, size) }
      }
      last = entry.key
      const item = codec.open(entry)
      if (matches(scope, item)) items.push(item)
    }
    from = `${last}\0`
    if (plain && limit > 0 && items.length >= limit) break
  }
  return { items, revision, ...(plain ? { remaining: left } : {}), ...nextOf(more, items, revision, size) }
}

async function read(
  services: ApiServices,
  range: { readonly from: Key; readonly to: Key; readonly limit: number; readonly revision: Revision },
  page: PageRequest,
): ReturnType<ApiServices['store']['range']> {
  try {
    return await services.store.range(range)
  } catch (error) {
    if (!(error instanceof DavitError)) throw error
    if (error.code === 'DAVIT_STORE_COMPACTED') throw compacted(services, page)
    if (error.code === 'DAVIT_STORE_FUTURE_REVISION') throw ApiError.tooNew(range.revision, await services.store.current())
    throw storeFailure(error)
  }
}

function compacted(services: ApiServices, page: PageRequest): ApiError {
  if (page.after === '') return ApiError.tooOld(page.revision, services.store.compacted)
  return ApiError.expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the ' +
      'continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing ' +
      'with the provided token results in an inconsistent list - objects that were created, modified, or deleted between ' +
      'the time the first chunk was returned and now may show up in the list.',
    encodeToken({ revision: 0, after: page.after, size: 0 }),
  )
}

function matches(scope: Scope, item: CachedObject): boolean {
  if (scope.labels && !scope.labels.matches(item.object.metadata.labels)) return false
  return !scope.fields || scope.fields.matches(item.object)
}

function nextOf(more: boolean, items: readonly CachedObject[], revision: Revision, size: number): { next?: Token } {
  const last = items.at(-1)
  return more && last ? { next: { revision, after: `${last.namespace}/${last.name}`, size } } : {}
}
