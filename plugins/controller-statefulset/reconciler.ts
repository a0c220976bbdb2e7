/** The StatefulSet controller: reads, plans, carries the plan out, and reports. */
import { controllerRevisions, type Informer, persistentVolumeClaims, pods, statefulSets } from '@davit/core/client'
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
  type SettledRevision,
  settleRevision,
  splitKey,
  watchOf,
  writeStatus,
} from '@davit/core/controller'
import {
  type ControllerRevision,
  type PersistentVolumeClaim,
  type Pod,
  type StatefulSet,
  selectorFromObject,
} from '@davit/core/kinds'
import { claimsOf, isStale } from './claims.js'
import { ordinalOf, podName, revisionOf } from './identity.js'
import { planStatefulSet } from './plan.js'
import { dataHashLabel } from './revision-label.js'
import { nextAvailableMs, type Revisions, statefulStatus } from './status.js'
import { keysOfClaim, keysOfPod } from './waking.js'
import { carryOut, createClaims, type Done, retainClaims, type Work } from './writes.js'

interface Running {
  readonly sets: Informer<StatefulSet>
  readonly pods: Informer<Pod>
  readonly claims: Informer<PersistentVolumeClaim>
  readonly revisions: Informer<ControllerRevision>
  readonly expectations: Expectations<Pod>
}

export class StatefulSetReconciler implements Controller {
  readonly name = 'statefulset'
  readonly watches: readonly ControllerWatch[]
  #running: Running | undefined

  constructor() {
    const all = (namespace: string) => this.#running?.sets.list(namespace) ?? []
    this.watches = [
      watchOf(statefulSets, (set) => [namespacedKey(set)]),
      watchOf(pods, (pod, event) => keysOfPod(all, pod, event)),
      watchOf(persistentVolumeClaims, (claim, event) => keysOfClaim(all, claim, event)),
    ]
  }

  start(host: ControllerHost): void {
    const running = {
      sets: host.informer(statefulSets),
      pods: host.informer(pods),
      claims: host.informer(persistentVolumeClaims),
      revisions: host.informer(controllerRevisions),
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
      return undefined
    }
    const selector = selectorFromObject(set.spec.selector).value
    if (!selector || selector.everything) return undefined
    const claim = { owner: set, ownerResource: statefulSets, selector }
    // Only those that have a name of the set's are taken on.
    const counts = (pod: Pod) => ordinalOf(set, pod) !== undefined
    const own = await claimDependants(context, { ...claim, resource: pods, informer: running.pods, counts })
    if (set.metadata.deletionTimestamp) {
      // Its revisions may be gone already, and are not made again.
      const { currentRevision: current = '', updateRevision: update = '', collisionCount = 0 } = set.status ?? {}
      await report(set, own, { current, update, collisionCount }, context)
      return undefined
    }
    const revisions = { resource: controllerRevisions, informer: running.revisions }
    const known = await claimDependants(context, { ...claim, ...revisions })
    const settled = await settleRevision(context, {
      owner: set,
      template: set.spec.template,
      revisions: known,
      collisionCount: set.status?.collisionCount ?? 0,
      hashLabel: dataHashLabel,
    })
    return this.#settle(set, own, settled, running, context)
  }

  async #settle(
    set: StatefulSet,
    own: readonly Pod[],
    { update, revisions, collisionCount }: SettledRevision,
    running: Running,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update
    const { expectations, claims } = running
    const work: Work = { set, context, expectations, claims, revisions: { current, update } }
    const { created, error } = expectations.outstanding(set) === undefined ? await act(work, own) : { created: [] }
    const now = context.clock.now()
    const names = { current: current.metadata.name, update: update.metadata.name, collisionCount }
    const counted = [...own, ...created]
    await report(set, counted, names, context)
    if (error !== undefined) throw error
    const live = new Set([names.current, names.update, ...counted.flatMap((pod) => revisionOf(pod) ?? [])])
    await removeRevisions(context, forgettableRevisions(revisions, live, set.spec.revisionHistoryLimit ?? 10))
    return requeueAfter(expectations.outstanding(set), nextAvailableMs(set, counted, now))
  }
}

async function report(set: StatefulSet, counted: readonly Pod[], revisions: Revisions, context: ReconcileContext) {
  await writeStatus(context, statefulSets, set, statefulStatus(set, counted, revisions, context.clock.now()))
}

async function act(work: Work, own: readonly Pod[]): Promise<Done> {
  const { set, claims, context } = work
  const stale = (ordinal: number, pod: Pod | undefined) =>
    claimsOf(set, ordinal).some(({ metadata }) => {
      const claim = claims.get(metadata.namespace ?? '', metadata.name)
      return claim !== undefined && isStale(claim, podName(set, ordinal), pod?.metadata.uid)
    })
  const actions = planStatefulSet({
    set,
    pods: own,
    update: work.revisions.update.metadata.name,
    isStale: stale,
    now: context.clock.now(),
  })
  try {
    for (const pod of own) {
      const ordinal = ordinalOf(set, pod)
      if (ordinal === undefined || pod.status?.phase !== 'Pending' || pod.metadata.deletionTimestamp) continue
      await createClaims(work, ordinal, pod.metadata.name)
    }
    await retainClaims(work, own)
  } catch (error) {
    return { created: [], error }
  }
  return carryOut(work, actions)
}
