/** One scheduling cycle: from a Pod and a snapshot to a node, or to the reasons why there is none. Synchronous and pure. */
import type { Random } from '../kernel/contract.js'
import type {
  CycleState,
  FilterPolicy,
  NodeInfo,
  PodInfo,
  PreFilterPolicy,
  Rejection,
  ScorePolicy,
  Snapshot,
} from './contract.js'

export interface Policies {
  readonly preFilters: readonly PreFilterPolicy[]
  readonly filters: readonly FilterPolicy[]
  readonly scores: readonly ScorePolicy[]
}
export interface CycleOptions {
  readonly random: Random
  /** Where the search begins, so that all nodes get their turn; see `nextStart`. */
  readonly start: number
  /** Stop the search at so many nodes that do. */
  readonly enough: number
  /** A policy answered out of its range. */
  readonly outOfRange: (policy: string, score: number) => void
}
export type CycleOutcome =
  | { readonly node: NodeInfo; readonly nextStart: number; readonly choice: Choice }
  | {
      readonly node?: undefined
      readonly rejections: ReadonlyMap<string, Rejection>
      readonly refused?: Rejection
      readonly nextStart: number
    }

/** What was weighed: how many nodes would do, the chosen one's score and the best of the others. */
export interface Choice {
  readonly feasible: number
  readonly score: number
  readonly runnerUp?: { readonly node: string; readonly score: number }
}

/**
 * How many nodes that do are enough to choose among: all of a small cluster, a falling share of a large one, as
 * Kubernetes does it.
 */
export function enoughNodes(nodes: number, percentage: number): number {
  if (nodes <= 100) return nodes
  const share = percentage > 0 ? percentage : Math.max(5, 50 - nodes / 125)
  return Math.max(100, Math.floor((nodes * Math.min(share, 100)) / 100))
}

export function runCycle(
  state: CycleState,
  pod: PodInfo,
  snapshot: Snapshot,
  policies: Policies,
  options: CycleOptions,
): CycleOutcome {
  const narrowed = runPreFilters(state, pod, snapshot, policies.preFilters)
  if ('reason' in narrowed) return { rejections: new Map(), refused: narrowed, nextStart: options.start }
  const found = findNodes(state, pod, narrowed.nodes, policies.filters, options)
  if (found.nodes.length === 0) return { rejections: found.rejections, nextStart: found.nextStart }
  const { node, choice } = choose(state, pod, found.nodes, policies.scores, options)
  return { node, choice, nextStart: found.nextStart }
}

function runPreFilters(
  state: CycleState,
  pod: PodInfo,
  snapshot: Snapshot,
  policies: readonly PreFilterPolicy[],
): { readonly nodes: readonly NodeInfo[] } | Rejection {
  let names: ReadonlySet<string> | undefined
  for (const policy of policies) {
    const verdict = policy.preFilter(state, pod, snapshot)
    if (!verdict) continue
    if ('rejection' in verdict) return verdict.rejection
    const only = verdict.nodes
    if (!only) continue
    names = names ? new Set([...names].filter((name) => only.has(name))) : only
  }
  if (!names) return { nodes: snapshot.nodes }
  const nodes: NodeInfo[] = []
  for (const name of names) {
    const node = snapshot.node(name)
    if (node) nodes.push(node)
  }
  return { nodes }
}

function findNodes(
  state: CycleState,
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  filters: readonly FilterPolicy[],
  options: CycleOptions,
) {
  const fitting: NodeInfo[] = []
  const rejections = new Map<string, Rejection>()
  const count = nodes.length
  let looked = 0
  const start = count === 0 ? 0 : options.start % count
  while (looked < count && fitting.length < options.enough) {
    const node = nodes[(start + looked) % count] as NodeInfo
    looked += 1
    const rejection = rejectionOf(state, pod, node, filters)
    if (rejection) rejections.set(node.name, rejection)
    else fitting.push(node)
  }
  return { nodes: fitting, rejections, nextStart: count === 0 ? 0 : (start + looked) % count }
}

function rejectionOf(state: CycleState, pod: PodInfo, node: NodeInfo, filters: readonly FilterPolicy[]): Rejection | undefined {
  for (const filter of filters) {
    const rejection = filter.filter(state, pod, node)
    if (rejection) return rejection
  }
  return undefined
}

function choose(
  state: CycleState,
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  policies: readonly ScorePolicy[],
  options: CycleOptions,
): { node: NodeInfo; choice: Choice } {
  const first = nodes[0] as NodeInfo
  if (nodes.length === 1) return { node: first, choice: { feasible: 1, score: 0 } }
  for (const policy of policies) policy.preScore?.(state, pod, nodes)
  let best = first
  let score = Number.NEGATIVE_INFINITY
  let second: NodeInfo | undefined
  let secondScore = Number.NEGATIVE_INFINITY
  let ties = 0
  for (const node of nodes) {
    let total = 0
    for (const policy of policies) total += (policy.weight ?? 1) * within(policy, policy.score(state, pod, node), options)
    if (total > score) ties = 1
    else if (total === score) ties += 1
    if (total > score || (total === score && options.random.integer(ties) === 0)) {
      second = score === Number.NEGATIVE_INFINITY ? undefined : best
      secondScore = score
      best = node
      score = total
    } else if (total > secondScore) {
      second = node
      secondScore = total
    }
  }
  const runnerUp = second && { node: second.name, score: secondScore }
  return { node: best, choice: { feasible: nodes.length, score, ...(runnerUp && { runnerUp }) } }
}

function within(policy: ScorePolicy, score: number, options: CycleOptions): number {
  if (score >= 0 && score <= 100) return score
  options.outOfRange(policy.name, score)
  return score > 100 ? 100 : 0
}
