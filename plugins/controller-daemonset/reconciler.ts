/** The DaemonSet controller: reads, plans, carries the plan out, and reports. */
import { controllerRevisions, daemonSets, edit, type Informer, nodes, pods, type ResourceRef } from '@davit/core/client'
import {
  adoptAndRelease,
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  dependantsOf,
  Expectations,
  forgettableRevisions,
  indexDependants,
  namespacedKey,
  orphansIn,
  type ReconcileContext,
  type ReconcileResult,
  removeRevisions,
  settleRevision,
  splitKey,
  watchOf,
  writeClaim,
} from '@davit/core/controller'
import {
  type ControllerRevision,
  type DaemonSet,
  equalJson,
  type KubeObject,
  type Node,
  type Pod,
  type Selector,
  selectorFromObject,
} from '@davit/core/kinds'
import { FailedPodBackoff } from './backoff.js'
import { planDaemonSet } from './plan.js'
import { hashLabel } from './pod.js'
import { daemonStatus, nextAvailableMs, type Seen } from './status.js'
import { keysOfNode, keysOfPod } from './waking.js'
import { carryOut, type Done } from './writes.js'

interface Running {
  readonly sets: Informer<DaemonSet>
  readonly pods: Informer<Pod>
  readonly nodes: Informer<Node>
  readonly revisions: Informer<ControllerRevision>
  readonly expectations: Expectations
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
    const informer = running.pods as unknown as Informer<KubeObject>
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
    return this.#settle(key, set, selector, running, context)
  }

  async #settle(
    key: string,
    set: DaemonSet,
    selector: Selector,
    running: Running,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const own = await claimOf(set, selector, pods, running.pods, context)
    const known = await claimOf(set, selector, controllerRevisions, running.revisions, context)
    const { collisionCount: collisions = 0 } = set.status ?? {}
    const request = { owner: set, template: set.spec.template, revisions: known, collisionCount: collisions, hashLabel }
    const { update, revisions, collisionCount } = await settleRevision(context, request)
    const hash = update.metadata.labels?.[hashLabel] ?? ''
    const now = context.clock.now()
    const plan = planDaemonSet({ set, nodes: running.nodes.list(), pods: own, hash, now })
    const { expectations, backoff } = running
    const waiting = expectations.outstanding(key) !== undefined
    const done: Done = waiting ? {} : await carryOut({ key, set, hash, context, expectations, backoff }, plan)
    await writeStatus({ set, seats: plan.seats, hash, collisionCount, now }, context)
    if (done.error !== undefined) throw done.error
    await removeRevisions(context, forgettable(set, update, revisions, own))
    const waits = [expectations.outstanding(key), done.waitMs, nextAvailableMs(set, own, now)].filter(
      (wait) => wait !== undefined,
    )
    return waits.length === 0 ? undefined : { requeueAfterMs: Math.max(1, Math.min(...waits)) }
  }
}

async function writeStatus(seen: Seen, context: ReconcileContext): Promise<void> {
  const { set } = seen
  const status = daemonStatus(seen)
  if (equalJson(status, set.status)) return
  const changed = edit(set, (draft) => {
    draft.status = status
  })
  await context.client.updateStatus(daemonSets, changed, { cause: context.cause })
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

/** What is the set's, once those to be taken on or let go are. */
async function claimOf<T extends KubeObject>(
  owner: DaemonSet,
  selector: Selector,
  resource: ResourceRef<T>,
  informer: Informer<T>,
  context: ReconcileContext,
): Promise<readonly T[]> {
  const candidates = [...dependantsOf(informer, owner), ...orphansIn(informer, owner.metadata.namespace ?? '')]
  const claim = adoptAndRelease(owner, selector, candidates)
  await writeClaim(context, { owner, ownerResource: daemonSets, resource, claim })
  return [...claim.owned, ...claim.adopt]
}
