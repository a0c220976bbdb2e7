import { type Informer, isNotFound, nodes, pods } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  isPodActive,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  splitKey,
  timestamp,
  watchOf,
} from '@davit/core/controller'
import { equalJson, type Node, type Pod, type Taint } from '@davit/core/kinds'
import { podsByNode } from './pods-by-node.js'
import { stayOf } from './tolerations.js'

interface Started {
  readonly nodes: Informer<Node>
  readonly pods: Informer<Pod>
}

/** Deletes Pods that do not tolerate the NoExecute taints of their node, or no longer. Keys are Pods. */
export class EvictionController implements Controller {
  readonly name = 'taint-eviction'
  readonly concurrency = 8
  readonly watches = [
    watchOf(nodes, (node, { old, deleted }) => {
      const same = deleted || equalJson(executing(node), old ? executing(old) : [])
      return same ? [] : this.#podsOn(node.metadata.name).map(namespacedKey)
    }),
    watchOf(pods, (pod, { old, deleted }) => {
      const key = namespacedKey(pod)
      if (this.#leaving.has(key)) return [key]
      const bound = !deleted && pod.spec.nodeName && old?.spec.nodeName !== pod.spec.nodeName
      return bound && this.#taintsOf(pod).length > 0 ? [key] : []
    }),
  ]
  /** Pods that will be deleted, by key: so that it can be said when they will not. */
  readonly #leaving = new Map<string, string | undefined>()
  #started: Started | undefined

  start(host: ControllerHost): void {
    this.#started = { nodes: host.informer(nodes), pods: host.informer(pods) }
    podsByNode.on(this.#started.pods)
  }

  stop(): void {
    this.#started = undefined
    this.#leaving.clear()
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key)
    const pod = this.#started?.pods.get(namespace, name)
    const now = context.clock.now()
    if (!pod || !isPodActive(pod)) {
      this.#leaving.delete(key)
      return undefined
    }
    const stay = stayOf(pod, this.#taintsOf(pod), now)
    if (stay.state === 'stays') {
      if (this.#leaving.delete(key)) {
        context.event(pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`)
      }
      return undefined
    }
    this.#leaving.set(key, pod.metadata.uid)
    if (stay.at > now) return { requeueAfterMs: stay.at - now }
    await evict(pod, key, context)
    this.#leaving.delete(key)
    return undefined
  }

  #taintsOf({ spec }: Pod): readonly Taint[] {
    const node = spec.nodeName ? this.#started?.nodes.get('', spec.nodeName) : undefined
    return node ? executing(node) : []
  }

  #podsOn(node: string): readonly Pod[] {
    return this.#started ? podsByNode.of(this.#started.pods, node) : []
  }
}

function executing({ spec }: Node): readonly Taint[] {
  return (spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
}

async function evict(pod: Pod, key: string, { client, clock, cause, event }: ReconcileContext): Promise<void> {
  const { namespace = '', name, uid } = pod.metadata
  event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`)
  const disruption = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: timestamp(clock.now()),
  }
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== disruption.type)
  try {
    await client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions: [...others, disruption] } }, { cause })
    await client.delete(pods, namespace, name, { cause, preconditions: { uid: uid ?? '' } })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
