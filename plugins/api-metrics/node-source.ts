/** NodeMetrics, made from what the nodes' agents say. */
import { ApiError, type Informer } from '@davit/core/client'
import type { Node, NodeMetrics, ObjectSource, SourceSelection } from '@davit/core/kinds'
import type { Measurements } from './measurements.js'
import { nodeMetrics } from './metrics.js'

export class NodeSource implements ObjectSource {
  readonly #informer: () => Informer<Node>
  readonly #measurements: Measurements

  constructor(informer: () => Informer<Node>, measurements: Measurements) {
    this.#informer = informer
    this.#measurements = measurements
  }

  async get(_namespace: string, name: string, signal: AbortSignal | undefined): Promise<NodeMetrics> {
    const node = (await this.#nodes(signal)).get('', name)
    const found = node && (await this.#metricsOf(node))
    if (!found) throw ApiError.notFound({ group: 'metrics.k8s.io', resource: 'nodemetrics' }, name)
    return found
  }

  async list({ labels, fields }: SourceSelection, signal: AbortSignal | undefined): Promise<readonly NodeMetrics[]> {
    const all = (await this.#nodes(signal)).list()
    const wanted = all.filter((node) => (labels?.matches(node.metadata.labels) ?? true) && (fields?.matches(node) ?? true))
    const found = await Promise.all(wanted.map((node) => this.#metricsOf(node)))
    return found.filter((one) => one !== undefined)
  }

  async #nodes(signal: AbortSignal | undefined): Promise<Informer<Node>> {
    const informer = this.#informer()
    if (!informer.synced) await informer.whenSynced(signal)
    return informer
  }

  async #metricsOf({ metadata: { name, labels } }: Node): Promise<NodeMetrics | undefined> {
    const rate = (await this.#measurements.of(name))?.node
    return rate && nodeMetrics(name, labels, rate)
  }
}
