/** How much of the cluster's work each zone can do. Pure. */
import { type Node, quantityToMilli } from '@davit/core/kinds'
import { zoneLabel } from './names.js'

/** By zone; together 1. */
export type ZoneShares = ReadonlyMap<string, number>

/** Nodes that are kept free of ordinary work. */
const excluded = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']

/** By the CPUs of the nodes that are ready. Undefined where it is not known of all of them, or all are in one zone. */
export function zoneShares(nodes: readonly Node[]): ZoneShares | undefined {
  const cpus = new Map<string, number>()
  let total = 0
  for (const node of nodes) {
    if (!counts(node)) continue
    const [zone, cpu] = [zoneOf(node), cpuOf(node)]
    if (!zone || cpu === 0) return undefined
    cpus.set(zone, (cpus.get(zone) ?? 0) + cpu)
    total += cpu
  }
  return cpus.size < 2 ? undefined : new Map([...cpus].map(([zone, cpu]) => [zone, cpu / total]))
}

export function zoneOf({ metadata }: Node): string | undefined {
  return metadata.labels?.[zoneLabel]
}

/** Nodes report every few seconds that they are as they were. */
export function weighsTheSame(node: Node, old: Node): boolean {
  return counts(node) === counts(old) && zoneOf(node) === zoneOf(old) && cpuOf(node) === cpuOf(old)
}

function counts({ metadata: { labels = {} }, status }: Node): boolean {
  if (excluded.some((label) => label in labels)) return false
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false
}

function cpuOf({ status }: Node): number {
  return quantityToMilli(status?.allocatable?.cpu ?? '0')
}
