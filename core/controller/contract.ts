/**
 * The controller room: one host that runs all reconcilers over shared informers, each with a keyed queue.
 *
 * A reconciler is level-triggered (law 12): it gets a key, reads the present state and makes it what it should be.
 */
import type { Cause, Client, Informer, ResourceRef } from '../client/contract.js'
import type { Clock, Ids, Logger, Random, Token } from '../kernel/contract.js'
import { many } from '../kernel/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import type { Change } from './waking.js'

export const ControllerToken: Token<Controller, 'many'> = many<Controller>('controller.controller/v1')

export interface Controller {
  /** "deployment"; unique. The client's identity is `system:controller:<name>-controller`, as Kubernetes names them. */
  readonly name: string
  /** What wakes it. `keys` maps a changed object to the keys to reconcile; pure and cheap: called for each event. */
  readonly watches: readonly ControllerWatch[]
  /** Reconciles that run at once; never two of the same key. Default 4. */
  readonly concurrency?: number
  /**
   * Called after the informers of all `watches` exist and before the first reconcile. Where several servers elect who works,
   * each time that this one begins to lead: nothing that was remembered before holds then. Never twice without `stop`.
   */
  start?(host: ControllerHost): void | Promise<void>
  /** Undo of `start`, idempotent: also when this server leads no more. No reconcile is under way. */
  stop?(): void | Promise<void>
  /**
   * Makes it so. May be called at any time for any key, also for one that does not exist (any more). A throw puts the
   * key back with exponential back-off (5 ms doubling to 1,000 s; conflicts at once and without a log line).
   */
  reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined>
}
/** A watch of any type of object; `watchOf` makes one in a typed way. */
export type ControllerWatch = TypedWatch<KubeObject>
export interface TypedWatch<T extends KubeObject> {
  readonly resource: ResourceRef<T>
  /** `old` is there for a change; `deleted` when the object is gone. */
  keys(object: T, event: Change<T>): readonly string[]
}
export function watchOf<T extends KubeObject>(resource: ResourceRef<T>, keys: TypedWatch<T>['keys']): TypedWatch<T> {
  return { resource, keys }
}

export interface ReconcileResult {
  /** Reconcile this key again after so many milliseconds, if nothing wakes it before. */
  readonly requeueAfterMs?: number
}

/** Stays the same from `start` to `stop`. */
export interface ControllerHost {
  /** Refuses every write (503) once this server may lead no more. */
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly ids: Ids
  readonly log: Logger
  /** Shared informer of a watched resource, or of any other (it is synced before the first reconcile). */
  informer<T extends KubeObject>(resource: ResourceRef<T>): Informer<T>
  /** Queues a key from outside an event. */
  enqueue(key: string, afterMs?: number): void
  /** Writes a core/v1 Event; equal ones are counted up, not repeated. Never throws, never waits. */
  event(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void
}
export interface ReconcileContext extends ControllerHost {
  /** What to put into each write's options: who, and what woke this run. */
  readonly cause: Cause
  readonly signal: AbortSignal
}

export { type ClaimRequest, claimDependants } from './claim-dependants.js'
export { dependantsOf, indexDependants, siblingsOf } from './dependants.js'
export { Expectations } from './expectations.js'
export { namespacedKey, splitKey } from './key.js'
export { indexLabels, selectByLabels } from './label-index.js'
export { isNamespaceGoing } from './namespace-going.js'
export { controllerOf, isControlledBy, ownerReference } from './owner.js'
export { availableInMs, isPodActive, isPodAvailable, isPodReady } from './pods.js'
export * from './policies.js'
export * from './provisioner.js'
export { requeueAfter, soonest } from './requeue.js'
export { revisionTemplate } from './revision-data.js'
export * from './revisions.js'
export { shortHash } from './short-hash.js'
export { slowStart } from './slow-start.js'
export { timestamp } from './time.js'
export { type Change, keysOfControllers, keysOfDependant, mayBeAdopted } from './waking.js'
export { writeStatus } from './write-status.js'
