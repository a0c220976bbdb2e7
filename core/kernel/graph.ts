/** The order of plugins: a pure function of the set of their declarations. Only `one` tokens order anything. */
import type { Token } from './contract.js'
import { DavitError } from './errors.js'

export interface GraphNode {
  readonly id: string
  readonly optional: boolean
  /** Tokens without which it cannot run. */
  readonly requires: readonly Token<unknown>[]
  /** Tokens that it can do without, but comes after. */
  readonly wants: readonly Token<unknown>[]
  readonly provides: readonly Token<unknown>[]
}

export interface Graph {
  /** Providers before dependants; what is independent stands by id. */
  readonly order: readonly string[]
  /** Of each plugin, the plugins that it comes after: those that provide what it requires or wants. */
  readonly providers: ReadonlyMap<string, readonly string[]>
  /** Optional plugins that cannot run because a token has no provider, each with the reason. */
  readonly unmet: ReadonlyMap<string, string>
}

/** Throws when a token has two providers, a required one has none, or plugins require each other in a circle. */
export function resolveGraph(nodes: readonly GraphNode[]): Graph {
  const sorted = [...nodes].sort((a, b) => compare(a.id, b.id))
  const providerOf = findProviders(sorted)
  const unmet = findUnmet(sorted, providerOf)
  const providers = new Map<string, readonly string[]>()
  for (const node of sorted) {
    const before = new Set<string>()
    for (const token of [...node.requires, ...node.wants]) {
      const provider = token.cardinality === 'one' ? providerOf.get(token.key) : undefined
      if (provider !== undefined) before.add(provider)
    }
    providers.set(node.id, [...before].sort(compare))
  }
  return { order: topological(sorted, providers), providers, unmet }
}

/** `id` and everything that stands on it over `one` tokens, in the order of set-up. */
export function dependantsOf(graph: Graph, id: string): readonly string[] {
  const found = new Set([id])
  for (const candidate of graph.order) {
    if (graph.providers.get(candidate)?.some((provider) => found.has(provider))) found.add(candidate)
  }
  return graph.order.filter((candidate) => found.has(candidate))
}

function findProviders(nodes: readonly GraphNode[]): Map<symbol, string> {
  const providerOf = new Map<symbol, string>()
  for (const node of nodes) {
    for (const token of node.provides) {
      if (token.cardinality !== 'one') continue
      const other = providerOf.get(token.key)
      if (other !== undefined) {
        throw new DavitError('DAVIT_PROVIDER_CONFLICT', `"${other}" and "${node.id}" both provide ${token.id}`, {
          details: { token: token.id, plugins: [other, node.id] },
        })
      }
      providerOf.set(token.key, node.id)
    }
  }
  return providerOf
}

/** A plugin lacks a token when nobody provides it, or only a plugin does that lacks one itself. */
function findUnmet(nodes: readonly GraphNode[], providerOf: ReadonlyMap<symbol, string>): Map<string, string> {
  const unmet = new Map<string, string>()
  for (let before = -1; before < unmet.size; ) {
    before = unmet.size
    for (const node of nodes) {
      if (unmet.has(node.id)) continue
      const lack = node.requires.find((token) => token.cardinality === 'one' && isLacking(token, providerOf, unmet))
      if (!lack) continue
      const provider = providerOf.get(lack.key)
      const reason = `requires ${lack.id}, which ${provider === undefined ? 'no plugin provides' : `"${provider}" provides`}`
      const path = provider === undefined ? reason : `${reason}, which ${unmet.get(provider)}`
      if (!node.optional) throw missing(node, lack, path, nodes, providerOf)
      unmet.set(node.id, path)
    }
  }
  return unmet
}

function isLacking(token: Token<unknown>, providerOf: ReadonlyMap<symbol, string>, unmet: ReadonlyMap<string, string>): boolean {
  const provider = providerOf.get(token.key)
  return provider === undefined || unmet.has(provider)
}

function missing(
  node: GraphNode,
  token: Token<unknown>,
  reason: string,
  nodes: readonly GraphNode[],
  providerOf: ReadonlyMap<symbol, string>,
): DavitError {
  const chain = [node.id]
  // Who needs the plugin, and who needs that: so the reader sees why the lack matters.
  for (let id = node.id; ; ) {
    const dependant = nodes.find((other) => !chain.includes(other.id) && other.requires.some((t) => providerOf.get(t.key) === id))
    if (!dependant) break
    chain.unshift(dependant.id)
    id = dependant.id
  }
  const path = chain.length > 1 ? ` (needed by ${chain.join(' → ')} → ${token.id})` : ''
  return new DavitError('DAVIT_PLUGIN_MISSING', `"${node.id}" ${reason}${path}`, {
    details: { plugin: node.id, token: token.id, path: chain },
  })
}

function topological(nodes: readonly GraphNode[], providers: ReadonlyMap<string, readonly string[]>): string[] {
  const order: string[] = []
  const placed = new Set<string>()
  let waiting = nodes.map((node) => node.id)
  while (waiting.length > 0) {
    const next = waiting.find((id) => providers.get(id)?.every((provider) => placed.has(provider)))
    if (next === undefined) throw cycle(waiting, providers)
    order.push(next)
    placed.add(next)
    waiting = waiting.filter((id) => id !== next)
  }
  return order
}

function cycle(waiting: readonly string[], providers: ReadonlyMap<string, readonly string[]>): DavitError {
  // Every waiting plugin comes after another waiting one, so walking on must come round.
  const path: string[] = []
  let id = waiting[0] as string
  while (!path.includes(id)) {
    path.push(id)
    id = providers.get(id)?.find((provider) => waiting.includes(provider)) as string
  }
  const circle = [...path.slice(path.indexOf(id)), id]
  return new DavitError('DAVIT_PLUGIN_CYCLE', `plugins require each other in a circle: ${circle.join(' → ')}`, {
    details: { plugins: circle },
  })
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
