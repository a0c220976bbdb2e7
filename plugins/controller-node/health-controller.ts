import { type Informer, isNotFound, leases, nodes, pods } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ReconcileContext,
  type ReconcileResult,
  watchOf,
} from '@davit/core/controller'
import type { Lease, Node, Pod } from '@davit/core/kinds'
import { lostConditions, readinessOf, unreadyConditions } from './conditions.js'
import type { NodeConfig } from './config.js'
import { Liveness } from './liveness.js'
import { Pace } from './pace.js'
import { podsByNode } from './pods-by-node.js'
import { executeTaints, includes, scheduleTaints, taintsWith } from './taints.js'

interface Started {
  readonly nodes: Informer<Node>
  readonly pods: Informer<Pod>
  readonly liveness: Liveness
  readonly pace: Pace
  readonly startedAt: number
  readonly undo: () => void
}

/** Finds lost nodes, taints what is not as it should be, and tells of Pods that nobody hears of. Keys are nodes. */
export class HealthController implements Controller {
  readonly name = 'node-lifecycle'
  // Leases are not among them: a renewal is remembered, and wakes nobody.
  readonly watches = [watchOf(nodes, (node) => [node.metadata.name])]
  readonly #config: NodeConfig
  readonly #ready = new Set<string>()
  /** Nodes whose Pods were told to be unready, since they are unready themselves. */
  readonly #told = new Set<string>()
  #started: Started | undefined
  #loaded = false

  constructor(config: NodeConfig) {
    this.#config = config
  }

  async start(host: ControllerHost): Promise<void> {
    const liveness = new Liveness(host.clock)
    const [leaseInformer, podInformer] = [host.informer(leases), host.informer(pods)]
    const renewed = (lease: Lease, old?: Lease) => {
      const own = lease.metadata.namespace === 'kube-node-lease'
      if (own && lease.spec.renewTime !== old?.spec.renewTime) liveness.renewed(lease)
    }
    podsByNode.on(podInformer)
    this.#started = {
      nodes: host.informer(nodes),
      pods: podInformer,
      liveness,
      pace: new Pace(host.clock, this.#config.nodeEvictionRate),
      startedAt: host.clock.now(),
      undo: leaseInformer.on({ added: renewed, updated: renewed }),
    }
    await Promise.all([leaseInformer.whenSynced(), podInformer.whenSynced()])
  }

  stop(): void {
    this.#started?.undo()
    this.#started = undefined
    this.#ready.clear()
    this.#told.clear()
    this.#loaded = false
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    if (!this.#started) return undefined
    this.#load(this.#started)
    const { liveness } = this.#started
    const node = this.#started.nodes.get('', key)
    if (!node) {
      this.#forget(key, this.#started, context)
      return undefined
    }
    this.#greet(node, this.#started, context)
    liveness.observe(node)
    const left = this.#grace(node) - liveness.silence(key)
    if (left <= 0 && (await this.#declareLost(node, context))) return undefined
    this.#count(node, this.#started, context)
    const waitMs = await this.#taint(node, this.#started, context)
    await this.#tellPods(node, this.#started, context)
    const soonest = Math.min(left > 0 ? left : Number.POSITIVE_INFINITY, waitMs ?? Number.POSITIVE_INFINITY)
    return Number.isFinite(soonest) ? { requeueAfterMs: soonest } : undefined
  }

  /** Whether any node is ready must be known before the first of those that are not is judged. */
  #load({ nodes: informer }: Started): void {
    if (this.#loaded) return
    this.#loaded = true
    for (const node of informer.list()) if (readinessOf(node) === 'True') this.#ready.add(node.metadata.name)
  }

  #grace(node: Node): number {
    const { graceSeconds, startupGraceSeconds } = this.#config
    return (readinessOf(node) === 'none' ? startupGraceSeconds : graceSeconds) * 1000
  }

  #greet(node: Node, { liveness, startedAt }: Started, context: ReconcileContext): void {
    const { name, creationTimestamp } = node.metadata
    if (liveness.knows(node) || Date.parse(creationTimestamp ?? '') + 1000 <= startedAt) return
    context.event(node, 'Normal', 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`)
  }

  #forget(key: string, started: Started, context: ReconcileContext): void {
    started.liveness.forget(key)
    started.pace.leave(key)
    this.#told.delete(key)
    if (this.#ready.delete(key) && this.#ready.size === 0) wakeAll(started, context)
  }

  /** True where its conditions were written: the change will wake this again. */
  async #declareLost(node: Node, { client, clock, cause, event }: ReconcileContext): Promise<boolean> {
    const conditions = lostConditions(node, clock.now())
    if (!conditions) return false
    const wasReady = readinessOf(node) === 'True'
    try {
      await client.updateStatus(nodes, { ...node, status: { ...node.status, conditions } }, { cause })
    } catch (error) {
      if (isNotFound(error)) return true
      throw error
    }
    const { name } = node.metadata
    if (wasReady) event(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`)
    return true
  }

  #count(node: Node, started: Started, context: ReconcileContext): void {
    const before = this.#ready.size
    if (readinessOf(node) === 'True') this.#ready.add(node.metadata.name)
    else this.#ready.delete(node.metadata.name)
    if ((before === 0) !== (this.#ready.size === 0)) wakeAll(started, context)
  }

  /** Answers how long until more is to be done. */
  async #taint(node: Node, { pace }: Started, { client, clock, cause }: ReconcileContext): Promise<number | undefined> {
    const { name, resourceVersion } = node.metadata
    const leave = executeTaints(node)
    if (leave.length === 0) pace.leave(name)
    // When no node at all is ready, it is more likely this process that is cut off.
    const disrupted = this.#ready.size === 0
    const evicting = leave.every((taint) => includes(node.spec.taints ?? [], taint))
    const waitMs = disrupted || evicting ? 0 : pace.wait(name)
    const wanted = [...scheduleTaints(node), ...(disrupted || waitMs > 0 ? [] : leave)]
    const taints = taintsWith(node, wanted, clock.now())
    if (taints) {
      try {
        await client.patch(nodes, '', name, 'merge', { metadata: { resourceVersion }, spec: { taints } }, { cause })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    return waitMs > 0 ? waitMs : undefined
  }

  /** Once for each time that a node stops being ready: an agent that still lives has the last word after that. */
  async #tellPods(node: Node, { pods: informer }: Started, context: ReconcileContext): Promise<void> {
    const { name } = node.metadata
    const readiness = readinessOf(node)
    if (readiness === 'True' || readiness === 'none') {
      this.#told.delete(name)
      return
    }
    if (this.#told.has(name)) return
    await Promise.all(podsByNode.of(informer, name).map((pod) => tellPod(pod, context)))
    this.#told.add(name)
  }
}

async function tellPod(pod: Pod, { client, clock, cause, event }: ReconcileContext): Promise<void> {
  const conditions = unreadyConditions(pod, clock.now())
  if (!conditions) return
  try {
    await client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions } }, { cause })
    event(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

function wakeAll({ nodes: informer }: Started, context: ReconcileContext): void {
  for (const { metadata } of informer.list()) context.enqueue(metadata.name)
}
