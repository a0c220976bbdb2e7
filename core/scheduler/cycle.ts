/** One scheduling cycle: from a Pod and a snapshot to a node, or to the reasons why there is none. Synchronous and pure. */
import type { Random } from '../kernel/contract.js'
import { DavitError } from '../kernel/contract.js'
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
export type CycleOutcome = Found | NoNode

interface Found {
  readonly node: NodeInfo
  readonly nextStart: number
  readonly choice: Choice
}
export interface NoNode {
  readonly node?: undefined
  readonly nextStart: number
  readonly rejections: ReadonlyMap<string, Rejection>
  /** A pre-filter ended the cycle. */
  readonly refused?: Rejection
  /** Policies that narrowed the search: the nodes that are not in `rejections` are out because of them. */
  readonly narrowedBy: readonly string[]
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

/** Throws `DAVIT_POLICY_FAILED`, which names the policy, when one throws. */
export function runCycle(
  state: CycleState,
  pod: PodInfo,
  snapshot: Snapshot,
  policies: Policies,
  options: CycleOptions,
): CycleOutcome {
  const narrowed = runPreFilters(state, pod, snapshot, policies.preFilters)
  const { narrowedBy } = narrowed
  if (narrowed.refused) return { rejections: new Map(), refused: narrowed.refused, narrowedBy, nextStart: options.start }
  const found = findNodes(state, pod, narrowed.nodes, policies.filters, options)
  // Counted over all nodes, so that Pods with few to choose from do not send the others back to the first ones.
  const nextStart = snapshot.nodes.length === 0 ? 0 : (options.start + found.looked) % snapshot.nodes.length
  if (found.nodes.length === 0) return { rejections: found.rejections, narrowedBy, nextStart }
  return { ...choose(state, pod, found.nodes, policies.scores, options), nextStart }
}

interface Narrowed {
  readonly nodes: readonly NodeInfo[]
  readonly narrowedBy: readonly string[]
  readonly refused?: Rejection
}
const byNobody: readonly string[] = []

function runPreFilters(state: CycleState, pod: PodInfo, snapshot: Snapshot, policies: readonly PreFilterPolicy[]): Narrowed {
  let names: ReadonlySet<string> | undefined
  let narrowedBy = byNobody
  for (const policy of policies) {
    const verdict = calling(policy.name, () => policy.preFilter(state, pod, snapshot))
    if (!verdict) continue
    if ('rejection' in verdict) return { nodes: [], narrowedBy, refused: verdict.rejection }
    const only = verdict.nodes
    if (!only) continue
    names = names ? new Set([...names].filter((name) => only.has(name))) : only
    narrowedBy = [...narrowedBy, policy.name]
  }
  if (!names) return { nodes: snapshot.nodes, narrowedBy }
  const nodes = [...names].sort().flatMap((name) => snapshot.node(name) ?? [])
  return { nodes, narrowedBy }
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
  let place = count === 0 ? 0 : options.start % count
  while (looked < count && fitting.length < options.enough) {
    const node = nodes[place] as NodeInfo
    looked += 1
    place += 1
    if (place === count) place = 0
    const rejection = rejectionOf(state, pod, node, filters)
    if (rejection) rejections.set(node.name, rejection)
    else fitting.push(node)
  }
  return { nodes: fitting, rejections, looked }
}

function rejectionOf(state: CycleState, pod: PodInfo, node: NodeInfo, filters: readonly FilterPolicy[]): Rejection | undefined {
  let at = 0
  try {
    for (; at < filters.length; at++) {
      const rejection = (filters[at] as FilterPolicy).filter(state, pod, node)
      if (rejection) return rejection
    }
    return undefined
  } catch (error) {
    throw policyFailed(filters[at]?.name ?? '', error)
  }
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
  const totals = new Float64Array(nodes.length)
  for (const policy of policies) calling(policy.name, () => policy.preScore?.(state, pod, nodes))
  for (const policy of policies) calling(policy.name, () => addScores(totals, state, pod, nodes, policy, options))
  const { best, second } = bestTwo(totals, options.random)
  const runnerUp = { node: (nodes[second] as NodeInfo).name, score: totals[second] as number }
  return { node: nodes[best] as NodeInfo, choice: { feasible: nodes.length, score: totals[best] as number, runnerUp } }
}

function addScores(
  totals: Float64Array,
  state: CycleState,
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  policy: ScorePolicy,
  { outOfRange }: CycleOptions,
): void {
  const weight = policy.weight ?? 1
  for (let index = 0; index < nodes.length; index++) {
    let score = policy.score(state, pod, nodes[index] as NodeInfo)
    if (!(score >= 0 && score <= 100)) {
      outOfRange(policy.name, score)
      score = score > 100 ? 100 : 0
    }
    totals[index] = (totals[index] as number) + weight * score
  }
}

/** Places of the best, every one of equals with the same chance, and of the best of the others. */
export function bestTwo(totals: Float64Array, random: Random): { readonly best: number; readonly second: number } {
  let best = 0
  let second = -1
  let ties = 1
  for (let index = 1; index < totals.length; index++) {
    const total = totals[index] as number
    const most = totals[best] as number
    if (total > most) ties = 1
    else if (total === most) ties += 1
    if (total > most || (total === most && random.integer(ties) === 0)) {
      second = best
      best = index
    } else if (second < 0 || total > (totals[second] as number)) {
      second = index
    }
  }
  return { best, second }
}

/** Names the policy of an error that escapes from it. */
function calling<T>(policy: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw policyFailed(policy, error)
  }
}

export function policyFailed(policy: string, cause: unknown): DavitError {
  const text = cause instanceof Error ? cause.message : String(cause)
  return new DavitError('DAVIT_POLICY_FAILED', `the scheduling policy "${policy}" threw: ${text}`, { cause })
}
