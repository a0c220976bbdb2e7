/** Reads that are as new as they must be. */
import { ApiError } from '../client/contract.js'
import type { Revision } from '../store/contract.js'
import type { CachedObject } from '../watch/contract.js'
import type { ApiRequest } from './contract.js'
import type { Resource } from './resource.js'
import type { ApiServices } from './services.js'
import { storeFailure } from './writes.js'

/** Resolves when the cache holds everything that was acknowledged before the call. */
export async function refresh(services: ApiServices, resource: Resource, signal?: AbortSignal): Promise<void> {
  let current: Revision
  try {
    current = await services.store.current()
  } catch (error) {
    throw storeFailure(error)
  }
  await reach(resource, current, signal)
}

/** Resolves when the cache has reached `revision`, which the store is known to have. */
export function reach(resource: Resource, revision: Revision, signal?: AbortSignal): Promise<void> | undefined {
  if (resource.cache.revision >= revision) return undefined
  return resource.cache.waitFor(revision, signal)
}

/** Not older than `version`; 504 where the store has not come that far. */
export async function notOlderThan(
  services: ApiServices,
  resource: Resource,
  version: Revision,
  signal?: AbortSignal,
): Promise<void> {
  if (resource.loading) await resource.loading
  if (resource.cache.revision >= version) return
  const current = await services.store.current()
  if (current < version) throw ApiError.tooNew(version, current)
  await reach(resource, version, signal)
}

/** The stored item that a write starts from, or undefined. Only a miss asks the store whether the cache is behind. */
export async function findItem(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
): Promise<CachedObject | undefined> {
  if (resource.loading) await resource.loading
  const cached = resource.cache.get(request.namespace, request.name)
  if (cached) return cached
  await refresh(services, resource, request.signal)
  return resource.cache.get(request.namespace, request.name)
}

export async function requireItem(services: ApiServices, resource: Resource, request: ApiRequest): Promise<CachedObject> {
  const item = await findItem(services, resource, request)
  if (!item) throw ApiError.notFound(resource.kind, request.name)
  return item
}

export interface Outcome<T> {
  readonly result: T
  /** The store took a write that was compared with the item: it was the newest. */
  readonly committed: boolean
}

/**
 * Calls `run` with the stored item of the request; 404 where there is none. What `run` decides without a commit (a
 * refusal, or that nothing is to be done) may come of a cache that is behind: it counts only when the store knows nothing
 * newer. Undefined where `run` says so, after a lost race.
 */
export async function onFresh<T>(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  run: (item: CachedObject) => Promise<Outcome<T> | undefined>,
): Promise<T | undefined> {
  for (;;) {
    const item = await requireItem(services, resource, request)
    const isNewest = async (): Promise<boolean> => {
      await refresh(services, resource, request.signal)
      return resource.cache.get(request.namespace, request.name) === item
    }
    try {
      const outcome = await run(item)
      if (outcome === undefined) return undefined
      if (outcome.committed || (await isNewest())) return outcome.result
    } catch (error) {
      if (!(error instanceof ApiError) || (await isNewest())) throw error
    }
  }
}
