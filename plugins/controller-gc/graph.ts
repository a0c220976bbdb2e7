/**
 * Who owns whom, over all resources that are stored. It holds nothing of its own: informers keep the objects, which in
 * process are those of the API's cache, and an index in each of them finds the dependents of an owner.
 */
import type { Informer, ResourceRef } from '@davit/core/client'
import type { ControllerHost } from '@davit/core/controller'
import type { KindRegistry, KubeObject, OwnerReference, ResourceKind } from '@davit/core/kinds'
import { ownersOf } from './objects.js'

const byOwner = 'gc/owner'

export interface GraphEvents {
  added(ref: ResourceRef, object: KubeObject): void
  updated(ref: ResourceRef, object: KubeObject, old: KubeObject): void
  deleted(ref: ResourceRef, object: KubeObject): void
}
export interface Found {
  readonly ref: ResourceRef
  readonly object: KubeObject
}
/** `unknown`: no such kind is served, so nothing can be said. */
export type Owner =
  | { readonly state: 'cached'; readonly object: KubeObject }
  | { readonly state: 'uncached'; readonly ref: ResourceRef; readonly namespace: string }
  | { readonly state: 'unknown' }

interface Followed {
  readonly ref: ResourceRef
  readonly informer: Informer<KubeObject>
  readonly undo: () => void
}

export class Graph {
  readonly #kinds: KindRegistry
  readonly #host: ControllerHost
  readonly #events: GraphEvents
  /** By "group/resource": versions of one resource are one. */
  readonly #followed = new Map<string, Followed>()

  constructor(kinds: KindRegistry, host: ControllerHost, events: GraphEvents) {
    this.#kinds = kinds
    this.#host = host
    this.#events = events
  }

  /** Follows what is served now, and no more what is not. */
  follow(): void {
    const wanted = new Map<string, ResourceRef>()
    for (const kind of this.#kinds.all()) {
      const name = nameOf(kind)
      if (isCollected(kind) && !wanted.has(name)) wanted.set(name, refOf(kind))
    }
    for (const [name, { undo }] of this.#followed) {
      if (wanted.has(name)) continue
      undo()
      this.#followed.delete(name)
    }
    for (const [name, ref] of wanted) if (!this.#followed.has(name)) this.#followed.set(name, this.#open(ref))
  }

  close(): void {
    for (const { undo } of this.#followed.values()) undo()
    this.#followed.clear()
  }

  get synced(): boolean {
    for (const { informer } of this.#followed.values()) if (!informer.synced) return false
    return true
  }

  /** Rejects when the informers are closed before. */
  async whenSynced(): Promise<void> {
    await Promise.all([...this.#followed.values()].map(({ informer }) => informer.whenSynced()))
  }

  /** Objects that name an owner. */
  *owned(): Generator<Found> {
    for (const { ref, informer } of this.#followed.values()) {
      for (const object of informer.list()) if (ownersOf(object).length > 0) yield { ref, object }
    }
  }

  dependentsOf(owner: KubeObject): readonly Found[] {
    const { uid, namespace } = owner.metadata
    if (uid === undefined) return []
    const found: Found[] = []
    for (const { ref, informer } of this.#followed.values()) {
      for (const object of informer.byIndex(byOwner, uid)) {
        // A reference across namespaces means nobody.
        if (!namespace || object.metadata.namespace === namespace) found.push({ ref, object })
      }
    }
    return found
  }

  /** What a reference of an object in `namespace` means. */
  owner({ apiVersion, kind, name, uid }: OwnerReference, namespace: string): Owner {
    const known = this.#kinds.kind(apiVersion, kind)
    // A namespaced owner of an object without a namespace could be anywhere.
    if (!known?.stored || (known.namespaced && namespace === '')) return { state: 'unknown' }
    const place = known.namespaced ? namespace : ''
    const object = this.#followed.get(nameOf(known))?.informer.get(place, name)
    return object?.metadata.uid === uid ? { state: 'cached', object } : { state: 'uncached', ref: refOf(known), namespace: place }
  }

  #open(ref: ResourceRef): Followed {
    const informer = this.#host.informer(ref)
    informer.index(byOwner, (object) => ownersOf(object).map(({ uid }) => uid))
    const undo = informer.on({
      added: (object) => this.#events.added(ref, object),
      updated: (object, old) => this.#events.updated(ref, object, old),
      deleted: (object) => this.#events.deleted(ref, object),
    })
    return { ref, informer, undo }
  }
}

/** Events own nothing, and are many. */
function isCollected({ stored, verbs, resource }: ResourceKind): boolean {
  return stored && resource !== 'events' && (['list', 'watch', 'delete'] as const).every((verb) => verbs.includes(verb))
}

function nameOf({ group, resource }: ResourceKind): string {
  return `${group}/${resource}`
}

function refOf({ group, version, resource, kind, namespaced }: ResourceKind): ResourceRef {
  return { group, version, resource, kind, namespaced }
}
