/** What a StatefulSet's Pods lack, pure: which numbers to make, which Pods to remove, and why. */
import { isPodAvailable, isPodReady } from '@davit/core/controller'
import type { Pod, StatefulSet } from '@davit/core/kinds'
import { identityLabels, isWanted, ordinalOf, ordinalsOf, type Range, revisionOf } from './identity.js'

export interface State {
  readonly set: StatefulSet
  /** All that are the set's. */
  readonly pods: readonly Pod[]
  /** Name of the revision that Pods are updated to. */
  readonly update: string
  /** Whether the claims of that number still belong to an earlier Pod. */
  isStale(ordinal: number, pod: Pod | undefined): boolean
  /** Milliseconds since 1970. */
  readonly now: number
}
export type Removal = 'failed' | 'succeeded' | 'scaled down' | 'outdated'
export type Action =
  | { readonly do: 'create'; readonly ordinal: number; readonly revision: 'current' | 'update' }
  | { readonly do: 'delete'; readonly pod: Pod; readonly why: Removal }
  /** Puts the labels of its identity back. */
  | { readonly do: 'label'; readonly pod: Pod; readonly ordinal: number }

type Numbered = readonly [ordinal: number, pod: Pod]

/** In the order in which they are to be done. */
export function planStatefulSet(state: State): readonly Action[] {
  const { set } = state
  const ordinals = ordinalsOf(set)
  const wanted = new Map<number, Pod>()
  const condemned: Numbered[] = []
  for (const pod of state.pods) {
    const ordinal = ordinalOf(set, pod)
    if (ordinal === undefined) continue
    if (isWanted(set, ordinal)) wanted.set(ordinal, pod)
    else condemned.push([ordinal, pod])
  }
  condemned.sort(([a], [b]) => b - a)
  const ordered = set.spec.podManagementPolicy !== 'Parallel'
  const kept = keep(state, ordinals, wanted, ordered)
  if (kept.waits) return kept.actions
  const reduced = reduce(state, condemned, ordered)
  const before = [...kept.actions, ...reduced.actions]
  if (reduced.waits || set.spec.updateStrategy?.type === 'OnDelete') return before
  return [...before, ...replaceOne(state, ordinals, wanted)]
}

interface Step {
  readonly actions: readonly Action[]
  /** Nothing further is to happen before these have shown. */
  readonly waits: boolean
}

/** In one round; the rest follows when these have shown. */
const mostAtOnce = 500

/** From the lowest number up: what is missing is made, what has finished is removed to be made anew. */
function keep(state: State, { start, end }: Range, wanted: ReadonlyMap<number, Pod>, ordered: boolean): Step {
  const actions: Action[] = []
  for (let ordinal = start; ordinal < end; ordinal += 1) {
    const pod = wanted.get(ordinal)
    const action = pod ? mend(state, pod, ordinal) : make(state, ordinal)
    if (action) actions.push(action)
    const settled = pod !== undefined && action?.do !== 'delete' && isSettled(state, pod)
    if ((ordered && !settled) || actions.length === mostAtOnce) return { actions, waits: true }
  }
  return { actions, waits: false }
}

function make(state: State, ordinal: number): Action | undefined {
  if (state.isStale(ordinal, undefined)) return undefined
  return { do: 'create', ordinal, revision: isBelowPartition(state.set, ordinal) ? 'current' : 'update' }
}

function mend({ set }: State, pod: Pod, ordinal: number): Action | undefined {
  const { metadata, status } = pod
  if (metadata.deletionTimestamp) return undefined
  if (status?.phase === 'Failed') return { do: 'delete', pod, why: 'failed' }
  if (status?.phase === 'Succeeded') return { do: 'delete', pod, why: 'succeeded' }
  const labelled = Object.entries(identityLabels(set, ordinal)).every(([name, value]) => metadata.labels?.[name] === value)
  return labelled ? undefined : { do: 'label', pod, ordinal }
}

/** From the highest number down. An unhealthy Pod holds up the others, but does not stand in its own way. */
function reduce(state: State, condemned: readonly Numbered[], ordered: boolean): Step {
  const unhealthy = condemned.findLast(([, pod]) => !isHealthy(pod))?.[1]
  const actions: Action[] = []
  for (const [, pod] of condemned) {
    const going = pod.metadata.deletionTimestamp !== undefined
    if (ordered && (going || (pod !== unhealthy && !isSettled(state, pod)))) return { actions, waits: true }
    if (going) continue
    actions.push({ do: 'delete', pod, why: 'scaled down' })
    if (ordered) return { actions, waits: true }
  }
  return { actions, waits: false }
}

/** The highest number that has another revision, once all above it serve. */
function replaceOne({ set, update }: State, { start, end }: Range, wanted: ReadonlyMap<number, Pod>): readonly Action[] {
  for (let ordinal = end - 1; ordinal >= start + partitionOf(set); ordinal -= 1) {
    const pod = wanted.get(ordinal)
    if (!pod) return []
    if (revisionOf(pod) !== update && !pod.metadata.deletionTimestamp) return [{ do: 'delete', pod, why: 'outdated' }]
    if (!isHealthy(pod)) return []
  }
  return []
}

export function isHealthy(pod: Pod): boolean {
  return isServing(pod) && pod.metadata.deletionTimestamp === undefined
}

/** Running and ready; also one on its way out. */
export function isServing(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isPodReady(pod)
}

/** The next may follow. */
function isSettled({ set, now }: State, pod: Pod): boolean {
  return isHealthy(pod) && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now)
}

function isBelowPartition(set: StatefulSet, ordinal: number): boolean {
  if (set.spec.updateStrategy?.type !== 'RollingUpdate') return false
  return ordinal < (set.spec.ordinals?.start ?? 0) + partitionOf(set)
}

function partitionOf({ spec }: StatefulSet): number {
  return spec.updateStrategy?.rollingUpdate?.partition ?? 0
}
