/** A resource as a request names it, and where its objects lie. */
import type { KindRegistry, KubeObject, ResourceKind } from '../kinds/contract.js'
import type { Key } from '../store/contract.js'
import type { CachedObject, ResourceCache, WatchCaches } from '../watch/contract.js'
import { keyOf } from '../watch/contract.js'
import { at } from './tree.js'
import { createViews, type View } from './views.js'

export interface Resource {
  readonly kind: ResourceKind
  /** Group under which the objects are stored; differs from the kind's for a view. */
  readonly group: string
  /** Loaded at its first use. */
  readonly cache: ResourceCache
  /** Undefined once the cache is loaded: so that nothing waits in vain on the way of every request. */
  readonly loading: Promise<void> | undefined
  /** How this version differs from the stored one; absent where it is the stored one. */
  readonly view?: View
  readonly durability: 'durable' | 'relaxed'
  /** Objects run out by the event lease. */
  readonly expires: boolean
  /** Services: their addresses and ports are allocated in the same transaction. */
  readonly allocates: boolean
  /** Pods: a delete gives them time to end. */
  readonly graceful: boolean
  /** What else, besides finalizers and grace, must be over before a marked object may go. */
  readonly finished?: (object: KubeObject) => boolean
  key(namespace: string, name: string): Key
  /** The first key of all objects, or of those of one namespace. */
  prefix(namespace?: string): Key
  /** Present where `show` must be waited for: a webhook converts. Resolves when the items can be shown; rejects with `ApiError`. */
  readonly prepare?: (items: readonly CachedObject[]) => Promise<void>
  /** A stored item in this version. */
  show(item: CachedObject): CachedObject
  /** An object of this version as it is stored. */
  stored(object: KubeObject): KubeObject | Promise<KubeObject>
}

export interface ResourceOptions {
  /** "group/resource" of what may be written relaxed. */
  readonly relaxed: ReadonlySet<string>
}

export function createResources(
  caches: WatchCaches,
  kinds: KindRegistry,
  options: ResourceOptions,
): (kind: ResourceKind) => Resource {
  const made = new WeakMap<ResourceKind, Resource>()
  const viewOf = createViews(kinds)
  const make = (kind: ResourceKind): Resource => {
    const view = viewOf(kind)
    const group = view?.group ?? kind.group
    const name = `${group || 'core'}/${kind.resource}`
    let cache: ResourceCache | undefined
    let loading: Promise<void> | undefined
    const load = (): ResourceCache => {
      const loaded = caches.cache(group, kind.resource)
      cache = loaded
      loading = loaded.ready.then(
        () => {
          loading = undefined
        },
        (error: unknown) => {
          // Of no use any more: the next request gets another one, which may have more luck.
          cache = undefined
          throw error
        },
      )
      // Who needs it waits for it and hears of a failure.
      loading.catch(() => undefined)
      return loaded
    }
    return {
      kind,
      group,
      get cache() {
        return cache ?? load()
      },
      get loading() {
        if (!cache) load()
        return loading
      },
      ...(view ? { view } : {}),
      durability: options.relaxed.has(name) ? 'relaxed' : 'durable',
      expires: name === 'core/events',
      allocates: name === 'core/services',
      graceful: name === 'core/pods',
      ...(name === 'core/namespaces' ? { finished: isEmptyNamespace } : {}),
      key: (namespace, object) => keyOf(group, kind.resource, namespace, object),
      prefix: (namespace) => (namespace === undefined ? `/${name}/` : `/${name}/${namespace}/`),
      ...(view?.prepare ? { prepare: view.prepare } : {}),
      show: view ? view.show : (item) => item,
      stored: view ? view.stored : (object) => object,
    }
  }
  return (kind) => {
    const known = made.get(kind)
    if (known) return known
    const resource = make(kind)
    made.set(kind, resource)
    return resource
  }
}

/** The namespace controller takes the namespace's own finalizer off when the contents are gone. */
function isEmptyNamespace(object: KubeObject): boolean {
  const finalizers = at(object, 'spec', 'finalizers')
  return !Array.isArray(finalizers) || finalizers.length === 0
}
