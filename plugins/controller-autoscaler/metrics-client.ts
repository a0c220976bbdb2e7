/** Asks the APIs of metrics of the cluster, whoever serves them. All numbers are thousandths. */
import { ApiError, apiServices, type Client, isNotFound, podMetrics, type ResourceRef } from '@davit/core/client'
import {
  type CrossVersionObjectReference,
  type KindRegistry,
  type KubeObject,
  type MetricIdentifier,
  quantityToMilli,
  selectorFromObject,
} from '@davit/core/kinds'
import { MetricError, messageOf } from './metric-error.js'
import type { PodSample, PodSamples } from './pod-groups.js'

const custom = 'custom.metrics.k8s.io'
const external = 'external.metrics.k8s.io'
/** Best first. */
const customVersions = ['v1beta2', 'v1beta1']
/** Of metrics that do not say theirs. */
const defaultWindowMs = 60_000

interface CustomValue {
  readonly describedObject?: { readonly name?: string }
  readonly timestamp?: string
  readonly windowSeconds?: number
  readonly value: string
}
interface ExternalValue extends KubeObject {
  readonly value: string
}

export class MetricsClient {
  readonly #client: Client
  readonly #kinds: KindRegistry

  constructor(client: Client, kinds: KindRegistry) {
    this.#client = client
    this.#kinds = kinds
  }

  /** Of one container where one is named, else of the whole Pods. */
  async resource(namespace: string, labelSelector: string, resource: string, container: string): Promise<PodSamples> {
    const { items } = await asked('resource metrics', podMetrics, () =>
      this.#client.list(podMetrics, { namespace, labelSelector }),
    )
    if (items.length === 0) throw new MetricError('no metrics returned from resource metrics API')
    const samples = new Map<string, PodSample>()
    for (const { metadata, timestamp, window, containers } of items) {
      const counted = containers.filter(({ name }) => container === '' || name === container)
      if (container !== '' && counted.length === 0) {
        const pod = `${metadata.namespace}/${metadata.name}`
        throw new MetricError(`failed to get container metrics: container ${container} not present in metrics for pod ${pod}`)
      }
      const amounts = counted.map(({ usage }) => usage[resource])
      // Where one container is unknown, so is the Pod.
      if (amounts.length === 0 || amounts.includes(undefined)) continue
      const value = amounts.reduce((sum, amount) => sum + quantityToMilli(amount ?? '0'), 0)
      samples.set(metadata.name, { value, at: Date.parse(timestamp), windowMs: durationMs(window) })
    }
    return samples
  }

  /** A metric that each Pod has. */
  async pods(namespace: string, labelSelector: string, metric: MetricIdentifier): Promise<PodSamples> {
    const items = await this.#custom('pods', namespace, '*', metric, { labelSelector })
    if (items.length === 0) throw new MetricError('no metrics returned from custom metrics API')
    return new Map(
      items.map(({ describedObject, timestamp, windowSeconds, value }) => {
        const windowMs = windowSeconds === undefined ? defaultWindowMs : windowSeconds * 1000
        const sample = { value: quantityToMilli(value), at: Date.parse(timestamp ?? '') || 0, windowMs }
        return [describedObject?.name ?? '', sample] as const
      }),
    )
  }

  async object(namespace: string, about: CrossVersionObjectReference, metric: MetricIdentifier): Promise<number> {
    const { kind, name, apiVersion = '' } = about
    const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
    // A namespace has no collection above it that its metrics could be in.
    const isNamespace = kind === 'Namespace' && group === ''
    const found = this.#kinds.all().find((one) => one.group === group && one.kind === kind)
    if (!found)
      throw new MetricError(`unable to fetch metrics from custom metrics API: no matches for kind "${kind}" in group "${group}"`)
    const resource = group === '' ? found.resource : `${found.resource}.${group}`
    const items = isNamespace
      ? await this.#custom('metrics', namespace, metric.name, metric, {})
      : await this.#custom(resource, namespace, name, metric, {})
    if (items.length !== 1) {
      const count = `the custom metrics API server returned ${items.length} results when we asked for exactly one`
      throw new MetricError(`unable to fetch metrics from custom metrics API: ${count}`)
    }
    return quantityToMilli(items[0]?.value ?? '0')
  }

  /** All series of a metric together. */
  async external(namespace: string, { name, selector }: MetricIdentifier): Promise<number> {
    const resource: ResourceRef<ExternalValue> = {
      group: external,
      version: 'v1beta1',
      resource: name,
      kind: 'ExternalMetricValue',
      namespaced: true,
    }
    const labelSelector = selectorFor(selector)
    const { items } = await asked('external metrics', resource, () => this.#client.list(resource, { namespace, labelSelector }))
    if (items.length === 0) throw new MetricError('no metrics returned from external metrics API')
    return items.reduce((sum, { value }) => sum + quantityToMilli(value), 0)
  }

  async #custom(
    resource: string,
    namespace: string,
    name: string,
    metric: MetricIdentifier,
    query: Readonly<Record<string, string>>,
  ): Promise<readonly CustomValue[]> {
    const version = await this.#customVersion()
    const reference = { group: custom, version, resource, kind: 'MetricValueList', namespaced: true }
    const metricLabelSelector = selectorFor(metric.selector)
    const list = await asked('custom metrics', reference, () =>
      // Of a namespace the metric is an object of its own.
      this.#client.getSubresource(reference, namespace, name, resource === 'metrics' ? '' : metric.name, {
        ...query,
        metricLabelSelector,
      }),
    )
    return (list as KubeObject & { items?: readonly CustomValue[] }).items ?? []
  }

  async #customVersion(): Promise<string> {
    for (const version of customVersions) {
      try {
        await this.#client.get(apiServices, '', `${version}.${custom}`)
        return version
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    const none = `no custom metrics API (${custom}) registered`
    throw new MetricError(`unable to fetch metrics from custom metrics API: ${none}`)
  }
}

async function asked<T>(api: string, { group, resource }: ResourceRef, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    const isUnknown = error instanceof ApiError && error.code === 404 && error.status.details?.name === undefined
    // The words that clients in Go add where a server does not know the path.
    const path = isUnknown ? ` (get ${resource}.${group})` : ''
    throw new MetricError(`unable to fetch metrics from ${api} API: ${messageOf(error)}${path}`)
  }
}

function selectorFor(selector: MetricIdentifier['selector']): string {
  if (selector === undefined) return ''
  const { value, error } = selectorFromObject(selector)
  if (error !== undefined) throw new MetricError(error)
  return value.text
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
/** "1m2.5s" in milliseconds; what is smaller counts for nothing. */
export function durationMs(text: string): number {
  let sum = 0
  for (const [, number, unit] of text.matchAll(/([\d.]+)([a-zµ]+)/g)) sum += Number(number) * (units[unit ?? ''] ?? 0)
  return sum
}
