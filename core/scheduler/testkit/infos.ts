/** What policies are shown, made of plain objects and deeply frozen: whoever changes it throws. */
import type { Node, Pod } from '../../kinds/contract.js'
import { SchedulerCache } from '../cache.js'
import type { NodeInfo, PodInfo, ResourceTotals, Snapshot } from '../contract.js'
import { podInfo } from '../requests.js'

export function podInfoOf(pod: Pod): PodInfo {
  return frozenPod(podInfo(pod))
}

/** In order of name, with the Pods that name them. */
export function nodeInfosOf(nodes: readonly Node[], pods: readonly Pod[] = []): readonly NodeInfo[] {
  const cache = new SchedulerCache()
  for (const node of nodes) cache.setNode(node)
  for (const pod of pods) cache.setPod(pod)
  return Object.freeze(cache.snapshot().nodes.map(frozenNode))
}

export function snapshotOf(nodes: readonly NodeInfo[]): Snapshot {
  return Object.freeze({ nodes, node: (name: string) => nodes.find((one) => one.name === name) })
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) frozen(member)
  return Object.freeze(value)
}

/** `Object.freeze` does not keep a Map or a Set from being changed. */
function closed<T extends object>(collection: T): T {
  const refuse = () => {
    throw new TypeError('a policy changed what it was shown')
  }
  for (const method of ['set', 'add', 'delete', 'clear']) Object.defineProperty(collection, method, { value: refuse })
  return Object.freeze(collection)
}

function frozenTotals(totals: ResourceTotals): ResourceTotals {
  return Object.freeze({ ...totals, extended: closed(new Map(totals.extended)) })
}

function frozenPod(info: PodInfo): PodInfo {
  frozen(info.pod)
  frozen(info.hostPorts)
  return Object.freeze({ ...info, requests: frozenTotals(info.requests) })
}

function frozenNode(info: NodeInfo): NodeInfo {
  const { name, allowedPods, generation } = info
  return Object.freeze({
    node: frozen(info.node),
    name,
    allowedPods,
    generation,
    pods: Object.freeze(info.pods.map(frozenPod)),
    allocatable: frozenTotals(info.allocatable),
    requested: frozenTotals(info.requested),
    hostPorts: closed(new Set(info.hostPorts)),
  })
}
