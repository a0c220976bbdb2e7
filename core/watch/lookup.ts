import type { KubeObject } from '../kinds/contract.js'
import type { ResourceCache, WatchCaches } from './contract.js'

export interface Lookup<T extends KubeObject> {
  get(namespace: string, name: string): T | undefined
  /** All of the namespace, or of the cluster. */
  list(namespace?: string): readonly T[]
}

/**
 * For admission: the present objects of a resource, with everything that this process has written. Loaded at the first use,
 * so that a start does not wait for what may never be asked. The function that comes back calls `use` at once where the
 * objects are there, else as soon as they are.
 */
export function lookup<T extends KubeObject>(
  caches: WatchCaches,
  group: string,
  resource: string,
): <R>(use: (objects: Lookup<T>) => R | Promise<R>) => R | Promise<R> {
  let loaded: { readonly cache: ResourceCache; readonly objects: Lookup<T> } | undefined
  return (use) => {
    const cache = caches.cache(group, resource)
    // A cache that lost its store is replaced by another.
    if (cache === loaded?.cache) return use(loaded.objects)
    const objects = view<T>(cache)
    return cache.ready.then(() => {
      loaded = { cache, objects }
      return use(objects)
    })
  }
}

const nothing: readonly never[] = []

function view<T extends KubeObject>(cache: ResourceCache): Lookup<T> {
  return {
    get: (namespace, name) => cache.get(namespace, name)?.object as T | undefined,
    list(namespace) {
      const { items } = cache.list(namespace === undefined ? {} : { namespace })
      return items.length === 0 ? nothing : items.map((item) => item.object as T)
    },
  }
}
