/** From counters to what is used now. Pure. */
import type { ContainerUsage, NodeUsage, Usage } from '@davit/core/api'

/** What was used over a window that ends at `at`. */
export interface Rate {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly windowMs: number
  /** Billionths of a core, on average. */
  readonly nanocores: number
  readonly memoryBytes: number
}
export interface NodeRates {
  /** Absent where nothing earlier is known. */
  readonly node?: Rate
  /** By uid. A Pod of which one container has no rate yet is left out: half a Pod would look like an idle one. */
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, Rate>>
  /** Something has no rate, and would have one after a further reading. */
  readonly incomplete: boolean
}
export interface Windows {
  readonly shortestMs: number
  readonly longestMs: number
}

/** `earlier`: readings of the same node, in the order in which they are taken to count from. */
export function ratesOf(now: NodeUsage, earlier: readonly NodeUsage[], windows: Windows): NodeRates {
  const known = earlier.map(containersById)
  const pods = new Map<string, ReadonlyMap<string, Rate>>()
  let incomplete = false
  for (const { uid, containers } of now.pods) {
    const rates = new Map<string, Rate>()
    for (const container of containers) {
      const before = known.map((byId) => byId.get(container.id)).filter((one) => one !== undefined)
      const rate = firstRate(container, [...before, startOf(container)], windows)
      if (rate) rates.set(container.name, rate)
    }
    if (rates.size === containers.length) pods.set(uid, rates)
    else incomplete = true
  }
  const all = [...pods.values()].flatMap((rates) => [...rates.values()])
  const machine = earlier.map(({ node }) => node).filter((one) => one !== undefined)
  const node = now.node ? firstRate(now.node, machine, windows) : sumOf(all, now.at, windows)
  return { ...(node && { node }), pods, incomplete: incomplete || !node }
}

/** All together. `at`: where there are none. */
export function sumOf(rates: readonly Rate[], at: number, { shortestMs }: Windows): Rate {
  const sum = (of: (rate: Rate) => number): number => rates.reduce((total, rate) => total + of(rate), 0)
  return {
    at: Math.min(...rates.map((rate) => rate.at), at),
    windowMs: Math.max(shortestMs, ...rates.map((rate) => rate.windowMs)),
    nanocores: sum((rate) => rate.nanocores),
    memoryBytes: sum((rate) => rate.memoryBytes),
  }
}

function firstRate(now: Usage, earlier: readonly Counter[], { shortestMs, longestMs }: Windows): Rate | undefined {
  for (const before of earlier) {
    const windowMs = now.at - before.at
    const used = now.cpuNanoseconds - before.cpuNanoseconds
    // A counter that went back is not the one that was read before.
    if (windowMs < shortestMs || windowMs > longestMs || used < 0) continue
    return { at: now.at, windowMs, nanocores: Math.round((used / windowMs) * 1000), memoryBytes: now.memoryBytes }
  }
  return undefined
}
type Counter = Pick<Usage, 'at' | 'cpuNanoseconds'>

function startOf({ startedAt }: ContainerUsage): Counter {
  return { at: startedAt, cpuNanoseconds: 0 }
}

function containersById({ pods }: NodeUsage): ReadonlyMap<string, ContainerUsage> {
  return new Map(pods.flatMap(({ containers }) => containers.map((container) => [container.id, container] as const)))
}
