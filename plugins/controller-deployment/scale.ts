/** What a change of the Deployment's size does to its ReplicaSets, also in the middle of a roll-out; pure. */
import type { Deployment, ReplicaSet } from '@davit/core/kinds'
import { desiredReplicasAnnotation, maxReplicasAnnotation, numberIn } from './annotations.js'
import { type Limits, limitsOf, sizeOf } from './limits.js'
import { allOf, type Sets } from './sets.js'

/** Sizes by name; those that are not named keep theirs. */
export type Sizes = ReadonlyMap<string, number>

/** A ReplicaSet in use was sized for another size of the Deployment than it has now. */
export function isBeingScaled({ spec }: Deployment, sets: Sets): boolean {
  return activeOf(allOf(sets)).some((set) => {
    const desired = numberIn(set.metadata.annotations, desiredReplicasAnnotation)
    return desired !== undefined && desired !== (spec.replicas ?? 1)
  })
}

/**
 * One ReplicaSet in use takes the whole size. Where the new one has taken over, the old ones go. In between the change
 * is shared out in proportion, which lessens the risk of having all new Pods where the new template turns out bad.
 */
export function scaledSizes(deployment: Deployment, sets: Sets): Sizes {
  const limits = limitsOf(deployment)
  const active = activeOf(allOf(sets))
  const only = active.length > 1 ? undefined : (active[0] ?? sets.next ?? sets.olds.at(-1))
  if (only) return new Map([[only.metadata.name, limits.replicas]])
  if (sets.next && isSaturated(sets.next, limits)) return new Map(activeOf(sets.olds).map((set) => [set.metadata.name, 0]))
  if (active.length === 0 || deployment.spec.strategy?.type !== 'RollingUpdate') return new Map()
  return shareOut(active, limits, deployment.status?.replicas ?? 0)
}

function isSaturated(next: ReplicaSet, { replicas }: Limits): boolean {
  const desired = numberIn(next.metadata.annotations, desiredReplicasAnnotation)
  return sizeOf(next) === replicas && desired === replicas && (next.status?.availableReplicas ?? 0) === replicas
}

function shareOut(active: readonly ReplicaSet[], limits: Limits, counted: number): Sizes {
  const allowed = limits.replicas > 0 ? limits.replicas + limits.maxSurge : 0
  const change = allowed - active.reduce((sum, set) => sum + sizeOf(set), 0)
  const sorted = [...active].sort(change > 0 ? bySizeThenNewer : bySizeThenOlder)
  const sizes = new Map<string, number>()
  let left = change
  for (const set of sorted) {
    const share = change === 0 ? 0 : within(proportion(set, limits, counted), left)
    sizes.set(set.metadata.name, sizeOf(set) + share)
    left -= share
  }
  // What rounding left over goes to the largest, which notices it least.
  const largest = sorted[0]?.metadata.name
  if (largest !== undefined) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + left))
  return sizes
}

/** By how much a ReplicaSet is to change so that its part of the whole stays what it was. */
function proportion(set: ReplicaSet, { replicas, maxSurge }: Limits, counted: number): number {
  const size = sizeOf(set)
  if (replicas === 0) return -size
  const before = numberIn(set.metadata.annotations, maxReplicasAnnotation) || counted
  if (before === 0) return 0
  return Math.round((size * (replicas + maxSurge)) / before) - size
}

function within(share: number, left: number): number {
  return left > 0 ? Math.min(share, left) : Math.max(share, left)
}

export function activeOf(sets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return sets.filter((set) => sizeOf(set) > 0)
}

function bySizeThenNewer(a: ReplicaSet, b: ReplicaSet): number {
  return sizeOf(b) - sizeOf(a) || compareText(b.metadata.creationTimestamp, a.metadata.creationTimestamp) || byName(a, b)
}

function bySizeThenOlder(a: ReplicaSet, b: ReplicaSet): number {
  return sizeOf(b) - sizeOf(a) || compareText(a.metadata.creationTimestamp, b.metadata.creationTimestamp) || byName(a, b)
}

function byName(a: ReplicaSet, b: ReplicaSet): number {
  return compareText(a.metadata.name, b.metadata.name)
}

function compareText(a = '', b = ''): number {
  return a === b ? 0 : a < b ? -1 : 1
}
