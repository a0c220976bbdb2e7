/**
 * The client: how everything outside the API room reads and writes objects (law 8). The in-process client and the HTTPS
 * client are the same interface over the same pipeline: authentication, authorisation, admission, validation.
 *
 * Objects that come out are frozen and shared: copy before changing (`edit` does that for you).
 */

import type { Token } from '../kernel/contract.js'
import { one } from '../kernel/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import type { EventTurns } from './event-turns.js'

export { ApiError, type FailureStatus, isConflict, isExists, isGone, isNotFound } from './api-error.js'
export { edit } from './edit.js'
export { createEventRecorder, type EventRecorder, type EventRecorderOptions } from './event-recorder.js'
export type { EventTurns } from './event-turns.js'
export { LeaderElection, type LeaderElectionOptions, type Term } from './leader.js'
export { type LeaderElectionConfig, leaderElectionSchema } from './leader-config.js'
export { type LedWork, leadership, type WhileLeading } from './leadership.js'
export { nodeIdentity } from './node-identity.js'
export * from './resources.js'
export { createWorkQueue, type WorkQueue, type WorkQueueOptions } from './work-queue.js'

export const ClientsToken: Token<Clients, 'one'> = one<Clients>('client.clients/v1')
export const NodeIdentityToken: Token<NodeIdentity, 'one'> = one<NodeIdentity>('client.node-identity/v1')

/** Names a resource and carries its type. `resources.ts` has one for each built-in: `pods`, `deployments`, … */
export interface ResourceRef<T extends KubeObject = KubeObject> {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
  readonly _type?: T
}

/** Who a client acts as. Checked by the authorisation slot like any user. */
export interface Identity {
  /** "system:node:one", "system:davit:controller-deployment". */
  readonly name: string
  readonly groups?: readonly string[]
  /** `managedFields` manager and event source; default: the name. */
  readonly manager?: string
}

/**
 * Why a write happens (law 10). Rides with the request into the commit; a ledger may store it.
 */
export interface Cause {
  /** Plugin id and version: "controller-deployment@0.1.0". */
  readonly actor: string
  /** What woke the actor: the object that changed, by resourceVersion, or a timer. */
  readonly trigger: { readonly object: ObjectName & { readonly resourceVersion: string } } | { readonly timer: string }
  /** What else was considered and why it was not done, for a reader. */
  readonly considered?: readonly string[]
}
export interface ObjectName {
  readonly resource: string
  readonly namespace: string
  readonly name: string
}

/**
 * The right of a leader to write, for one term. In the process of a server it holds by the store, not by clocks alone: a
 * write counts only if the leader's lease still stands as the leader wrote it. So nothing that an old leader has sent can
 * follow the first write of a new one, however long its process or its network stood still. A client of an API elsewhere
 * only asks `check` before it sends: what is on its way by then may still be written.
 */
export interface Fence {
  /** Throws an `ApiError` (503) where the term is known to be over. Cheap: asked for every write. */
  check(): void
  /** Compared in the transaction of the write. */
  readonly held: {
    readonly group: string
    readonly resource: string
    readonly namespace: string
    readonly name: string
    readonly resourceVersion: string
  }
  /** The lease did not stand in that version any more. True: its holder has renewed it meanwhile, so the write is tried again. */
  moved(from: string): Promise<boolean>
}

export interface WriteOptions {
  readonly cause?: Cause
  readonly dryRun?: boolean
  readonly fieldManager?: string
}
export interface ListOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly limit?: number
  readonly continue?: string
  /** '0': whatever is cached. Absent: the newest. */
  readonly resourceVersion?: string
}
export interface ObjectList<T> {
  readonly items: readonly T[]
  readonly resourceVersion: string
  readonly continue?: string
}
export interface DeleteOptions extends WriteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}
export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

export interface ClientWatchOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Changes after it. Absent: the present state as ADDED first. */
  readonly resourceVersion?: string
}
export interface ClientWatchSink<T> {
  /** In order; must not throw and must not wait. `bookmark` carries only a resourceVersion. */
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void
  bookmark?(resourceVersion: string): void
  /** The watch is over: an `ApiError` (410 Expired: list anew) or undefined for an ordinary end (watch again from the last version seen). */
  end(error?: Error): void
}

/**
 * Every method rejects with `ApiError` (a Kubernetes Status) on refusal. All may be called concurrently. `namespace` is
 * '' for cluster-scoped resources.
 */
export interface Client {
  get<T extends KubeObject>(resource: ResourceRef<T>, namespace: string, name: string): Promise<T>
  list<T extends KubeObject>(resource: ResourceRef<T>, options?: ListOptions): Promise<ObjectList<T>>
  /** Returns at once; the sink hears from a later turn on. */
  watch<T extends KubeObject>(resource: ResourceRef<T>, options: ClientWatchOptions, sink: ClientWatchSink<T>): { close(): void }
  /** Namespace and name (or generateName) are read from the object. */
  create<T extends KubeObject>(resource: ResourceRef<T>, object: T, options?: WriteOptions): Promise<T>
  /** Precondition: the object's resourceVersion, where it has one. */
  update<T extends KubeObject>(resource: ResourceRef<T>, object: T, options?: WriteOptions & { subresource?: string }): Promise<T>
  updateStatus<T extends KubeObject>(resource: ResourceRef<T>, object: T, options?: WriteOptions): Promise<T>
  patch<T extends KubeObject>(
    resource: ResourceRef<T>,
    namespace: string,
    name: string,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions & { subresource?: string; force?: boolean },
  ): Promise<T>
  delete<T extends KubeObject>(resource: ResourceRef<T>, namespace: string, name: string, options?: DeleteOptions): Promise<void>
  /**
   * GET of a subresource that is an object: scale. `query`: what aggregated APIs want besides; '' is left out. An empty
   * subresource is the object itself, for those that want a query there.
   */
  getSubresource(
    resource: ResourceRef,
    namespace: string,
    name: string,
    subresource: string,
    query?: Readonly<Record<string, string>>,
  ): Promise<KubeObject>
  /** POST to a subresource: binding, eviction, token. */
  createSubresource(
    resource: ResourceRef,
    namespace: string,
    name: string,
    subresource: string,
    body: KubeObject,
    options?: WriteOptions,
  ): Promise<KubeObject>
}

// -------------------------------------------------------------------------------------------------------- informers

export interface InformerEvents<T> {
  /** Also for each object that is there when the handler is added, in a later turn. */
  added?(object: T): void
  updated?(object: T, old: T): void
  /** The last state that was seen. */
  deleted?(object: T): void
}

/**
 * The present state of a resource, kept by a list and a watch that reconnects for ever. Shared: all who ask for the
 * same resource and options get the same one. In process it holds no copy: it reads the API's own cache.
 * Every event is delivered after the state has changed: a handler that reads the informer sees at least that event.
 * One of a resource that is served no more ends when it has no handlers; whoever needs it again asks for it again.
 */
export interface Informer<T extends KubeObject> {
  /** True after the first list. */
  readonly synced: boolean
  whenSynced(signal?: AbortSignal): Promise<void>
  /**
   * Resolves when it shows all that anybody had written before the call: it lists anew. For whoever takes over work from
   * another process. Rejects with the signal's reason.
   */
  whenCurrent(signal?: AbortSignal): Promise<void>
  get(namespace: string, name: string): T | undefined
  list(namespace?: string): readonly T[]
  /** Adds an index once; adding one of the same name again is allowed and keeps the first. */
  index(name: string, keys: (object: T) => readonly string[]): void
  /** All objects whose keys contain `key`. The index must have been added. */
  byIndex(name: string, key: string): readonly T[]
  on(events: InformerEvents<T>): () => void
}

export interface Clients {
  /** In which all recorders of this process write their events. */
  readonly eventTurns: EventTurns
  /** Whether other processes may act on the same cluster as this one does: those that do one thing elect who does it. */
  readonly shared: boolean
  /**
   * A client that acts as `identity`; cheap, not cached. With a `fence`, what it is asked for once the fence is down is
   * refused with 503.
   */
  as(identity: Identity, fence?: Fence): Client
  /** Informers read as the system itself; a plugin sees here what its node or controller role may read. */
  informer<T extends KubeObject>(
    resource: ResourceRef<T>,
    options?: { readonly namespace?: string; readonly fieldSelector?: string; readonly labelSelector?: string },
  ): Informer<T>
  /**
   * One of the caller's own, which ends when he closes it: for few objects that are followed for a while. `informer` is
   * cheaper wherever others may ask for the same.
   */
  follow<T extends KubeObject>(
    resource: ResourceRef<T>,
    options: { readonly namespace?: string; readonly fieldSelector?: string; readonly labelSelector?: string },
  ): Informer<T> & { close(): void }
}

// ---------------------------------------------------------------------------------------------------- nodes elsewhere

/** PEM. */
export interface KeyAndCertificate {
  readonly key: string
  readonly certificate: string
}

/** How an agent proves who it is at a server that is another process. Absent where both are one. */
export interface NodeIdentity {
  readonly nodeName: string
  /** PEM of the CA of the cluster. */
  readonly ca: string
  /**
   * Keeps a certificate by which the node serves, for its name alone. `changed` is called with each that it gets: soon with
   * one of a former life that is still good, else when the cluster has signed one, and again long before one ends. Ends with
   * the function that it returns, after which `changed` is not called any more. There is one such certificate: a second call
   * ends the first, as that function does, and begins when nothing of the first is under way.
   */
  serve(changed: (pair: KeyAndCertificate) => void): () => void
}
