/** Keeps the status of each PodDisruptionBudget: what evictions are granted from. */
import { type Informer, podDisruptionBudgets, pods } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  indexLabels,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  requeueAfter,
  selectByLabels,
  splitKey,
  watchOf,
  writeStatus,
} from '@davit/core/controller'
import { type KindRegistry, type Pod, type PodDisruptionBudget, selectorFromObject } from '@davit/core/kinds'
import { disruptedPods, expectationOf, healthyPods, needsScale } from './count.js'
import { Owners } from './owners.js'
import { countedStatus, failedStatus } from './status.js'
import { keysOfPod } from './waking.js'

interface Running {
  readonly budgets: Informer<PodDisruptionBudget>
  readonly pods: Informer<Pod>
  readonly owners: Owners
}

export class DisruptionReconciler implements Controller {
  readonly name = 'disruption'
  readonly watches: readonly ControllerWatch[]
  readonly #kinds: KindRegistry
  #running: Running | undefined

  constructor(kinds: KindRegistry) {
    this.#kinds = kinds
    this.watches = [
      watchOf(podDisruptionBudgets, (budget) => [namespacedKey(budget)]),
      watchOf(pods, (pod, event) => {
        return keysOfPod(this.#running?.budgets.list(pod.metadata.namespace) ?? [], pod, event)
      }),
    ]
  }

  start(host: ControllerHost): void {
    const owners = new Owners(host, this.#kinds)
    const podInformer = host.informer(pods)
    indexLabels(podInformer)
    this.#running = { budgets: host.informer(podDisruptionBudgets), pods: podInformer, owners }
  }

  stop(): void {
    this.#running = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key)
    const budget = this.#running?.budgets.get(namespace, name)
    if (!this.#running || !budget) return undefined
    const { value: selector } = selectorFromObject(budget.spec?.selector)
    const selected = selector ? selectByLabels(this.#running.pods, namespace, selector) : []
    const now = context.clock.now()
    const disrupted = disruptedPods(budget, selected, now)
    for (const pod of disrupted.overdue) {
      context.event(pod, 'Warning', 'NotDeleted', `Pod was expected by PDB ${key} to be deleted but it wasn't`)
    }
    const replicas = await this.#replicas(this.#running.owners, budget, selected, context)
    const expectation = expectationOf(budget, selected.length, replicas)
    const counted = { ...expectation, healthy: healthyPods(selected, disrupted.pods), disrupted: disrupted.pods }
    const written = await writeStatus(context, podDisruptionBudgets, budget, countedStatus(budget, counted, now))
    if (written !== budget && selected.length === 0) context.event(budget, 'Normal', 'NoPods', 'No matching pods found')
    return requeueAfter(disrupted.recheckMs)
  }

  /** Throws, after saying so in the status, where the number is unknown. */
  async #replicas(
    owners: Owners,
    budget: PodDisruptionBudget,
    selected: readonly Pod[],
    context: ReconcileContext,
  ): Promise<number> {
    if (!needsScale(budget)) return 0
    try {
      const { replicas, unmanaged } = await owners.expected(selected)
      if (unmanaged.length > 0) context.event(budget, 'Warning', 'UnmanagedPods', unmanagedText(budget))
      return replicas
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const text = `Failed to calculate the number of expected pods: ${message}`
      context.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', text)
      await writeStatus(context, podDisruptionBudgets, budget, failedStatus(budget, message, context.clock.now()))
      throw error
    }
  }
}

function unmanagedText({ spec }: PodDisruptionBudget): string {
  const selector = selectorFromObject(spec?.selector).value?.text ?? ''
  return (
    `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the ` +
    'status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods ' +
    'please set ".spec.minAvailable" field of the PDB to an integer value.'
  )
}
