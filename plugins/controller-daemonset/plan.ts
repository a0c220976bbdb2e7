/** What a DaemonSet's nodes lack, pure: where Pods are to be made, and which are to be removed. */
import { isPodAvailable } from '@davit/core/controller'
import type { DaemonSet, Node, Pod } from '@davit/core/kinds'
import { eligibilityOf } from './eligible.js'
import { hashLabel, nodeOf } from './pod.js'
import { planUpdate } from './update.js'

export interface State {
  readonly set: DaemonSet
  readonly nodes: readonly Node[]
  /** All that are the set's. */
  readonly pods: readonly Pod[]
  /** Of the present template. */
  readonly hash: string
  /** Milliseconds since 1970. */
  readonly now: number
}
export interface Seat {
  readonly node: string
  readonly runs: boolean
  /** Those that are bound first, of these the oldest; those that have finished and are on their way out are left out. */
  readonly pods: readonly Pod[]
}
export type Removal = 'failed' | 'succeeded' | 'surplus' | 'not meant for its node' | 'outdated'
export interface Plan {
  /** Names of nodes. */
  readonly create: readonly string[]
  readonly remove: readonly { readonly pod: Pod; readonly node: string; readonly why: Removal }[]
  /** The nodes as the plan saw them, for the status. */
  readonly seats: readonly Seat[]
}

export function planDaemonSet(state: State): Plan {
  const { set, nodes } = state
  const byNode = podsByNode(state.pods)
  const create: string[] = []
  const remove: Plan['remove'][number][] = []
  const seats: Seat[] = []
  for (const node of nodes) {
    const { name } = node.metadata
    const pods = byNode.get(name) ?? []
    byNode.delete(name)
    const eligibility = eligibilityOf(set, node)
    const runs = eligibility === 'runs'
    if (!runs && pods.length === 0) continue
    seats.push({ node: name, runs, pods })
    if (runs && pods.length === 0) create.push(name)
    for (const [pod, why] of eligibility === 'never' ? evicted(pods) : surplus(state, pods)) remove.push({ pod, node: name, why })
  }
  // What is left is on no node that there is. A Pod that is bound to one goes with it; nobody else removes the others.
  for (const [node, pods] of byNode) {
    const waiting = pods.filter(({ spec }) => !spec.nodeName)
    for (const [pod, why] of evicted(waiting)) remove.push({ pod, node, why })
  }
  if (set.spec.updateStrategy?.type === 'OnDelete') return { create, remove, seats }
  const update = planUpdate(
    state,
    seats.filter(({ runs }) => runs),
  )
  const known = new Set(remove.map(({ pod }) => pod))
  const outdated = update.remove.filter(({ pod }) => !known.has(pod))
  return { create: [...create, ...update.create], remove: [...remove, ...outdated], seats }
}

function podsByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>()
  for (const pod of pods) {
    const node = nodeOf(pod)
    if (node === undefined || (isGoing(pod) && hasFinished(pod))) continue
    const list = byNode.get(node)
    if (list) list.push(pod)
    else byNode.set(node, [pod])
  }
  const rank = ({ metadata, spec }: Pod) => `${spec.nodeName ? 0 : 1} ${metadata.creationTimestamp ?? ''} ${metadata.name}`
  for (const list of byNode.values()) list.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
  return byNode
}

function evicted(pods: readonly Pod[]): readonly (readonly [Pod, Removal])[] {
  return pods.filter((pod) => !isGoing(pod)).map((pod) => [pod, 'not meant for its node'] as const)
}

/** What has finished, and all but one; while a surge is allowed, one of each template. */
function surplus(state: State, pods: readonly Pod[]): readonly (readonly [Pod, Removal])[] {
  const { set, hash } = state
  const present = pods.filter((pod) => !isGoing(pod))
  const finished = present
    .filter(hasFinished)
    .map((pod) => [pod, pod.status?.phase === 'Failed' ? 'failed' : 'succeeded'] as const)
  const running = present.filter((pod) => !hasFinished(pod))
  if (limit(set.spec.updateStrategy?.rollingUpdate?.maxSurge ?? 0, 1) === 0) {
    return [...finished, ...running.slice(1).map((pod) => [pod, 'surplus'] as const)]
  }
  const olds = running.filter((pod) => !isUpdated(pod, hash))
  const news = running.filter((pod) => isUpdated(pod, hash))
  return [...finished, ...[...olds.slice(1), ...news.slice(1)].map((pod) => [pod, 'surplus'] as const)]
}

/** Percents are of `whole`, rounded up. */
export function limit(value: number | string, whole: number): number {
  if (typeof value === 'number') return value
  return value.endsWith('%') ? Math.ceil((Number(value.slice(0, -1)) * whole) / 100) : Number(value)
}

export function isUpdated({ metadata }: Pod, hash: string): boolean {
  return metadata.labels?.[hashLabel] === hash
}

export function isGoing({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined
}

export function hasFinished({ status }: Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded'
}

export function isServing({ set, now }: Pick<State, 'set' | 'now'>, pod: Pod): boolean {
  return isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now)
}
