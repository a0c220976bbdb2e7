/** One controller for one kind of owner: reads, plans, and carries the plan out. */
import { edit, type Informer, pods } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  dependantsOf,
  Expectations,
  indexDependants,
  namespacedKey,
  orphansIn,
  type ReconcileContext,
  type ReconcileResult,
  splitKey,
  type VictimChoice,
  watchOf,
  writeClaim,
} from '@davit/core/controller'
import type { Bag } from '@davit/core/kernel'
import { equalJson, type Pod } from '@davit/core/kinds'
import type { Owner, OwnerKind } from './owners.js'
import { planReplicas, type ReplicaPlan } from './plan.js'
import { familyOf, podsOnNodes } from './related.js'
import { type Attempt, nextAvailableMs, replicaStatus } from './status.js'
import { chooseVictims } from './victims.js'
import { keysOfPod } from './waking.js'
import { createPods, deletePods } from './writes.js'

/** What a reconcile has at hand once the controller runs. */
interface Running<T extends Owner> {
  readonly owners: Informer<T>
  readonly pods: Informer<Pod>
  readonly expectations: Expectations
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
    indexDependants(running.pods)
    const informer = running.pods as unknown as Informer<Owner>
    this.#running = { ...running, expectations: new Expectations({ informer, clock: host.clock }) }
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
    const candidates = [...dependantsOf(running.pods, owner), ...orphansIn(running.pods, namespace)]
    const plan = planReplicas(owner, selector, candidates)
    const { claim, pods: counted } = plan
    await writeClaim(context, { owner, ownerResource: this.#kind.resource, resource: pods, claim })

    // Before the expectations of this run count: they hold for the next.
    const waitMs = running.expectations.outstanding(key)
    const done = waitMs === undefined ? await this.#carryOut(key, owner, plan, running, context) : {}
    await this.#writeStatus(owner, counted, done.attempt, context)
    if (done.error !== undefined) throw done.error
    const waits = [running.expectations.outstanding(key), nextAvailableMs(owner, counted, context.clock.now())]
    const known = waits.filter((wait) => wait !== undefined)
    return known.length === 0 ? undefined : { requeueAfterMs: Math.max(1, Math.min(...known)) }
  }

  async #carryOut(
    key: string,
    owner: T,
    { create, remove, pods: candidates }: ReplicaPlan,
    running: Running<T>,
    context: ReconcileContext,
  ): Promise<{ readonly attempt?: Attempt; readonly error?: unknown }> {
    const work = { key, owner, context, expectations: running.expectations }
    if (create > 0) return createPods(work, create)
    if (remove === 0) return { attempt: {} }
    const family = familyOf(owner, running.owners.list(owner.metadata.namespace))
    const podsOnNode = podsOnNodes(family.flatMap((member) => dependantsOf(running.pods, member)))
    const request = { owner, candidates, count: remove, podsOnNode, now: context.clock.now() }
    return deletePods(work, () => chooseVictims(request, this.#choices.all()))
  }

  async #writeStatus(owner: T, counted: readonly Pod[], attempt: Attempt, context: ReconcileContext): Promise<void> {
    const status = replicaStatus(owner, counted, attempt, context.clock.now())
    if (equalJson(status, owner.status)) return
    const changed = edit(owner, (draft) => {
      draft.status = status
    })
    await context.client.updateStatus(this.#kind.resource, changed, { cause: context.cause })
  }
}
