/** Exact sums of resource lists, for limits and quotas: what a Pod asks for as a whole. Pure. */
import { addQuantities, type ExactQuantity, parseQuantity } from './quantity.js'
import type { Container, PodSpec } from './types.js'

/** By the resource's name. What is absent is not said, which is not the same as zero. */
export type Amounts = Readonly<Record<string, ExactQuantity>>

/** Texts that are no quantity are left out: validation has refused them. */
export function readAmounts(list: Readonly<Record<string, string>> | undefined): Record<string, ExactQuantity> {
  const amounts: Record<string, ExactQuantity> = {}
  for (const name in list) {
    const { value } = parseQuantity(list[name] ?? '')
    if (value !== undefined) amounts[name] = value
  }
  return amounts
}

export function addAmounts(a: Amounts, b: Amounts): Record<string, ExactQuantity> {
  const sum: Record<string, ExactQuantity> = { ...a }
  for (const name in b) {
    const [left, right] = [sum[name], b[name]]
    if (right !== undefined) sum[name] = left === undefined ? right : addQuantities(left, right)
  }
  return sum
}

/**
 * What a Pod asks for at its worst moment: its containers and sidecars together, or an init container beside the sidecars
 * that were started before it. `overhead`: with that of its runtime class, for limits only where there is one.
 */
export function podAmounts(spec: PodSpec, list: 'requests' | 'limits', { overhead }: { overhead: boolean }): Amounts {
  const amountsOf = (container: Container): Amounts => readAmounts(container.resources?.[list])
  let total = spec.containers.map(amountsOf).reduce(addAmounts, {})
  let sidecars: Amounts = {}
  let starting: Amounts = {}
  for (const container of spec.initContainers ?? []) {
    const own = amountsOf(container)
    if (container.restartPolicy === 'Always') {
      total = addAmounts(total, own)
      sidecars = addAmounts(sidecars, own)
    }
    starting = largest(starting, container.restartPolicy === 'Always' ? sidecars : addAmounts(own, sidecars))
  }
  const sum = largest(total, starting)
  if (!overhead || spec.overhead === undefined) return sum
  const added = Object.entries(readAmounts(spec.overhead)).filter(([name]) => list === 'requests' || (sum[name]?.nano ?? 0n) > 0n)
  return addAmounts(sum, Object.fromEntries(added))
}

function largest(a: Amounts, b: Amounts): Record<string, ExactQuantity> {
  const result: Record<string, ExactQuantity> = { ...a }
  for (const name in b) {
    const [left, right] = [result[name], b[name]]
    if (right !== undefined && (left === undefined || right.nano > left.nano)) result[name] = right
  }
  return result
}
