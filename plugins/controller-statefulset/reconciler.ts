/** The StatefulSet controller: reads, plans, carries the plan out, and reports. */
import { controllerRevisions, edit, type Informer, persistentVolumeClaims, pods, statefulSets } from '@davit/core/client'
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
  type SettledRevision,
  settleRevision,
  splitKey,
  watchOf,
  writeClaim,
} from '@davit/core/controller'
import {
  type ControllerRevision,
  equalJson,
  type KubeObject,
  type PersistentVolumeClaim,
  type Pod,
  type Selector,
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
  readonly expectations: Expectations
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
      return undefined
    }
    const selector = selectorFromObject(set.spec.selector).value
    if (!selector || selector.everything) return undefined
    const own = await claimPods(set, selector, running, context)
    if (set.metadata.deletionTimestamp) {
      // Its revisions may be gone already, and are not made again.
      const { currentRevision: current = '', updateRevision: update = '', collisionCount = 0 } = set.status ?? {}
      await writeStatus(set, own, { current, update, collisionCount }, context)
      return undefined
    }
    const known = await claimRevisions(set, selector, running, context)
    const settled = await settleRevision(context, {
      owner: set,
      template: set.spec.template,
      revisions: known,
      collisionCount: set.status?.collisionCount ?? 0,
      hashLabel: dataHashLabel,
    })
    return this.#settle(key, set, own, settled, running, context)
  }

  async #settle(
    key: string,
    set: StatefulSet,
    own: readonly Pod[],
    { update, revisions, collisionCount }: SettledRevision,
    running: Running,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update
    const { expectations, claims } = running
    const work: Work = { key, set, context, expectations, claims, revisions: { current, update } }
    const { created, error } = expectations.outstanding(key) === undefined ? await act(work, own) : { created: [] }
    const now = context.clock.now()
    const names = { current: current.metadata.name, update: update.metadata.name, collisionCount }
    const counted = [...own, ...created]
    await writeStatus(set, counted, names, context)
    if (error !== undefined) throw error
    const live = new Set([names.current, names.update, ...counted.flatMap((pod) => revisionOf(pod) ?? [])])
    await removeRevisions(context, forgettableRevisions(revisions, live, set.spec.revisionHistoryLimit ?? 10))
    const waits = [expectations.outstanding(key), nextAvailableMs(set, counted, now)].filter((wait) => wait !== undefined)
    return waits.length === 0 ? undefined : { requeueAfterMs: Math.max(1, Math.min(...waits)) }
  }
}

async function writeStatus(set: StatefulSet, counted: readonly Pod[], revisions: Revisions, context: ReconcileContext) {
  const status = statefulStatus(set, counted, revisions, context.clock.now())
  if (equalJson(status, set.status)) return
  const changed = edit(set, (draft) => {
    draft.status = status
  })
  await context.client.updateStatus(statefulSets, changed, { cause: context.cause })
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

/** Its Pods, once those to be taken on or let go are. Only those that have a name of the set's are taken on. */
async function claimPods(set: StatefulSet, selector: Selector, running: Running, context: ReconcileContext) {
  const orphans = orphansIn(running.pods, set.metadata.namespace ?? '')
  const candidates = [...dependantsOf(running.pods, set), ...orphans].filter((pod) => ordinalOf(set, pod) !== undefined)
  const claim = adoptAndRelease(set, selector, candidates)
  await writeClaim(context, { owner: set, ownerResource: statefulSets, resource: pods, claim })
  return [...claim.owned, ...claim.adopt]
}

async function claimRevisions(set: StatefulSet, selector: Selector, running: Running, context: ReconcileContext) {
  const orphans = orphansIn(running.revisions, set.metadata.namespace ?? '')
  const claim = adoptAndRelease(set, selector, [...dependantsOf(running.revisions, set), ...orphans])
  await writeClaim(context, { owner: set, ownerResource: statefulSets, resource: controllerRevisions, claim })
  return [...claim.owned, ...claim.adopt]
}
