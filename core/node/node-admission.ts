/** What a node refuses although the scheduler, or somebody by hand, has bound it there. Pure. */
import { type Pod, quantityToMilli, quantityToNumber } from '../kinds/contract.js'
import type { Verdict } from './state.js'

export type Amounts = Readonly<Record<string, number>>

/** `used`: what the Pods ask for that the node has taken and that are not over. undefined: it fits. */
export function refusalOf(
  wanted: Amounts,
  used: readonly Amounts[],
  allocatable: Readonly<Record<string, string>>,
): Verdict | undefined {
  for (const [resource, capacity] of Object.entries(allocatable)) {
    const requested = wanted[resource] ?? 0
    const taken = used.reduce((sum, amounts) => sum + (amounts[resource] ?? 0), 0)
    const limit = measure(resource, capacity)
    if (requested === 0 || requested + taken <= limit) continue
    const numbers = `requested: ${requested}, used: ${taken}, capacity: ${limit}`
    const message = `Pod was rejected: Node didn't have enough resource: ${resource}, ${numbers}`
    return { phase: 'Failed', reason: `OutOf${resource}`, message }
  }
  return undefined
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
