/** PodMetrics, made from what the nodes of the Pods say. */
import { ApiError, type Informer } from '@davit/core/client'
import { indexLabels, selectByLabels } from '@davit/core/controller'
import type { ObjectSource, Pod, PodMetrics, SourceSelection } from '@davit/core/kinds'
import type { Measurements } from './measurements.js'
import { podMetrics } from './metrics.js'

export class PodSource implements ObjectSource {
  readonly #informer: () => Informer<Pod>
  readonly #measurements: Measurements

  constructor(informer: () => Informer<Pod>, measurements: Measurements) {
    this.#informer = informer
    this.#measurements = measurements
  }

  async get(namespace: string, name: string, signal: AbortSignal | undefined): Promise<PodMetrics> {
    const pod = (await this.#pods(signal)).get(namespace, name)
    const [found] = pod ? await this.#metricsOf([pod]) : []
    // Kubernetes' metrics server names resource and object so.
    if (!found) throw ApiError.notFound({ group: 'metrics.k8s.io', resource: 'podmetrics' }, `${namespace}/${name}`)
    return found
  }

  async list({ namespace, labels, fields }: SourceSelection, signal: AbortSignal | undefined): Promise<readonly PodMetrics[]> {
    const informer = await this.#pods(signal)
    const isSelected = (pod: Pod): boolean => labels?.matches(pod.metadata.labels) ?? true
    // Each sync of an autoscaler asks for the Pods of one workload.
    const found = namespace && labels ? selectByLabels(informer, namespace, labels) : informer.list(namespace).filter(isSelected)
    return this.#metricsOf(fields ? found.filter((pod) => fields.matches(pod)) : found)
  }

  async #pods(signal: AbortSignal | undefined): Promise<Informer<Pod>> {
    const informer = this.#informer()
    indexLabels(informer)
    if (!informer.synced) await informer.whenSynced(signal)
    return informer
  }

  /** Without those that do not run, or of which nothing is known yet. */
  async #metricsOf(pods: readonly Pod[]): Promise<readonly PodMetrics[]> {
    const running = pods.filter(({ spec, status }) => spec.nodeName && status?.phase === 'Running')
    const uids = new Map<string, string[]>()
    for (const { metadata, spec } of running) {
      const own = uids.get(spec.nodeName ?? '') ?? []
      own.push(metadata.uid ?? '')
      uids.set(spec.nodeName ?? '', own)
    }
    const asked = [...uids].map(async ([node, own]) => [node, await this.#measurements.of(node, own)] as const)
    const rates = new Map(await Promise.all(asked))
    return running.flatMap(({ metadata: { namespace = '', name, uid = '', labels }, spec }) => {
      const containers = rates.get(spec.nodeName ?? '')?.pods.get(uid)
      return containers ? [podMetrics(namespace, name, labels, containers)] : []
    })
  }
}
