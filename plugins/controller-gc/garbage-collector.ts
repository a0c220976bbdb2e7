import { isNotFound, type ResourceRef } from '@davit/core/client'
import type { Controller, ControllerHost, ReconcileContext, ReconcileResult } from '@davit/core/controller'
import type { KindRegistry, KubeObject, OwnerReference } from '@davit/core/kinds'
import { Graph } from './graph.js'
import { Keys } from './keys.js'
import {
  awaitsDependents,
  blocks,
  foregroundFinalizer,
  hasFinalizer,
  isGoing,
  matters,
  orphanFinalizer,
  ownersOf,
} from './objects.js'
import { type OwnerState, verdictOf } from './verdict.js'

interface Started {
  readonly host: ControllerHost
  readonly graph: Graph
  readonly undo: () => void
}

/** Until every resource was listed, dependents may be missing: what must know them all is tried again after so long. */
const listingMs = 50

/** Deletes what lost its last owner, and carries out foreground and orphaning deletions. Keys are objects of any kind. */
export class GarbageCollector implements Controller {
  readonly name = 'garbage-collector'
  // It follows every resource, also those that come while it runs.
  readonly watches = []
  readonly concurrency: number
  readonly #kinds: KindRegistry
  readonly #keys = new Keys()
  #started: Started | undefined

  constructor(kinds: KindRegistry, concurrency: number) {
    this.#kinds = kinds
    this.concurrency = concurrency
  }

  /** Does not wait for the lists: nobody depends on the collector for being up. */
  start(host: ControllerHost): void {
    const graph = new Graph(this.#kinds, host, {
      added: (ref, object) => this.#added(ref, object),
      updated: (ref, object, old) => this.#updated(ref, object, old),
      deleted: (_ref, object) => this.#deleted(object),
    })
    const follow = () => {
      graph.follow()
      // Once more, with all owners at hand.
      graph.whenSynced().then(
        () => this.#sweep(),
        () => undefined,
      )
    }
    this.#started = { host, graph, undo: this.#kinds.onChange(follow) }
    follow()
  }

  stop(): void {
    this.#started?.undo()
    this.#started?.graph.close()
    this.#started = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const target = this.#keys.parse(key)
    if (!this.#started || !target) return undefined
    const { ref, namespace, name, uid } = target
    const object = await present(context, ref, namespace, name)
    if (object?.metadata.uid !== uid) return undefined
    if (isGoing(object)) return this.#finish(ref, object, this.#started.graph, context)
    await this.#judge(ref, object, this.#started.graph, context)
    return undefined
  }

  #enqueue(ref: ResourceRef, object: KubeObject): void {
    this.#started?.host.enqueue(this.#keys.of(ref, object))
  }

  #sweep(): void {
    if (!this.#started) return
    for (const { ref, object } of this.#started.graph.owned()) if (this.#lacksOwner(object)) this.#enqueue(ref, object)
  }

  #added(ref: ResourceRef, object: KubeObject): void {
    const known = this.#started?.graph.synced === true
    if (isGoing(object) ? isHeld(object) : known && this.#lacksOwner(object)) this.#enqueue(ref, object)
  }

  #updated(ref: ResourceRef, object: KubeObject, old: KubeObject): void {
    if (!matters(object, old)) return
    if (isGoing(object) ? isHeld(object) : this.#lacksOwner(object)) this.#enqueue(ref, object)
    this.#wakeOwners(old)
  }

  #deleted(object: KubeObject): void {
    for (const found of this.#started?.graph.dependentsOf(object) ?? []) this.#enqueue(found.ref, found.object)
    this.#wakeOwners(object)
  }

  /** Those that wait for this one. */
  #wakeOwners(object: KubeObject): void {
    for (const reference of ownersOf(object)) {
      const owner = this.#started?.graph.owner(reference, object.metadata.namespace ?? '')
      if (owner?.state !== 'cached' || !awaitsDependents(owner.object)) continue
      const kind = this.#kinds.kind(reference.apiVersion, reference.kind)
      if (kind) this.#enqueue(kind, owner.object)
    }
  }

  /** True where an owner is not at hand, or waits for this one to go. */
  #lacksOwner(object: KubeObject): boolean {
    return ownersOf(object).some((reference) => {
      const owner = this.#started?.graph.owner(reference, object.metadata.namespace ?? '')
      return owner?.state === 'uncached' || (owner?.state === 'cached' && awaitsDependents(owner.object))
    })
  }

  async #judge(ref: ResourceRef, object: KubeObject, graph: Graph, context: ReconcileContext): Promise<void> {
    const { namespace = '', name, uid = '', resourceVersion = '' } = object.metadata
    const states = await Promise.all(ownersOf(object).map((reference) => ownerState(reference, namespace, graph, context)))
    const dependents = graph.dependentsOf(object)
    const waiting = dependents.some((found) => awaitsDependents(found.object))
    const verdict = verdictOf(object, states, waiting ? 'waiting' : dependents.length > 0 ? 'some' : 'none')
    if (verdict.action === 'strip') await setMetadata(context, ref, object, { ownerReferences: verdict.references })
    if (verdict.action !== 'delete') return
    let version = resourceVersion
    if (verdict.unblock && ownersOf(object).some(({ blockOwnerDeletion }) => blockOwnerDeletion)) {
      const ownerReferences = ownersOf(object).map((reference) => ({ ...reference, blockOwnerDeletion: false }))
      const changed = await setMetadata(context, ref, object, { ownerReferences })
      version = changed?.metadata.resourceVersion ?? version
    }
    const preconditions = { uid, resourceVersion: version }
    const options = { cause: context.cause, propagationPolicy: verdict.policy, preconditions }
    await context.client.delete(ref, namespace, name, options).catch(unlessGone)
  }

  async #finish(
    ref: ResourceRef,
    object: KubeObject,
    graph: Graph,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    if (!isHeld(object)) return undefined
    if (!graph.synced) return { requeueAfterMs: listingMs }
    const dependents = graph.dependentsOf(object)
    const { uid = '' } = object.metadata
    if (hasFinalizer(object, orphanFinalizer)) {
      await Promise.all(dependents.map((found) => release(context, found.ref, found.object, uid)))
      await dropFinalizer(context, ref, object, orphanFinalizer)
    } else if (dependents.some((found) => blocks(found.object, uid))) {
      for (const found of dependents) if (!isGoing(found.object)) this.#enqueue(found.ref, found.object)
    } else {
      await dropFinalizer(context, ref, object, foregroundFinalizer)
    }
    return undefined
  }
}

/** The collector has to do something before it may go. */
function isHeld(object: KubeObject): boolean {
  return hasFinalizer(object, orphanFinalizer) || hasFinalizer(object, foregroundFinalizer)
}

async function ownerState(
  reference: OwnerReference,
  namespace: string,
  graph: Graph,
  context: ReconcileContext,
): Promise<OwnerState> {
  const owner = graph.owner(reference, namespace)
  if (owner.state === 'unknown') return 'present'
  // What is not at hand is asked for: the informer may be behind.
  const object = owner.state === 'cached' ? owner.object : await present(context, owner.ref, owner.namespace, reference.name)
  if (object?.metadata.uid !== reference.uid) return 'absent'
  return awaitsDependents(object) ? 'waiting' : 'present'
}

function present(context: ReconcileContext, ref: ResourceRef, namespace: string, name: string): Promise<KubeObject | undefined> {
  return context.client.get(ref, namespace, name).catch(unlessGone)
}

/** On the newest state, for the informer's may be behind. */
async function release(context: ReconcileContext, ref: ResourceRef, dependent: KubeObject, owner: string): Promise<void> {
  const object = await present(context, ref, dependent.metadata.namespace ?? '', dependent.metadata.name)
  if (!object || !ownersOf(object).some(({ uid }) => uid === owner)) return
  await setMetadata(context, ref, object, { ownerReferences: ownersOf(object).filter(({ uid }) => uid !== owner) })
}

async function dropFinalizer(context: ReconcileContext, ref: ResourceRef, object: KubeObject, finalizer: string): Promise<void> {
  const finalizers = (object.metadata.finalizers ?? []).filter((each) => each !== finalizer)
  await setMetadata(context, ref, object, { finalizers })
}

function setMetadata(
  { client, cause }: ReconcileContext,
  ref: ResourceRef,
  object: KubeObject,
  change: object,
): Promise<KubeObject | undefined> {
  const { namespace = '', name, uid, resourceVersion } = object.metadata
  const patch = { metadata: { uid, resourceVersion, ...change } }
  return client.patch(ref, namespace, name, 'merge', patch, { cause }).catch(unlessGone)
}

function unlessGone(error: unknown): undefined {
  if (!isNotFound(error)) throw error
  return undefined
}
