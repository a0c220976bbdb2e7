import { type Informer, isNotFound, nodes, pods } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  splitKey,
  timestamp,
  watchOf,
} from '@davit/core/controller'
import type { Node, Pod } from '@davit/core/kinds'
import type { GcConfig } from './config.js'

interface Started {
  readonly nodes: Informer<Node>
  readonly pods: Informer<Pod>
}

const byNode = 'spec.nodeName'
const byEnd = 'gc/finished'
const allFinished = 'finished'

/** Deletes Pods that nobody will look after any more. Keys are "finished", "node/<name>" and "pod/<namespace>/<name>". */
export class PodCollector implements Controller {
  readonly name = 'pod-garbage-collector'
  readonly watches = [
    watchOf(pods, (pod, { old, deleted }) => (deleted ? [] : [...this.#keysOf(pod, old)])),
    watchOf(nodes, (node, { deleted }) => (deleted ? [`node/${node.metadata.name}`] : [])),
  ]
  readonly #config: GcConfig
  /** Since when each node is missed, on the monotonic clock. */
  readonly #missed = new Map<string, number>()
  #started: Started | undefined

  constructor(config: GcConfig) {
    this.#config = config
  }

  async start(host: ControllerHost): Promise<void> {
    this.#started = { nodes: host.informer(nodes), pods: host.informer(pods) }
    this.#started.pods.index(byNode, ({ spec }) => (spec.nodeName ? [spec.nodeName] : []))
    this.#started.pods.index(byEnd, (pod) => (isFinished(pod) ? [allFinished] : []))
    await this.#started.nodes.whenSynced()
  }

  stop(): void {
    this.#started = undefined
    this.#missed.clear()
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    if (!this.#started) return undefined
    const { namespace: kind, name } = splitKey(key)
    if (key === allFinished) return this.#thin(this.#started, context)
    if (kind === 'node') return this.#clear(name, this.#started, context)
    const { namespace, name: podName } = splitKey(name)
    const pod = this.#started.pods.get(namespace, podName)
    if (pod && isAbandoned(pod)) await remove(pod, context)
    return undefined
  }

  *#keysOf(pod: Pod, old: Pod | undefined): Generator<string> {
    if (this.#config.finishedPods > 0 && isFinished(pod) && !(old && isFinished(old))) yield allFinished
    const { nodeName } = pod.spec
    const bound = nodeName && nodeName !== old?.spec.nodeName
    if (bound && !this.#started?.nodes.get('', nodeName)) yield `node/${nodeName}`
    if (isAbandoned(pod)) yield `pod/${namespacedKey(pod)}`
  }

  /** The oldest finished Pods go, until as many are left as are kept. */
  async #thin({ pods: informer }: Started, context: ReconcileContext): Promise<undefined> {
    const finished = informer.byIndex(byEnd, allFinished).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    const surplus = finished.length - this.#config.finishedPods
    if (surplus <= 0) return undefined
    const ageOf = ({ metadata }: Pod) => metadata.creationTimestamp ?? ''
    const oldest = [...finished].sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1)).slice(0, surplus)
    await Promise.all(oldest.map((pod) => remove(pod, context)))
    return undefined
  }

  /** The Pods of a node that is gone, once it has been gone for long enough. */
  async #clear(name: string, started: Started, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const left = started.pods.byIndex(byNode, name)
    if (left.length === 0 || started.nodes.get('', name)) {
      this.#missed.delete(name)
      return undefined
    }
    const now = context.clock.monotonic()
    const since = this.#missed.get(name) ?? now
    this.#missed.set(name, since)
    const waitMs = since + this.#config.quarantineSeconds * 1000 - now
    if (waitMs > 0) return { requeueAfterMs: waitMs }
    const missing = await context.client.get(nodes, '', name).then(
      () => false,
      (error: unknown) => isNotFound(error) || Promise.reject(error),
    )
    if (missing) await Promise.all(left.map((pod) => giveUp(pod, context)))
    this.#missed.delete(name)
    return undefined
  }
}

function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

/** It goes, was never bound, and so no agent will end it. */
function isAbandoned({ metadata, spec }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined && !spec.nodeName && (metadata.deletionGracePeriodSeconds ?? 0) > 0
}

/** Says what happened before it deletes: somebody may wait for the end of this Pod. */
async function giveUp(pod: Pod, context: ReconcileContext): Promise<void> {
  const { client, clock, cause } = context
  if (!isFinished(pod)) {
    const disruption = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByPodGC',
      message: 'PodGC: node no longer exists',
      lastTransitionTime: timestamp(clock.now()),
    }
    const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== disruption.type)
    const status = { ...pod.status, phase: 'Failed', conditions: [...others, disruption] }
    const written = await client.updateStatus(pods, { ...pod, status }, { cause }).catch(unlessGone)
    if (!written) return
  }
  await remove(pod, context)
}

async function remove(pod: Pod, { client, cause }: ReconcileContext): Promise<void> {
  const { namespace = '', name, uid = '' } = pod.metadata
  const options = { cause, gracePeriodSeconds: 0, preconditions: { uid } }
  await client.delete(pods, namespace, name, options).catch(unlessGone)
}

function unlessGone(error: unknown): undefined {
  if (!isNotFound(error)) throw error
  return undefined
}
