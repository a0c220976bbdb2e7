import type { FilterPolicy, NodeInfo, PodInfo, Rejection } from '@davit/core/scheduler'
import { tolerated } from './taints.js'

const cordoned: Rejection = { reason: 'node(s) were unschedulable', unresolvable: true }
const otherNode: Rejection = { reason: "node(s) didn't match the requested node name", unresolvable: true }
const portsTaken: Rejection = { reason: "node(s) didn't have free ports for the requested pod ports" }
const tooManyPods: Rejection = { reason: 'Too many pods' }

/** One object for each resource: nodes are counted by the text, and Pods come by the thousand. */
const insufficient = new Map<string, Rejection>()
function lacks(resource: string): Rejection {
  let rejection = insufficient.get(resource)
  if (!rejection) {
    rejection = { reason: `Insufficient ${resource}` }
    insufficient.set(resource, rejection)
  }
  return rejection
}

const cordon = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' as const }

export const unschedulable: FilterPolicy = {
  name: 'unschedulable',
  filter: (_state, { pod }, { node }) =>
    node.spec.unschedulable && !tolerated(cordon, pod.spec.tolerations) ? cordoned : undefined,
}

export const nodeName: FilterPolicy = {
  name: 'node-name',
  filter: (_state, { pod }, { name }) => (pod.spec.nodeName && pod.spec.nodeName !== name ? otherNode : undefined),
}

export const hostPorts: FilterPolicy = {
  name: 'host-ports',
  filter: (_state, pod, node) =>
    pod.hostPorts.length > 0 && pod.hostPorts.some((port) => taken(port, node)) ? portsTaken : undefined,
}

/** 0.0.0.0 stands for every address of the node. */
function taken(wanted: string, { hostPorts }: NodeInfo): boolean {
  if (hostPorts.size === 0) return false
  const [address, protocol, number] = wanted.split('/')
  for (const used of hostPorts) {
    const [otherAddress, otherProtocol, otherNumber] = used.split('/')
    const sameAddress = address === otherAddress || address === '0.0.0.0' || otherAddress === '0.0.0.0'
    if (sameAddress && protocol === otherProtocol && number === otherNumber) return true
  }
  return false
}

export const resourceFit: FilterPolicy = {
  name: 'resource-fit',
  filter: (_state, pod, node) => shortage(pod, node),
}

function shortage({ requests }: PodInfo, { allocatable, requested, allowedPods, pods }: NodeInfo): Rejection | undefined {
  if (pods.length + 1 > allowedPods) return tooManyPods
  // What a Pod does not ask for cannot be short, even on a node that promised too much of it.
  if (requests.milliCpu > 0 && requests.milliCpu > allocatable.milliCpu - requested.milliCpu) return lacks('cpu')
  if (requests.memory > 0 && requests.memory > allocatable.memory - requested.memory) return lacks('memory')
  const storage = requests.ephemeralStorage
  if (storage > 0 && storage > allocatable.ephemeralStorage - requested.ephemeralStorage) return lacks('ephemeral-storage')
  for (const [name, amount] of requests.extended) {
    if (amount > (allocatable.extended.get(name) ?? 0) - (requested.extended.get(name) ?? 0)) return lacks(name)
  }
  return undefined
}
