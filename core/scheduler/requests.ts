import type { Container, Node, Pod } from '../kinds/contract.js'
import { quantityToMilli, quantityToNumber } from '../kinds/contract.js'
import type { PodInfo, ResourceTotals } from './contract.js'

/** `ResourceTotals` that can still be added to. */
export interface MutableTotals {
  milliCpu: number
  memory: number
  ephemeralStorage: number
  extended: Map<string, number>
}
export function emptyTotals(): MutableTotals {
  return { milliCpu: 0, memory: 0, ephemeralStorage: 0, extended: new Map() }
}

type Quantities = Readonly<Record<string, string>>

function totalsOf(quantities: Quantities | undefined): MutableTotals {
  const totals = emptyTotals()
  for (const name in quantities) {
    const text = quantities[name] as string
    if (name === 'cpu') totals.milliCpu = quantityToMilli(text)
    else if (name === 'memory') totals.memory = quantityToNumber(text)
    else if (name === 'ephemeral-storage') totals.ephemeralStorage = quantityToNumber(text)
    else if (name !== 'pods') totals.extended.set(name, quantityToNumber(text))
  }
  return totals
}

/** `sign` −1 takes away. Extended resources that come to nothing stay as 0. */
export function addTotals(to: MutableTotals, from: ResourceTotals, sign: 1 | -1 = 1): void {
  to.milliCpu += sign * from.milliCpu
  to.memory += sign * from.memory
  to.ephemeralStorage += sign * from.ephemeralStorage
  for (const [name, amount] of from.extended) to.extended.set(name, (to.extended.get(name) ?? 0) + sign * amount)
}

function raiseTotals(to: MutableTotals, at: ResourceTotals): void {
  to.milliCpu = Math.max(to.milliCpu, at.milliCpu)
  to.memory = Math.max(to.memory, at.memory)
  to.ephemeralStorage = Math.max(to.ephemeralStorage, at.ephemeralStorage)
  for (const [name, amount] of at.extended) to.extended.set(name, Math.max(to.extended.get(name) ?? 0, amount))
}

/** Whether `a` asks for less than `b` of anything. */
export function isLess(a: ResourceTotals, b: ResourceTotals): boolean {
  if (a === b) return false
  if (a.milliCpu < b.milliCpu || a.memory < b.memory || a.ephemeralStorage < b.ephemeralStorage) return true
  for (const [name, amount] of b.extended) if ((a.extended.get(name) ?? 0) < amount) return true
  return false
}

/**
 * What a Pod needs at its worst moment: its containers and sidecars together, or the init container that needs most
 * beside the sidecars started before it; plus the overhead.
 */
export function podRequests({ spec }: Pod): ResourceTotals {
  const totals = emptyTotals()
  for (const container of spec.containers) addTotals(totals, requestsOf(container))
  if (spec.initContainers) raiseTotals(totals, initialRequests(spec.initContainers, totals))
  if (spec.overhead) addTotals(totals, totalsOf(spec.overhead))
  return totals
}

/** The most that is needed while the init containers run. Adds the sidecars, which stay, to `totals`. */
function initialRequests(containers: readonly Container[], totals: MutableTotals): ResourceTotals {
  const most = emptyTotals()
  const sidecars = emptyTotals()
  for (const container of containers) {
    const requests = requestsOf(container)
    if (isSidecar(container)) {
      addTotals(totals, requests)
      addTotals(sidecars, requests)
      raiseTotals(most, sidecars)
    } else {
      const moment = emptyTotals()
      addTotals(moment, sidecars)
      addTotals(moment, requests)
      raiseTotals(most, moment)
    }
  }
  return most
}

function requestsOf(container: Container): ResourceTotals {
  return totalsOf(container.resources?.requests)
}

function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always'
}

/** What a node offers to Pods, and how many of them. */
export function nodeAllocatable(node: Node): { readonly totals: ResourceTotals; readonly pods: number } {
  const quantities = node.status?.allocatable ?? node.status?.capacity
  const pods = quantities?.pods
  return { totals: totalsOf(quantities), pods: pods === undefined ? 0 : quantityToNumber(pods) }
}

const made = new WeakMap<Pod, PodInfo>()

/** The same object for the same Pod revision. */
export function podInfo(pod: Pod): PodInfo {
  const known = made.get(pod)
  if (known) return known
  const info: PodInfo = {
    pod,
    key: `${pod.metadata.namespace}/${pod.metadata.name}`,
    requests: podRequests(pod),
    priority: pod.spec.priority ?? 0,
    hostPorts: hostPorts(pod),
  }
  made.set(pod, info)
  return info
}

/** Sidecars keep their ports as long as the Pod lives; other init containers are gone before it serves. */
function hostPorts({ spec }: Pod): readonly string[] {
  const found: string[] = []
  for (const container of [...spec.containers, ...(spec.initContainers ?? []).filter(isSidecar)]) {
    for (const port of container.ports ?? []) {
      if (port.hostPort) found.push(`${port.hostIP || '0.0.0.0'}/${port.protocol ?? 'TCP'}/${port.hostPort}`)
    }
  }
  return found.length > 0 ? found : noPorts
}
const noPorts: readonly string[] = Object.freeze([])
