/**
 * The one place where an object becomes bytes and a transaction. It is encoded once; the bytes that are stored are the
 * bytes of the reply and of every watch event.
 */
import { ApiError, type Fence } from '../client/contract.js'
import { DavitError } from '../kernel/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import type { Compare, Operation, Put, Revision, Transaction, TransactionResult } from '../store/contract.js'
import { type CachedObject, codec, keyOf } from '../watch/contract.js'
import type { ApiRequest, CommittedWrite } from './contract.js'
import type { Resource } from './resource.js'
import type { ApiServices } from './services.js'

export interface Write {
  readonly request: ApiRequest
  readonly resource: Resource
  readonly verb: CommittedWrite['verb']
  /** In the version of the request; gets frozen. For a delete: the last state. */
  readonly object: KubeObject
  /** What stands there now, as stored; undefined for a create. */
  readonly current?: CachedObject
  /** Goes into the same transaction: allocations. */
  readonly also?: { readonly compare: readonly Compare[]; readonly operations: readonly Operation[] }
}

/** `raced`: something that was compared had changed; `result` says what stands there now. */
export type Written =
  | { readonly ok: true; readonly item: CachedObject }
  | { readonly ok: false; readonly result: Extract<TransactionResult, { ok: false }> }

/** Commits a create or an update. The item is in the version of the request. */
export async function writeObject(services: ApiServices, write: Write): Promise<Written> {
  const { resource, object, current } = write
  const { namespace = '', name } = object.metadata
  const key = resource.key(namespace, name)
  const form = resource.stored(object)
  const { value, memo } = codec.encode(form instanceof Promise ? await form : form, resource.kind.escapes)
  const lease = resource.expires ? await services.eventLeases.current() : undefined
  const put: Put = { type: 'put', key, value, memo, ...(lease === undefined ? {} : { lease }) }
  const result = await commit(services, write, put, current?.revision ?? 0)
  if (!result.ok) return { ok: false, result }
  const { revision } = result
  const cached = resource.cache.get(namespace, name)
  const item =
    cached?.revision === revision
      ? cached
      : codec.open({ key, value, revision, created: current?.created ?? revision, ...(memo ? { memo } : {}) })
  if (resource.prepare) await resource.prepare([item])
  return { ok: true, item: announce(services, write, resource.show(item)) }
}

/** Commits a delete. The item is the last state. */
export async function removeObject(services: ApiServices, write: Write & { readonly current: CachedObject }): Promise<Written> {
  const { current, resource } = write
  const result = await commit(services, write, { type: 'delete', key: current.key }, current.revision)
  if (!result.ok) return { ok: false, result }
  return { ok: true, item: announce(services, write, resource.show(current)) }
}

function announce(services: ApiServices, write: Write, item: CachedObject): CachedObject {
  const { verb, request, resource } = write
  const cause = request.cause
  try {
    services.hooks.committed.call({ verb, kind: resource.kind, item, user: request.user, ...(cause ? { cause } : {}) })
  } catch (error) {
    // The write stands: a ledger that fails must not make it look refused.
    services.log.error({ error, key: item.key }, 'a tap of the committed slot failed')
  }
  return item
}

async function commit(services: ApiServices, write: Write, operation: Operation, expected: Revision): Promise<TransactionResult> {
  const own: Compare = { key: operation.key, revision: expected }
  const { also, resource, request } = write
  const transaction: Transaction = {
    compare: also ? [own, ...also.compare] : [own],
    operations: also ? [operation, ...also.operations] : [operation],
    durability: resource.durability,
  }
  try {
    if (request.fence) return await commitFenced(services, transaction, request.fence)
    return await services.store.transact(transaction)
  } catch (error) {
    throw storeFailure(error)
  }
}

async function commitFenced({ store }: ApiServices, transaction: Transaction, fence: Fence): Promise<TransactionResult> {
  for (;;) {
    fence.check()
    const { group, resource, namespace, name, resourceVersion } = fence.held
    const lease: Compare = { key: keyOf(group, resource, namespace, name), revision: Number(resourceVersion) }
    const result = await store.transact({ ...transaction, compare: [...transaction.compare, lease] })
    if (result.ok || result.current.get(lease.key)?.revision === lease.revision) return result
    if (!(await fence.moved(resourceVersion)))
      throw ApiError.serviceUnavailable(`the lease ${name} is no longer as its holder left it`)
  }
}

/** What a failure of the store means to a client. */
export function storeFailure(error: unknown): unknown {
  return error instanceof DavitError ? storeRefusal(error) : error
}

export function storeRefusal(error: DavitError): ApiError {
  switch (error.code) {
    case 'DAVIT_STORE_TOO_LARGE':
      return ApiError.tooLarge(error.message)
    case 'DAVIT_STORE_CLOSED':
    case 'DAVIT_STORE_UNAVAILABLE':
      return ApiError.serviceUnavailable(error.message, 1)
    case 'DAVIT_STORE_OUTCOME_UNKNOWN':
      return ApiError.timeout(error.message)
    default:
      return ApiError.internal(error)
  }
}
