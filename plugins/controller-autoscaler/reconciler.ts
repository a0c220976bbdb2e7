/** Looks at each autoscaler once for each sync period, and scales its target where the metrics ask for it. */
import { horizontalPodAutoscalers, type Informer, isConflict, pods } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  indexLabels,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  type ReplicaFormula,
  replicaFormulaAnnotation,
  selectByLabels,
  splitKey,
  watchOf,
} from '@davit/core/controller'
import type { Bag } from '@davit/core/kernel'
import { equalJson, type HorizontalPodAutoscaler, type KindRegistry, type Pod, parseLabelSelector } from '@davit/core/kinds'
import type { AutoscalerConfig } from './config.js'
import type { Question } from './measure.js'
import { Memory } from './memory.js'
import { messageOf } from './metric-error.js'
import { MetricsClient } from './metrics-client.js'
import { normalize } from './normalize.js'
import { type Recommendation, recommend } from './recommendation.js'
import { findTarget, type ScaleTarget, writeReplicas } from './scale-target.js'
import { Selectors } from './selectors.js'
import { StatusDraft } from './status.js'

export interface AutoscalerParts {
  readonly config: AutoscalerConfig
  readonly kinds: KindRegistry
  readonly formulas: Bag<ReplicaFormula>
}
interface Running {
  readonly host: ControllerHost
  readonly autoscalers: Informer<HorizontalPodAutoscaler>
  readonly metrics: MetricsClient
}
/** One sync of one autoscaler. */
interface Sync {
  readonly key: string
  readonly hpa: HorizontalPodAutoscaler
  readonly memory: Memory
  readonly draft: StatusDraft
  readonly context: ReconcileContext
  readonly running: Running
  readonly now: number
}

export class AutoscalerReconciler implements Controller {
  readonly name = 'horizontal-pod-autoscaler'
  readonly watches = [
    // What it writes itself, once for each sync, is no reason to look again.
    watchOf(horizontalPodAutoscalers, (hpa, { old, deleted }) =>
      old && !deleted && asksTheSame(hpa, old) ? [] : [namespacedKey(hpa)],
    ),
  ]
  readonly #parts: AutoscalerParts
  readonly #memories = new Map<string, { readonly uid: string; readonly memory: Memory }>()
  readonly #selectors = new Selectors()
  #running: Running | undefined

  constructor(parts: AutoscalerParts) {
    this.#parts = parts
  }

  start(host: ControllerHost): void {
    const autoscalers = host.informer(horizontalPodAutoscalers)
    this.#running = { host, autoscalers, metrics: new MetricsClient(host.client, this.#parts.kinds) }
  }

  stop(): void {
    this.#running = undefined
    this.#memories.clear()
    this.#selectors.clear()
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const running = this.#running
    const { namespace, name } = splitKey(key)
    const hpa = running?.autoscalers.get(namespace, name)
    if (!running || !hpa) {
      this.#memories.delete(key)
      this.#selectors.forget(key)
      return undefined
    }
    const now = context.clock.now()
    const memory = this.#memoryOf(key, hpa)
    const draft = new StatusDraft(hpa, now)
    await this.#sync({ key, hpa, memory, draft, context, running, now })
    await draft.write(context.client, { cause: context.cause })
    return { requeueAfterMs: this.#parts.config.syncPeriodSeconds * 1000 }
  }

  /** One made again under the same name remembers nothing of the one before. */
  #memoryOf(key: string, { metadata }: HorizontalPodAutoscaler): Memory {
    const { uid = '' } = metadata
    const known = this.#memories.get(key)
    if (known?.uid === uid) return known.memory
    const memory = new Memory()
    this.#memories.set(key, { uid, memory })
    return memory
  }

  async #sync(sync: Sync): Promise<void> {
    const { hpa, draft, context, memory, now } = sync
    const target = await findTarget(context.client, this.#parts.kinds, hpa).catch((error: unknown) => {
      context.event(hpa, 'Warning', 'FailedGetScale', messageOf(error))
      const text = `the HPA controller was unable to get the target's current scale: ${messageOf(error)}`
      draft.condition('AbleToScale', false, 'FailedGetScale', text)
      return undefined
    })
    if (!target) return
    draft.condition('AbleToScale', true, 'SucceededGetScale', "the HPA controller was able to get the target's current scale")
    const current = target.scale.spec.replicas ?? 0
    memory.begin(current, now)
    const { minReplicas = 1, maxReplicas } = hpa.spec
    if (current === 0 && minReplicas !== 0) {
      const text = 'scaling is disabled since the replica count of the target is zero'
      draft.condition('ScalingActive', false, 'ScalingDisabled', text)
      draft.counted(current, current, [], false)
    } else if (current > maxReplicas) {
      await this.#rescale(sync, target, maxReplicas, 'Current number of replicas above Spec.MaxReplicas', [])
    } else if (current < minReplicas) {
      await this.#rescale(sync, target, minReplicas, 'Current number of replicas below Spec.MinReplicas', [])
    } else await this.#followMetrics(sync, target)
  }

  async #followMetrics(sync: Sync, target: ScaleTarget): Promise<void> {
    const { hpa, draft, memory, now } = sync
    const { config } = this.#parts
    const current = target.scale.spec.replicas ?? 0
    const question = await this.#question(sync, target)
    const recommended = question && (await recommend(hpa, question, this.#parts.formulas.all()))
    if (recommended?.replicas === undefined) {
      if (recommended) this.#tellFailures(sync, recommended)
      draft.counted(current, draft.desiredReplicas, recommended?.statuses ?? [], false)
      return
    }
    const { replicas, description, statuses, failures } = recommended
    for (const failure of failures) sync.context.event(hpa, 'Warning', failure.reason, failure.detail)
    const found = `the HPA was able to successfully calculate a replica count from ${description}`
    draft.condition('ScalingActive', true, 'ValidMetricFound', found)
    const { desired, stabilized, limited } = normalize({ hpa, current, desired: replicas, memory, config, now })
    draft.condition('AbleToScale', true, stabilized.reason, stabilized.message)
    draft.condition('ScalingLimited', limited.isLimited, limited.reason, limited.message)
    const reason = replicas > current ? `${description} above target` : replicas < current ? 'All metrics below target' : ''
    if (desired === current) draft.counted(current, current, statuses, false)
    else await this.#rescale(sync, target, desired, reason, statuses)
  }

  /** Undefined where it is not clear whose Pods these are; the draft says why. */
  async #question({ key, hpa, draft, context, running, now }: Sync, { scale }: ScaleTarget): Promise<Question | undefined> {
    const { namespace = '' } = hpa.metadata
    const refuse = (reason: string, condition: string, error: string, message: string): undefined => {
      context.event(hpa, 'Warning', reason, error)
      draft.condition('ScalingActive', false, condition, message)
      context.event(hpa, 'Warning', 'FailedComputeMetricsReplicas', error)
    }
    const text = scale.status?.selector ?? ''
    if (text === '') {
      const missing = "the HPA target's scale is missing a selector"
      return refuse('SelectorRequired', 'InvalidSelector', 'selector is required', missing)
    }
    const { value: selector, error } = parseLabelSelector(text)
    if (error !== undefined) {
      const message = `couldn't convert selector into a corresponding internal selector object: ${error}`
      return refuse('InvalidSelector', 'InvalidSelector', message, message)
    }
    this.#selectors.set(key, selector)
    const selected = selectByLabels(await podsOf(running.host, context.signal), namespace, selector)
    const selecting = this.#selectors.of(namespace, selected)
    if (selecting.length > 1) {
      const message = `pods by selector ${text} are controlled by multiple HPAs: [${selecting.join(' ')}]`
      return refuse('AmbiguousSelector', 'AmbiguousSelector', message, message)
    }
    const counts = { replicas: scale.spec.replicas ?? 0, observedReplicas: scale.status?.replicas ?? 0 }
    return { namespace, selector, pods: selected, ...counts, metrics: running.metrics, config: this.#parts.config, now }
  }

  #tellFailures({ hpa, draft, context }: Sync, { failures, statuses }: Recommendation): void {
    for (const failure of failures) context.event(hpa, 'Warning', failure.reason, failure.detail)
    const [first] = failures
    if (!first) return
    draft.condition('ScalingActive', false, first.reason, `the HPA was unable to compute the replica count: ${first.detail}`)
    const counted = `${failures.length} invalid out of ${statuses.length}`
    const text = `invalid metrics (${counted}), first error is: ${first.message}`
    context.event(hpa, 'Warning', 'FailedComputeMetricsReplicas', text)
  }

  async #rescale(
    { hpa, draft, context, memory, now }: Sync,
    target: ScaleTarget,
    desired: number,
    reason: string,
    statuses: Recommendation['statuses'],
  ): Promise<void> {
    const current = target.scale.spec.replicas ?? 0
    try {
      await writeReplicas(context.client, target, desired, { cause: context.cause })
    } catch (error) {
      // Somebody else wrote the target meanwhile: all of this is looked at again at once.
      if (isConflict(error)) throw error
      const text = messageOf(error)
      context.event(hpa, 'Warning', 'FailedRescale', `New size: ${desired}; reason: ${reason}; error: ${text}`)
      const failed = `the HPA controller was unable to update the target scale: ${text}`
      draft.condition('AbleToScale', false, 'FailedUpdateScale', failed)
      draft.counted(current, draft.desiredReplicas, statuses, false)
      return
    }
    const done = `the HPA controller was able to update the target scale to ${desired}`
    draft.condition('AbleToScale', true, 'SucceededRescale', done)
    context.event(hpa, 'Normal', 'SuccessfulRescale', `New size: ${desired}; reason: ${reason}`)
    const { behavior } = hpa.spec
    const rules = desired > current ? behavior?.scaleUp : behavior?.scaleDown
    if (rules) memory.scaled(current, desired, rules, now)
    draft.counted(current, desired, statuses, true)
  }
}

/** Followed from the first autoscaler on. */
async function podsOf(host: ControllerHost, signal: AbortSignal): Promise<Informer<Pod>> {
  const informer = host.informer(pods)
  indexLabels(informer)
  if (!informer.synced) await informer.whenSynced(signal)
  return informer
}

function asksTheSame(hpa: HorizontalPodAutoscaler, old: HorizontalPodAutoscaler): boolean {
  const formula = (one: HorizontalPodAutoscaler) => one.metadata.annotations?.[replicaFormulaAnnotation]
  return equalJson(hpa.spec, old.spec) && formula(hpa) === formula(old)
}
