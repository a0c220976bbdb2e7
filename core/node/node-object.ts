/** The Node object of an agent. Pure. */
import type { Node, NodeCondition, NodeStatus } from '../kinds/contract.js'
import type { DecidedNode } from './choose-runtime.js'
import { volumesDirectoryAnnotation } from './contract.js'
import type { Machine } from './machine.js'
import { same } from './same.js'
import { toTime } from './time.js'

export interface NodeFacts {
  readonly config: DecidedNode
  readonly machine: Machine
  readonly hollow: boolean
  /** Of volumes that outlive their Pods. */
  readonly volumesDirectory: string
  /** "docker://27.1.1"; '' while the runtime has not answered yet. */
  readonly runtimeVersion: string
  /** Why the node is not ready; undefined: it is. */
  readonly problem: { readonly reason: string; readonly message: string } | undefined
  readonly capacity: Readonly<Record<string, string>>
  readonly addresses: readonly string[]
  /** Where its agent serves; 0: nowhere. */
  readonly port: number
}

export function nodeObject(facts: NodeFacts, now: number): Node {
  const { config } = facts
  const { podCidr, taints } = config
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: config.name, labels: nodeLabels(facts), annotations: nodeAnnotations(facts) },
    spec: {
      ...(podCidr === undefined ? {} : { podCIDR: podCidr, podCIDRs: [podCidr] }),
      ...(taints.length > 0 ? { taints: taints.map((taint) => ({ ...taint })) } : {}),
    },
    status: nodeStatus(facts, undefined, now),
  }
}

export function nodeLabels({ config, machine, hollow }: NodeFacts): Record<string, string> {
  return {
    'kubernetes.io/hostname': config.name,
    'kubernetes.io/os': machine.info.operatingSystem,
    'kubernetes.io/arch': machine.architecture,
    'beta.kubernetes.io/os': machine.info.operatingSystem,
    'beta.kubernetes.io/arch': machine.architecture,
    ...(hollow ? { 'davit.dev/hollow': 'true' } : {}),
    ...config.labels,
  }
}

export function nodeAnnotations({ volumesDirectory }: NodeFacts): Record<string, string> {
  return { [volumesDirectoryAnnotation]: volumesDirectory }
}

/** On top of what stands there: extended resources that somebody added stay, and are mirrored to allocatable. */
export function nodeStatus(facts: NodeFacts, old: NodeStatus | undefined, now: number): NodeStatus {
  const capacity = { ...old?.capacity, ...facts.capacity }
  return {
    ...old,
    capacity,
    allocatable: { ...old?.allocatable, ...capacity },
    conditions: nodeConditions(facts, old?.conditions ?? [], now),
    addresses: [
      ...facts.addresses.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: facts.config.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: facts.port } },
    nodeInfo: { ...facts.machine.info, containerRuntimeVersion: facts.runtimeVersion },
  }
}

function nodeConditions(facts: NodeFacts, old: readonly NodeCondition[], now: number): NodeCondition[] {
  const { problem } = facts
  const fine = (type: string, reason: string, message: string): NodeCondition => ({ type, status: 'False', reason, message })
  const own: NodeCondition[] = [
    fine('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    fine('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    fine('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    problem
      ? { type: 'Ready', status: 'False', ...problem }
      : { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  ]
  const foreign = old.filter((condition) => !own.some((mine) => mine.type === condition.type))
  const stamped = own.map((condition) => {
    const before = old.find((item) => item.type === condition.type)
    const since = before?.status === condition.status ? before.lastTransitionTime : undefined
    return { ...condition, lastHeartbeatTime: toTime(now), lastTransitionTime: since ?? toTime(now) }
  })
  return [...foreign, ...stamped]
}

/** Whether two statuses differ in more than the time of the heartbeat. */
export function sameNodeStatus(a: NodeStatus | undefined, b: NodeStatus | undefined): boolean {
  return same(withoutHeartbeat(a), withoutHeartbeat(b))
}

function withoutHeartbeat(status: NodeStatus | undefined): unknown {
  return { ...status, conditions: status?.conditions?.map(({ lastHeartbeatTime: _time, ...condition }) => condition) }
}
