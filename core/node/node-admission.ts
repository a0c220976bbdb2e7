/** What a node refuses although the scheduler, or somebody by hand, has bound it there. Pure. */
import { type Node, type Pod, quantityToMilli, quantityToNumber, selectsNode } from '../kinds/contract.js'
import type { PortMapping } from './contract.js'
import { hostPortsOf } from './host-ports.js'
import type { Verdict } from './state.js'
import { forbiddenSysctl } from './sysctls.js'

export type Amounts = Readonly<Record<string, number>>

/** A Pod on the node, with what it asks for: worked out once, for each Pod that comes is compared with all others. */
export interface Bound {
  readonly pod: Pod
  readonly requests: Amounts
}
export interface Place {
  readonly allocatable: Readonly<Record<string, string>>
  /** undefined: not known yet. */
  readonly node: Node | undefined
  readonly unsafeSysctls: readonly string[]
}

/** `others`: those that the node has taken and that are not over. undefined: it is taken. */
export function refusalOf(wanted: Bound, others: readonly Bound[], place: Place): Verdict | undefined {
  const { pod } = wanted
  const sysctl = forbiddenSysctl(pod.spec, place.unsafeSysctls)
  if (sysctl !== undefined) return refusal('SysctlForbidden', sysctl)
  const lack = lacking(wanted.requests, others, place.allocatable)
  if (lack) return refusal(`OutOf${lack.resource}`, `Node didn't have enough resource: ${lack.resource}, ${lack.numbers}`)
  if (place.node && !selectsNode(pod.spec, place.node)) {
    return refusal('NodeAffinity', "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector")
  }
  const ports = hostPortsOf(pod)
  if (
    ports.length > 0 &&
    others.some((other) => hostPortsOf(other.pod).some((taken) => ports.some((port) => clash(port, taken))))
  ) {
    return refusal('NodePorts', "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports")
  }
  return undefined
}

function refusal(reason: string, why: string): Verdict {
  return { phase: 'Failed', reason, message: `Pod was rejected: ${why}` }
}

function lacking(wanted: Amounts, others: readonly Bound[], allocatable: Place['allocatable']) {
  for (const [resource, capacity] of Object.entries(allocatable)) {
    const requested = wanted[resource] ?? 0
    const used = others.reduce((sum, { requests }) => sum + (requests[resource] ?? 0), 0)
    const limit = measure(resource, capacity)
    if (requested === 0 || requested + used <= limit) continue
    return { resource, numbers: `requested: ${requested}, used: ${used}, capacity: ${limit}` }
  }
  return undefined
}

function clash(a: PortMapping, b: PortMapping): boolean {
  const isAny = ({ hostIp }: PortMapping): boolean => hostIp === '' || hostIp === '0.0.0.0'
  return a.hostPort === b.hostPort && a.protocol === b.protocol && (a.hostIp === b.hostIp || isAny(a) || isAny(b))
}

/** Init containers run before the others, sidecars beside them: the larger need counts. */
export function requestsOf({ spec }: Pod): Amounts {
  const total: Record<string, number> = {}
  const raise = (amounts: Amounts, change: (old: number, amount: number) => number): void => {
    for (const [resource, amount] of Object.entries(amounts)) total[resource] = change(total[resource] ?? 0, amount)
  }
  const plus = (old: number, amount: number): number => old + amount
  const own = (list: typeof spec.containers): void => {
    for (const container of list) raise(measured(container.resources?.requests), plus)
  }
  const init = spec.initContainers ?? []
  own(spec.containers)
  own(init.filter((container) => container.restartPolicy === 'Always'))
  for (const container of init) {
    if (container.restartPolicy !== 'Always') raise(measured(container.resources?.requests), Math.max)
  }
  raise(measured(spec.overhead), plus)
  return { ...total, pods: 1 }
}

function measured(quantities: Readonly<Record<string, string>> | undefined): Amounts {
  return Object.fromEntries(
    Object.entries(quantities ?? {}).map(([resource, quantity]) => [resource, measure(resource, quantity)]),
  )
}

function measure(resource: string, quantity: string): number {
  return resource === 'cpu' ? quantityToMilli(quantity) : quantityToNumber(quantity)
}
