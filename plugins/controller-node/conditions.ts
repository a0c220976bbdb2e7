/** What the conditions of a node say, and what they say once it is lost. Pure. */
import { timestamp } from '@davit/core/controller'
import type { Node, NodeCondition, Pod, PodCondition } from '@davit/core/kinds'

/** `none`: it has never told. */
export type Readiness = 'True' | 'False' | 'Unknown' | 'none'

const watched = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

export function conditionOf(node: Node, type: string): NodeCondition | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type)
}

export function readinessOf(node: Node): Readiness {
  const status = conditionOf(node, 'Ready')?.status
  return status === undefined ? 'none' : status === 'True' || status === 'False' ? status : 'Unknown'
}

/** The conditions of a node that is not heard of any more; undefined where they say so already. */
export function lostConditions(node: Node, now: number): NodeCondition[] | undefined {
  const present = node.status?.conditions ?? []
  const unknown = watched.filter((type) => conditionOf(node, type)?.status !== 'Unknown')
  if (unknown.length === 0) return undefined
  const lastTransitionTime = timestamp(now)
  const turned = present.map((condition) =>
    unknown.includes(condition.type)
      ? {
          ...condition,
          status: 'Unknown',
          reason: 'NodeStatusUnknown',
          message: 'Kubelet stopped posting node status.',
          lastTransitionTime,
        }
      : condition,
  )
  const never = unknown.filter((type) => !conditionOf(node, type))
  const added = never.map((type) => ({
    type,
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastHeartbeatTime: node.metadata.creationTimestamp,
    lastTransitionTime,
  }))
  return [...turned, ...added]
}

/** The conditions of a Pod whose node is not ready; undefined where they say so already. */
export function unreadyConditions(pod: Pod, now: number): PodCondition[] | undefined {
  const present = pod.status?.conditions ?? []
  if (!present.some(({ type, status }) => type === 'Ready' && status === 'True')) return undefined
  return present.map((condition) =>
    condition.type === 'Ready' ? { ...condition, status: 'False', lastTransitionTime: timestamp(now) } : condition,
  )
}
