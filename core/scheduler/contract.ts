/**
 * The scheduler room: a loop that takes Pods without a node from a queue, asks policies, and binds. Everything with an
 * opinion is a contribution to one of the tokens below; core has none.
 *
 * Policies are pure (law 9): they see a snapshot that does not change during a cycle, must not change it, and answer with
 * data. All but `Permit` and `Bind` are synchronous and must not wait. They are called from one cycle at a time, in the
 * order of their plugins' ids. A policy that throws ends the cycle with `DAVIT_POLICY_FAILED`: the Pod has the condition
 * reason SchedulerError and is tried again after its back-off.
 */

import type { Fence } from '../client/contract.js'
import type { Token } from '../kernel/contract.js'
import { many } from '../kernel/contract.js'
import type { Node, Pod } from '../kinds/contract.js'

export const QueueSort: Token<QueueSortPolicy, 'many'> = many<QueueSortPolicy>('scheduler.queue-sort/v1')
export const PreFilter: Token<PreFilterPolicy, 'many'> = many<PreFilterPolicy>('scheduler.pre-filter/v1')
export const Filter: Token<FilterPolicy, 'many'> = many<FilterPolicy>('scheduler.filter/v1')
export const PostFilter: Token<PostFilterPolicy, 'many'> = many<PostFilterPolicy>('scheduler.post-filter/v1')
export const Score: Token<ScorePolicy, 'many'> = many<ScorePolicy>('scheduler.score/v1')
export const Reserve: Token<ReservePolicy, 'many'> = many<ReservePolicy>('scheduler.reserve/v1')
export const Permit: Token<PermitPolicy, 'many'> = many<PermitPolicy>('scheduler.permit/v1')
export const Bind: Token<BindPolicy, 'many'> = many<BindPolicy>('scheduler.bind/v1')

/** What a Pod asks for, summed as Kubernetes sums it (init containers as maxima, sidecars and overhead added). */
export interface ResourceTotals {
  readonly milliCpu: number
  /** Bytes. */
  readonly memory: number
  readonly ephemeralStorage: number
  /** Extended resources by name. */
  readonly extended: ReadonlyMap<string, number>
}
/** A Pod as policies see it; made once for each Pod revision. */
export interface PodInfo {
  readonly pod: Pod
  readonly key: string
  readonly requests: ResourceTotals
  readonly priority: number
  /** (host IP, protocol, port), "0.0.0.0" for all. */
  readonly hostPorts: readonly string[]
}
/** A node as policies see it. `allocatable` and `requested` are kept up to date incrementally. */
export interface NodeInfo {
  readonly node: Node
  readonly name: string
  /** Pods on it, assumed ones included. */
  readonly pods: readonly PodInfo[]
  readonly allocatable: ResourceTotals
  readonly allowedPods: number
  readonly requested: ResourceTotals
  readonly hostPorts: ReadonlySet<string>
  /** Raised by each change: policies may cache per (node, generation). */
  readonly generation: number
}
export interface Snapshot {
  /** In order of name. The array stays the same object while no node comes or goes. */
  readonly nodes: readonly NodeInfo[]
  node(name: string): NodeInfo | undefined
}
/** Scratch space of one cycle: each policy keeps its own by a key that only it has. */
export interface CycleState {
  get<T>(key: StateKey<T>): T | undefined
  set<T>(key: StateKey<T>, value: T): void
}
export interface StateKey<T> {
  readonly symbol: symbol
  readonly _type?: T
}
export function stateKey<T>(description: string): StateKey<T> {
  return { symbol: Symbol(description) }
}

/**
 * Why a node does not do. `unresolvable`: evicting Pods from it would not help. `reason` is what a user reads, the same
 * text for the same cause on every node ("Insufficient cpu"), because nodes are counted by it.
 */
export interface Rejection {
  readonly reason: string
  readonly unresolvable?: boolean
}

/** Exactly one is used: the first by plugin id; none: by priority, then by age in the queue. */
export interface QueueSortPolicy {
  readonly name: string
  /** True when `a` goes before `b`. A strict weak order over priority, times and what never changes of a Pod. */
  less(a: QueuedPod, b: QueuedPod): boolean
}
export interface QueuedPod {
  readonly info: PodInfo
  /** Milliseconds since 1970 of the first time it was queued. */
  readonly queuedAt: number
  readonly attempts: number
}

export interface PreFilterPolicy {
  readonly name: string
  /** Once a cycle, before any filter. A rejection ends the cycle; `nodes` narrows the search to these names. */
  preFilter(
    state: CycleState,
    pod: PodInfo,
    snapshot: Snapshot,
  ): { readonly nodes?: ReadonlySet<string> } | { readonly rejection: Rejection } | undefined
  /** As of a filter. */
  helpedBy?(pod: PodInfo, other: PodInfo): boolean
  /**
   * For policies that look at more than Pods and nodes: called once when the host begins to use the policy. `retry` is to
   * be called when something changed that may let waiting Pods pass; it tries those again that `helped` accepts, each
   * after its back-off. Must not call it before it returns. The returned function ends it, when the policy or the host goes.
   */
  follow?(retry: (helped: (pod: PodInfo) => boolean) => void): () => void
}
export interface FilterPolicy {
  readonly name: string
  /** Once for each node that no filter before rejected. undefined: it does. Hot: 5,000 nodes × 1,200 Pods a second. */
  filter(state: CycleState, pod: PodInfo, node: NodeInfo): Rejection | undefined
  /**
   * Asked of each waiting Pod when another came to a node, or changed there: whether this policy may accept now what it
   * refused. Absent: never. Beside this, all waiting Pods are tried again when a node comes or changes and when a Pod on
   * one ends, goes or asks for less.
   */
  helpedBy?(pod: PodInfo, other: PodInfo): boolean
}
export interface PostFilterPolicy {
  readonly name: string
  /**
   * When no node passed: a plan to make room, or undefined. The first plan counts; the host carries it out and the Pod
   * waits. Nodes that a pre-filter left out are not among the rejections. A Pod may come here again while the victims of
   * its last plan are still ending: `status.nominatedNodeName` names that node.
   */
  postFilter(
    state: CycleState,
    pod: PodInfo,
    snapshot: Snapshot,
    rejections: ReadonlyMap<string, Rejection>,
  ): { readonly node: string; readonly victims: readonly PodInfo[] } | undefined
}
export interface ScorePolicy {
  readonly name: string
  /** Multiplies its scores; default 1. */
  readonly weight?: number
  /** Once a cycle before the first `score`, with the nodes that passed. */
  preScore?(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): void
  /** 0 to 100, higher is better; out of range is clamped and reported. Ties are broken by the seeded Random. */
  score(state: CycleState, pod: PodInfo, node: NodeInfo): number
}
export interface ReservePolicy {
  readonly name: string
  /** In order of plugin id, once a node is chosen. A rejection undoes those before it. */
  reserve(state: CycleState, pod: PodInfo, node: string): Rejection | undefined
  /** In reverse order when anything later fails. Idempotent; may be called without `reserve`. */
  unreserve(state: CycleState, pod: PodInfo, node: string): void
}
export interface PermitPolicy {
  readonly name: string
  /** Synchronous and cheap: whether it has anything to say about this Pod. Absent: always. Most Pods wait for nobody. */
  concerns?(state: CycleState, pod: PodInfo): boolean
  /**
   * After reserve. May wait (gang scheduling); the next cycles go on meanwhile. The signal aborts after the host's
   * deadline and when the host stops: what the policy answers after that, also by throwing, no longer counts.
   *
   * A policy that writes makes its client with `fence` (`clients.as(identity, fence)`), so that nothing of it follows what
   * another server decided that leads by then. Absent where nobody is elected.
   */
  permit(state: CycleState, pod: PodInfo, node: string, signal: AbortSignal, fence?: Fence): Promise<Rejection | undefined>
}
export interface BindPolicy {
  readonly name: string
  /**
   * The first that answers `bound` or a rejection ends it; `skip` passes on. None: the host posts the Binding. `fence`: as
   * of a permit.
   */
  bind(pod: PodInfo, node: string, fence?: Fence): Promise<'bound' | 'skip' | Rejection>
}
