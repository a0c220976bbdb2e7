/** One controller for one kind of owner: reads, plans, and carries the plan out. */
import { type Informer, pods } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  claimDependants,
  dependantsOf,
  Expectations,
  indexDependants,
  isPodActive,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  requeueAfter,
  siblingsOf,
  splitKey,
  type VictimChoice,
  watchOf,
  writeStatus,
} from '@davit/core/controller'
import type { Bag } from '@davit/core/kernel'
import type { Pod } from '@davit/core/kinds'
import type { Owner, OwnerKind } from './owners.js'
import { planReplicas } from './plan.js'
import { podsOnNodes } from './related.js'
import { type Attempt, nextAvailableMs, replicaStatus } from './status.js'
import { chooseVictims } from './victims.js'
import { keysOfPod } from './waking.js'
import { createPods, deletePods } from './writes.js'

/** What a reconcile has at hand once the controller runs. */
interface Running<T extends Owner> {
  readonly owners: Informer<T>
  readonly pods: Informer<Pod>
  readonly expectations: Expectations<Pod>
}

export class ReplicationReconciler<T extends Owner> implements Controller {
  readonly name: string
  readonly watches: readonly ControllerWatch[]
  readonly #kind: OwnerKind<T>
  readonly #choices: Bag<VictimChoice>
  #running: Running<T> | undefined

  constructor(kind: OwnerKind<T>, choices: Bag<VictimChoice>) {
    this.name = kind.controller
    this.#kind = kind
    this.#choices = choices
    const owners = (namespace: string) => this.#running?.owners.list(namespace) ?? []
    this.watches = [
      watchOf(kind.resource, (owner) => [namespacedKey(owner)]),
      watchOf(pods, (pod, event) => keysOfPod(kind, owners, pod, event)),
    ]
  }

  start(host: ControllerHost): void {
    const running = { owners: host.informer(this.#kind.resource), pods: host.informer(pods) }
    indexDependants(running.owners)
    indexDependants(running.pods)
    this.#running = { ...running, expectations: new Expectations({ informer: running.pods, clock: host.clock }) }
  }

  stop(): void {
    this.#running?.expectations.close()
    this.#running = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const running = this.#running
    if (!running) return undefined
    const { namespace, name } = splitKey(key)
    const owner = running.owners.get(namespace, name)
    if (!owner) {
      running.expectations.forget(key)
      return undefined
    }
    const selector = this.#kind.selector(owner)
    if (!selector) {
      context.event(
        owner,
        'Warning',
        'SelectingAll',
        `This ${this.#kind.kind} selects all Pods. A non-empty selector is required.`,
      )
      return undefined
    }
    const ownerResource = this.#kind.resource
    const request = { owner, ownerResource, selector, resource: pods, informer: running.pods, counts: isPodActive }
    const own = await claimDependants(context, request)

    // Before the expectations of this run count: they hold for the next.
    const { expectations } = running
    const waiting = expectations.outstanding(owner) !== undefined
    const done = waiting ? {} : await this.#carryOut(owner, own, running, context)
    await writeStatus<Owner>(context, ownerResource, owner, replicaStatus(owner, own, done.attempt, context.clock.now()))
    if (done.error !== undefined) throw done.error
    return requeueAfter(expectations.outstanding(owner), nextAvailableMs(owner, own, context.clock.now()))
  }

  async #carryOut(
    owner: T,
    own: readonly Pod[],
    running: Running<T>,
    context: ReconcileContext,
  ): Promise<{ readonly attempt?: Attempt; readonly error?: unknown }> {
    const { create, remove } = planReplicas(owner, own.length)
    const work = { owner, context, expectations: running.expectations }
    if (create > 0) return createPods(work, create)
    if (remove === 0) return { attempt: {} }
    // The whole application counts, so that in the middle of a roll-out old and new Pods on one node are doubled up.
    const podsOnNode = podsOnNodes(siblingsOf(running.owners, owner).flatMap((member) => dependantsOf(running.pods, member)))
    const request = { owner, candidates: own, count: remove, podsOnNode, now: context.clock.now() }
    return deletePods(work, () => chooseVictims(request, this.#choices.all()))
  }
}
