/** Measures what a metric of an autoscaler is about. Rejects with `MetricFailure` where it cannot. */
import type { MeasuredPods, MeasuredTotal } from '@davit/core/controller'
import {
  formatQuantity,
  type MetricSpec,
  type MetricStatus,
  type MetricTarget,
  type MetricValueStatus,
  type Pod,
  quantityToMilli,
  type Selector,
} from '@davit/core/kinds'
import type { AutoscalerConfig } from './config.js'
import { MetricError, messageOf } from './metric-error.js'
import type { MetricsClient } from './metrics-client.js'
import { groupPods, type PodSamples, requestsOf } from './pod-groups.js'
import { isWithin, ratioOf } from './ratio.js'
import { selectorText } from './selector-text.js'

export interface Question {
  readonly namespace: string
  readonly selector: Selector
  /** Those that it selects. */
  readonly pods: readonly Pod[]
  /** Wanted and counted now. */
  readonly replicas: number
  readonly observedReplicas: number
  readonly metrics: MetricsClient
  readonly config: AutoscalerConfig
  readonly now: number
}
export interface Measurement {
  readonly measured: MeasuredPods | MeasuredTotal
  /** "cpu resource utilization (percentage of request)": in conditions and events. */
  readonly description: string
  readonly status: MetricStatus
}
/** `detail` is what the condition and the event say; the message says in which metric. */
export class MetricFailure extends MetricError {
  readonly reason: string
  readonly detail: string
  constructor(reason: string, detail: string, message: string) {
    super(message)
    this.reason = reason
    this.detail = detail
  }
}

export async function measure(question: Question, metric: MetricSpec): Promise<Measurement> {
  const { object, pods, resource, containerResource, external } = metric
  if (metric.type === 'Object' && object) return measureObject(question, object)
  if (metric.type === 'Pods' && pods) return measurePods(question, pods)
  if (metric.type === 'Resource' && resource) return measureResource(question, resource)
  if (metric.type === 'ContainerResource' && containerResource) return measureContainer(question, containerResource)
  if (metric.type === 'External' && external) return measureExternal(question, external)
  const text = `unknown metric source type "${metric.type}"`
  throw new MetricFailure('InvalidMetricSourceType', text, text)
}

type Source<K extends keyof MetricSpec> = NonNullable<MetricSpec[K]>

async function measureResource(question: Question, { name, target }: Source<'resource'>): Promise<Measurement> {
  const { measured, current } = await ofResource(question, name, target, '').catch(
    failing('FailedGetResourceMetric', `failed to get ${name} resource metric value`),
  )
  const status = { type: 'Resource', resource: { name, current } }
  return { measured, description: describeResource(name, measured, ''), status }
}

async function measureContainer(question: Question, source: Source<'containerResource'>): Promise<Measurement> {
  const { name, container, target } = source
  const { measured, current } = await ofResource(question, name, target, container).catch(
    failing('FailedGetContainerResourceMetric', `failed to get ${container} container metric value`),
  )
  const status = { type: 'ContainerResource', containerResource: { name, container, current } }
  return { measured, description: describeResource(name, measured, 'container '), status }
}

function describeResource(name: string, { unit }: MeasuredPods, container: string): string {
  return unit === 'milli' ? `${name} resource` : `${name} ${container}resource utilization (percentage of request)`
}

async function ofResource(question: Question, name: string, target: MetricTarget, container: string) {
  const { namespace, selector, pods, metrics } = question
  const { averageValue, averageUtilization } = target
  if (averageValue === undefined && averageUtilization === undefined) {
    const neither = 'neither an average utilization target nor an average value (usage) target was set'
    throw new MetricError(`invalid resource metric source: ${neither}`)
  }
  try {
    const samples = await metrics.resource(namespace, selector.text, name, container).catch((error: unknown) => {
      throw new MetricError(`unable to get metrics for resource ${name}: ${messageOf(error)}`)
    })
    if (averageValue !== undefined) return ofSamples(question, samples, { unit: 'milli', text: averageValue }, name)
    const unit = { unit: 'percent', target: averageUtilization ?? 0 } as const
    const grouped = groupPods({ ...question, samples, resource: name })
    const requests = requestsOf(pods, name, container)
    const own = grouped.map((pod) => ({ ...pod, request: requests.get(pod.name) ?? 0 }))
    return ofGroups({ type: 'pods', pods: own, ...unit })
  } catch (error) {
    const what = averageValue === undefined ? 'utilization' : 'usage'
    throw new MetricError(`failed to get ${name} ${what}: ${messageOf(error)}`)
  }
}

async function measurePods(question: Question, { metric, target }: Source<'pods'>): Promise<Measurement> {
  const { namespace, selector, metrics } = question
  const ask = async () => {
    const samples = await metrics.pods(namespace, selector.text, metric).catch((error: unknown) => {
      throw new MetricError(`unable to get metric ${metric.name}: ${messageOf(error)}`)
    })
    return ofSamples(question, samples, { unit: 'milli', text: target.averageValue ?? '0' }, '')
  }
  const { measured, current } = await ask().catch(failing('FailedGetPodsMetric', 'failed to get pods metric value'))
  return { measured, description: `pods metric ${metric.name}`, status: { type: 'Pods', pods: { metric, current } } }
}

function ofSamples(question: Question, samples: PodSamples, target: { unit: 'milli'; text: string }, resource: string) {
  const pods = groupPods({ ...question, samples, resource })
  return ofGroups({ type: 'pods', pods, unit: target.unit, target: quantityToMilli(target.text) })
}

function ofGroups(measured: MeasuredPods): { measured: MeasuredPods; current: MetricValueStatus } {
  const ready = measured.pods.filter(({ state }) => state === 'ready')
  const ratio = ratioOf(ready, measured)
  if (!ratio) throw new MetricError('no metrics returned matched known pods')
  const { utilization, average } = ratio
  const averageValue = milliText(average)
  return { measured, current: utilization === undefined ? { averageValue } : { averageUtilization: utilization, averageValue } }
}

async function measureObject(question: Question, source: Source<'object'>): Promise<Measurement> {
  const { namespace, metrics } = question
  const { describedObject, metric, target } = source
  const ask = () =>
    metrics.object(namespace, describedObject, metric).catch((error: unknown) => {
      // The words stand in the order in which Kubernetes has them.
      const { kind, name } = describedObject
      throw new MetricError(`unable to get metric ${metric.name}: ${kind} on ${namespace} ${name}/${messageOf(error)}`)
    })
  const within = target.type === 'AverageValue' ? `failed to get ${metric.name} object metric` : ''
  const failed = failing('FailedGetObjectMetric', 'failed to get object metric value', within)
  const { measured, current } = await ofTotal(question, target, ask, 'object').catch(failed)
  const description = measured.perPod
    ? `external metric ${metric.name}(${selectorText(metric.selector)})`
    : `${describedObject.kind} metric ${metric.name}`
  return { measured, description, status: { type: 'Object', object: { describedObject, metric, current } } }
}

async function measureExternal(question: Question, { metric, target }: Source<'external'>): Promise<Measurement> {
  const { namespace, metrics } = question
  const { name, selector } = metric
  const ask = () =>
    metrics.external(namespace, metric).catch((error: unknown) => {
      const text = `${namespace}/${name}/${selectorText(selector)}`
      throw new MetricError(`unable to get external metric ${text}: ${messageOf(error)}`)
    })
  const perPod = target.averageValue !== undefined
  const within = perPod ? `failed to get ${name} external metric` : `failed to get external metric ${name}`
  const failed = failing('FailedGetExternalMetric', `failed to get ${name} external metric value`, within)
  const { measured, current } = await ofTotal(
    question,
    perPod ? { ...target, type: 'AverageValue' } : target,
    ask,
    'external',
  ).catch(failed)
  const description = `external metric ${name}(${selectorText(selector)})`
  return { measured, description, status: { type: 'External', external: { metric, current } } }
}

async function ofTotal(
  { pods, replicas, observedReplicas, config }: Question,
  { type, value, averageValue }: MetricTarget,
  ask: () => Promise<number>,
  source: string,
): Promise<{ measured: MeasuredTotal; current: MetricValueStatus }> {
  const wanted = type === 'AverageValue' ? averageValue : value
  if (wanted === undefined) {
    throw new MetricError(`invalid ${source} metric source: neither a value target nor an average value target was set`)
  }
  const [used, target] = [await ask(), quantityToMilli(wanted)]
  const ready = pods.filter(({ status }) => status?.phase === 'Running' && isReady(status))
  const measured = { type: 'total', value: used, target, perPod: type === 'AverageValue', readyPods: ready.length } as const
  if (measured.perPod) {
    // Before the first Pod is counted there is nobody to share it.
    const average = Math.ceil(used / Math.max(1, observedReplicas))
    return { measured, current: { averageValue: milliText(average) } }
  }
  if (pods.length === 0 && replicas !== 0 && !isWithin(used / target, config.tolerance)) {
    throw new MetricError('unable to calculate ready pods: no pods returned by selector while calculating replica count')
  }
  return { measured, current: { value: milliText(used) } }
}

function isReady({ conditions = [] }: NonNullable<Pod['status']>): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

const milliText = (milli: number): string => formatQuantity({ nano: BigInt(milli) * 1_000_000n, format: 'DecimalSI' })

/** `within`: between the two, for those that name the metric once more. */
function failing(reason: string, prefix: string, within = ''): (error: unknown) => never {
  return (error) => {
    const detail = messageOf(error)
    throw new MetricFailure(reason, detail, `${prefix}: ${within === '' ? '' : `${within}: `}${detail}`)
  }
}
