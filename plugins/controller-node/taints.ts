/** The taints that follow from a node's conditions. Pure. */
import { timestamp } from '@davit/core/controller'
import type { Node, Taint } from '@davit/core/kinds'
import { conditionOf, readinessOf } from './conditions.js'

export const notReady = 'node.kubernetes.io/not-ready'
export const unreachable = 'node.kubernetes.io/unreachable'

const pressures: Readonly<Record<string, string>> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
}
const cordoned = 'node.kubernetes.io/unschedulable'

type Named = Pick<Taint, 'key' | 'effect'>

/** All that this plugin sets and takes away; the others are none of its business. */
const own: readonly Named[] = [
  ...[notReady, unreachable, cordoned, ...Object.values(pressures)].map((key) => ({ key, effect: 'NoSchedule' })),
  ...[notReady, unreachable].map((key) => ({ key, effect: 'NoExecute' })),
]

/** What keeps Pods from being scheduled there. */
export function scheduleTaints(node: Node): readonly Named[] {
  const keys = [
    ...readinessTaint(node),
    ...Object.entries(pressures).flatMap(([type, key]) => (conditionOf(node, type)?.status === 'True' ? [key] : [])),
    ...(node.spec.unschedulable ? [cordoned] : []),
  ]
  return keys.map((key) => ({ key, effect: 'NoSchedule' }))
}

/** What makes Pods leave. A node that has never told its state has none to lose. */
export function executeTaints(node: Node): readonly Named[] {
  if (readinessOf(node) === 'none') return []
  return readinessTaint(node).map((key) => ({ key, effect: 'NoExecute' }))
}

/** The node's taints with exactly the `wanted` ones of ours; undefined where they are so already. */
export function taintsWith(node: Node, wanted: readonly Named[], now: number): Taint[] | undefined {
  const present = node.spec.taints ?? []
  const kept = present.filter((taint) => !includes(own, taint) || includes(wanted, taint))
  const missing = wanted.filter((taint) => !includes(present, taint))
  if (missing.length === 0 && kept.length === present.length) return undefined
  const timeAdded = timestamp(now)
  return [...kept, ...missing.map((taint) => ({ ...taint, timeAdded }))]
}

export function includes(taints: readonly Named[], { key, effect }: Named): boolean {
  return taints.some((taint) => taint.key === key && taint.effect === effect)
}

function readinessTaint(node: Node): string[] {
  const readiness = readinessOf(node)
  if (readiness === 'True') return []
  return [readiness === 'Unknown' ? unreachable : notReady]
}
