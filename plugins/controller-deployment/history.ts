/** Revisions: their numbers, what is remembered of earlier ones, and which ReplicaSets are forgotten; pure. */
import type { Deployment, ReplicaSet } from '@davit/core/kinds'
import { type Annotations, revisionAnnotation, revisionHistoryAnnotation } from './annotations.js'
import { sizeOf } from './limits.js'

/** Of the `revision-history` annotation, in characters. */
const longestHistory = 2000
const unlimited = 2 ** 31 - 1

/** 0 where there is none. 64-bit numbers: a client may have set one that a double would round. */
export function revisionOf({ metadata }: ReplicaSet): bigint {
  const text = metadata.annotations?.[revisionAnnotation] ?? ''
  return /^\d{1,19}$/.test(text) ? BigInt(text) : 0n
}

/** The number of the roll-out that the present template is, given all other ReplicaSets. */
export function nextRevision(olds: readonly ReplicaSet[]): bigint {
  let highest = 0n
  for (const revision of olds.map(revisionOf)) if (revision > highest) highest = revision
  return highest + 1n
}

/**
 * The annotations that number a ReplicaSet `revision`. One that had a lower number was rolled back to: that number goes
 * into its history.
 */
export function revisionAnnotations(set: ReplicaSet, revision: bigint): Annotations {
  const before = set.metadata.annotations?.[revisionAnnotation]
  if (revisionOf(set) >= revision) return {}
  if (before === undefined || before === '') return { [revisionAnnotation]: String(revision) }
  const history = withRevision(set.metadata.annotations?.[revisionHistoryAnnotation] ?? '', before)
  return { [revisionAnnotation]: String(revision), [revisionHistoryAnnotation]: history }
}

/** The oldest go where it becomes too long. */
function withRevision(history: string, revision: string): string {
  const revisions = [...history.split(',').filter((text) => text !== ''), revision]
  while (revisions.length > 1 && revisions.join(',').length > longestHistory) revisions.shift()
  return revisions.join(',')
}

/** Old ReplicaSets beyond the limit, lowest revision first; only those that are empty and have been seen to be. */
export function forgettable({ spec }: Deployment, olds: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const limit = spec.revisionHistoryLimit ?? unlimited
  if (limit === unlimited) return []
  const present = olds.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const surplus = Math.max(0, present.length - limit)
  return [...present].sort(byRevision).slice(0, surplus).filter(isEmpty)
}

function isEmpty(set: ReplicaSet): boolean {
  const { replicas = 0, observedGeneration = 0 } = set.status ?? {}
  return sizeOf(set) === 0 && replicas === 0 && (set.metadata.generation ?? 0) <= observedGeneration
}

function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  const [first, second] = [revisionOf(a), revisionOf(b)]
  if (first !== second) return first < second ? -1 : 1
  return (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1
}
