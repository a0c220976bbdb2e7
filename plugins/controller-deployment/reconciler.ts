/** The Deployment controller: reads, plans, carries the plan out, and reports. */
import { deployments, type Informer, pods, replicaSets } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  claimDependants,
  controllerOf,
  dependantsOf,
  indexDependants,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  type RolloutStrategy,
  requeueAfter,
  splitKey,
  watchOf,
} from '@davit/core/controller'
import type { Bag } from '@davit/core/kernel'
import { type Deployment, type Pod, type ReplicaSet, selectorFromObject } from '@davit/core/kinds'
import { carryOut } from './carry-out.js'
import { forgettable } from './history.js'
import { planDeployment } from './plan.js'
import { checkAfterMs, isComplete } from './progress.js'
import { writeReport } from './report.js'
import { rolloutSet, type Sets, sortSets } from './sets.js'
import { keysOfPod, keysOfSet } from './waking.js'
import { removeSets } from './writes.js'

interface Running {
  readonly deployments: Informer<Deployment>
  readonly sets: Informer<ReplicaSet>
  readonly pods: Informer<Pod>
}

export class DeploymentReconciler implements Controller {
  readonly name = 'deployment'
  readonly watches: readonly ControllerWatch[]
  readonly #strategies: Bag<RolloutStrategy>
  #running: Running | undefined

  constructor(strategies: Bag<RolloutStrategy>) {
    this.#strategies = strategies
    const all = (namespace: string) => this.#running?.deployments.list(namespace) ?? []
    const find = (namespace: string, name: string) => this.#running?.deployments.get(namespace, name)
    this.watches = [
      watchOf(deployments, (deployment) => [namespacedKey(deployment)]),
      watchOf(replicaSets, (set, event) => keysOfSet(all, set, event)),
      watchOf(pods, (pod, event) => keysOfPod(find, this.#setOf(pod), event)),
    ]
  }

  start(host: ControllerHost): void {
    const running = {
      deployments: host.informer(deployments),
      sets: host.informer(replicaSets),
      pods: host.informer(pods),
    }
    indexDependants(running.sets)
    indexDependants(running.pods)
    this.#running = running
  }

  stop(): void {
    this.#running = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const running = this.#running
    const { namespace, name } = splitKey(key)
    const deployment = running?.deployments.get(namespace, name)
    if (!running || !deployment) return undefined
    const sets = await claimSets(deployment, running, context)
    if (!sets) return undefined
    if (deployment.metadata.deletionTimestamp) {
      const { collisionCount } = deployment.status ?? {}
      await writeReport(context, { deployment, sets, rolling: false, nextSet: undefined, collisionCount })
      return undefined
    }
    return this.#rollOut(deployment, sets, running, context)
  }

  async #rollOut(deployment: Deployment, sets: Sets, running: Running, context: ReconcileContext) {
    const view = (set: ReplicaSet) => rolloutSet(set, dependantsOf(running.pods, set))
    const plan = planDeployment({
      deployment,
      sets,
      next: sets.next && view(sets.next),
      olds: sets.olds.map(view),
      strategies: this.#strategies.all(),
      now: context.clock.now(),
    })
    const { error, ...outcome } = await carryOut(context, deployment, sets, plan)
    const status = await writeReport(context, { deployment, rolling: plan.mode === 'roll-out', ...outcome })
    if (error !== undefined) throw error
    if (deployment.spec.paused || isComplete(deployment, status)) {
      await removeSets(context, forgettable(deployment, outcome.sets.olds))
    }
    const strategyMs = plan.mode === 'roll-out' ? plan.requeueAfterMs : undefined
    return requeueAfter(strategyMs, checkAfterMs(deployment, status, context.clock.now()))
  }

  #setOf(pod: Pod): ReplicaSet | undefined {
    const controller = controllerOf(pod)
    const set = controller && this.#running?.sets.get(pod.metadata.namespace ?? '', controller.name)
    return set?.metadata.uid === controller?.uid ? set : undefined
  }
}

/** `undefined` where it selects everything, and so nothing in particular. */
async function claimSets(deployment: Deployment, running: Running, context: ReconcileContext): Promise<Sets | undefined> {
  const selector = selectorFromObject(deployment.spec.selector).value
  if (!selector || selector.everything) {
    const message = 'This deployment is selecting all pods. A non-empty selector is required.'
    context.event(deployment, 'Warning', 'SelectingAll', message)
    return undefined
  }
  const claim = { owner: deployment, ownerResource: deployments, selector }
  return sortSets(deployment, await claimDependants(context, { ...claim, resource: replicaSets, informer: running.sets }))
}
