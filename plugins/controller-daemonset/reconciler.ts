/** The DaemonSet controller: reads, plans, carries the plan out, and reports. */
import { controllerRevisions, daemonSets, type Informer, nodes, pods } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  claimDependants,
  Expectations,
  forgettableRevisions,
  indexDependants,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  removeRevisions,
  requeueAfter,
  settleRevision,
  splitKey,
  watchOf,
  writeStatus,
} from '@davit/core/controller'
import {
  type ControllerRevision,
  type DaemonSet,
  type Node,
  type Pod,
  type Selector,
  selectorFromObject,
} from '@davit/core/kinds'
import { FailedPodBackoff } from './backoff.js'
import { planDaemonSet } from './plan.js'
import { hashLabel } from './pod.js'
import { daemonStatus, nextAvailableMs } from './status.js'
import { keysOfNode, keysOfPod } from './waking.js'
import { carryOut, type Done } from './writes.js'

interface Running {
  readonly sets: Informer<DaemonSet>
  readonly pods: Informer<Pod>
  readonly nodes: Informer<Node>
  readonly revisions: Informer<ControllerRevision>
  readonly expectations: Expectations<Pod>
  readonly backoff: FailedPodBackoff
}

export class DaemonSetReconciler implements Controller {
  readonly name = 'daemonset'
  readonly watches: readonly ControllerWatch[]
  #running: Running | undefined

  constructor() {
    const sets = (namespace?: string) => this.#running?.sets.list(namespace) ?? []
    this.watches = [
      watchOf(daemonSets, (set) => [namespacedKey(set)]),
      watchOf(pods, (pod, event) => keysOfPod(sets, pod, event)),
      watchOf(nodes, (node, event) => keysOfNode(sets, node, event)),
    ]
  }

  start(host: ControllerHost): void {
    const running = {
      sets: host.informer(daemonSets),
      pods: host.informer(pods),
      nodes: host.informer(nodes),
      revisions: host.informer(controllerRevisions),
      backoff: new FailedPodBackoff(host.clock),
    }
    indexDependants(running.pods)
    indexDependants(running.revisions)
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
    const set = running.sets.get(namespace, name)
    if (!set) {
      running.expectations.forget(key)
      running.backoff.forget(key)
      return undefined
    }
    const selector = selectorFromObject(set.spec.selector).value
    if (!selector || selector.everything) {
      const message = 'This daemon set is selecting all pods. A non-empty selector is required.'
      context.event(set, 'Warning', 'SelectingAll', message)
      return undefined
    }
    // One on its way out leaves its Pods to the garbage collector, or to whoever orphaned them.
    if (set.metadata.deletionTimestamp) return undefined
    return this.#settle(set, selector, running, context)
  }

  async #settle(
    set: DaemonSet,
    selector: Selector,
    running: Running,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const claim = { owner: set, ownerResource: daemonSets, selector }
    const own = await claimDependants(context, { ...claim, resource: pods, informer: running.pods })
    const held = { resource: controllerRevisions, informer: running.revisions }
    const known = await claimDependants(context, { ...claim, ...held })
    const { collisionCount: collisions = 0 } = set.status ?? {}
    const request = { owner: set, template: set.spec.template, revisions: known, collisionCount: collisions, hashLabel }
    const { update, revisions, collisionCount } = await settleRevision(context, request)
    const hash = update.metadata.labels?.[hashLabel] ?? ''
    const now = context.clock.now()
    const plan = planDaemonSet({ set, nodes: running.nodes.list(), pods: own, hash, now })
    const { expectations, backoff } = running
    const waiting = expectations.outstanding(set) !== undefined
    const done: Done = waiting ? {} : await carryOut({ set, hash, context, expectations, backoff }, plan)
    await writeStatus(context, daemonSets, set, daemonStatus({ set, seats: plan.seats, hash, collisionCount, now }))
    if (done.error !== undefined) throw done.error
    await removeRevisions(context, forgettable(set, update, revisions, own))
    return requeueAfter(expectations.outstanding(set), done.waitMs, nextAvailableMs(set, own, now))
  }
}

function forgettable(
  set: DaemonSet,
  update: ControllerRevision,
  revisions: readonly ControllerRevision[],
  own: readonly Pod[],
): readonly ControllerRevision[] {
  const hashes = new Set(own.map(({ metadata }) => metadata.labels?.[hashLabel]))
  const used = revisions.filter((revision) => revision === update || hashes.has(revision.metadata.labels?.[hashLabel]))
  return forgettableRevisions(revisions, new Set(used.map(({ metadata }) => metadata.name)), set.spec.revisionHistoryLimit ?? 10)
}
