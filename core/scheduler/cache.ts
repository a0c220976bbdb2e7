/**
 * What the scheduler knows of nodes and of the Pods on them, kept by events and by its own decisions ("assumed" Pods),
 * so that the next cycle sees a decision before the API confirms it.
 *
 * A cycle runs in one turn of the event loop, so the cache itself is the snapshot: nothing can change under it.
 */
import type { Node, Pod } from '../kinds/contract.js'
import type { NodeInfo, PodInfo, Snapshot } from './contract.js'
import { addTotals, emptyTotals, isLess, nodeAllocatable, podInfo } from './requests.js'

interface Placement {
  readonly node: string
  readonly info: PodInfo
  readonly assumed: boolean
}

export class SchedulerCache {
  readonly #records = new Map<string, NodeRecord>()
  readonly #placements = new Map<string, Placement>()
  #snapshot: CacheSnapshot | undefined

  snapshot(): Snapshot {
    this.#snapshot ??= new CacheSnapshot(this.#records)
    return this.#snapshot
  }

  setNode(node: Node): void {
    const record = this.#record(node.metadata.name ?? '')
    if (!record.present) this.#snapshot = undefined
    record.setNode(node)
  }

  removeNode(name: string): void {
    const record = this.#records.get(name)
    if (!record) return
    this.#snapshot = undefined
    record.setNode(undefined)
    if (record.pods.length === 0) this.#records.delete(name)
  }

  /** A Pod with a node, as the API has it. Ends the assumption about it. True when it left room. */
  setPod(pod: Pod): boolean {
    const uid = pod.metadata.uid ?? ''
    if (!pod.spec.nodeName || isFinished(pod)) return this.removePod(uid)
    const before = this.#placements.get(uid)?.info.requests
    const info = podInfo(pod)
    this.#place(uid, { node: pod.spec.nodeName, info, assumed: false })
    return before !== undefined && isLess(info.requests, before)
  }

  /** True when it was there, and so left room. */
  removePod(uid: string): boolean {
    const placement = this.#placements.get(uid)
    if (!placement) return false
    this.#placements.delete(uid)
    this.#leave(placement)
    return true
  }

  assume(info: PodInfo, node: string): void {
    this.#place(info.pod.metadata.uid ?? '', { node, info, assumed: true })
  }

  /** Takes an assumption back; a Pod that the API has confirmed stays. */
  forget(uid: string): void {
    if (this.#placements.get(uid)?.assumed) this.removePod(uid)
  }

  /** The Pod as it stands on its node. */
  placed(uid: string): PodInfo | undefined {
    return this.#placements.get(uid)?.info
  }

  #place(uid: string, placement: Placement): void {
    const old = this.#placements.get(uid)
    this.#placements.set(uid, placement)
    if (old?.node === placement.node) {
      this.#record(placement.node).replace(old.info, placement.info)
      return
    }
    if (old) this.#leave(old)
    this.#record(placement.node).add(placement.info)
  }

  #leave({ node, info }: Placement): void {
    const record = this.#records.get(node)
    if (!record) return
    record.remove(info)
    if (!record.present && record.pods.length === 0) this.#records.delete(node)
  }

  #record(name: string): NodeRecord {
    let record = this.#records.get(name)
    if (!record) {
      record = new NodeRecord(name)
      this.#records.set(name, record)
    }
    return record
  }
}

class CacheSnapshot implements Snapshot {
  readonly nodes: readonly NodeInfo[]
  readonly #records: ReadonlyMap<string, NodeRecord>

  constructor(records: ReadonlyMap<string, NodeRecord>) {
    this.#records = records
    this.nodes = [...records.values()].filter((record) => record.present).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  node(name: string): NodeInfo | undefined {
    const record = this.#records.get(name)
    return record?.present ? record : undefined
  }
}

/** A record may exist before its Node: Pods can be seen first. It is in no snapshot until then. */
class NodeRecord implements NodeInfo {
  readonly name: string
  readonly pods: PodInfo[] = []
  readonly requested = emptyTotals()
  readonly hostPorts = new Set<string>()
  /** Two Pods may have the same port: not by this scheduler, but by another or by hand. */
  readonly #portUsers = new Map<string, number>()
  allocatable = nodeAllocatable(noNode).totals
  allowedPods = 0
  generation = 0
  node: Node = noNode

  constructor(name: string) {
    this.name = name
  }

  get present(): boolean {
    return this.node !== noNode
  }

  setNode(node: Node | undefined): void {
    this.node = node ?? noNode
    const { totals, pods } = nodeAllocatable(this.node)
    this.allocatable = totals
    this.allowedPods = pods
    this.generation += 1
  }

  add(info: PodInfo): void {
    this.pods.push(info)
    this.#take(info)
    this.generation += 1
  }

  remove(info: PodInfo): void {
    const index = this.pods.indexOf(info)
    if (index < 0) return
    const last = this.pods.pop()
    if (last && last !== info) this.pods[index] = last
    this.#release(info)
    this.generation += 1
  }

  replace(old: PodInfo, info: PodInfo): void {
    const index = this.pods.indexOf(old)
    if (old === info || index < 0) return
    this.pods[index] = info
    this.#release(old)
    this.#take(info)
    this.generation += 1
  }

  #take({ requests, hostPorts }: PodInfo): void {
    addTotals(this.requested, requests)
    for (const port of hostPorts) {
      this.hostPorts.add(port)
      this.#portUsers.set(port, (this.#portUsers.get(port) ?? 0) + 1)
    }
  }

  #release({ requests, hostPorts }: PodInfo): void {
    addTotals(this.requested, requests, -1)
    for (const port of hostPorts) {
      const others = (this.#portUsers.get(port) ?? 0) - 1
      if (others > 0) {
        this.#portUsers.set(port, others)
      } else {
        this.#portUsers.delete(port)
        this.hostPorts.delete(port)
      }
    }
  }
}

const noNode: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: '' }, spec: {} }

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}
