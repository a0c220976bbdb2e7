/** A Deployment's ReplicaSets: which one is of the present template, and what each is to a strategy. */
import type { RolloutSet } from '@davit/core/controller'
import type { Deployment, Pod, ReplicaSet } from '@davit/core/kinds'
import { sizeOf } from './limits.js'
import { sameTemplate } from './template-hash.js'

export interface Sets {
  /** Of the present template, once it is made. */
  readonly next: ReplicaSet | undefined
  /** All others, oldest first. */
  readonly olds: readonly ReplicaSet[]
}

/** Where several have the present template the oldest counts, so that each reconcile finds the same one. */
export function sortSets({ spec }: Deployment, sets: readonly ReplicaSet[]): Sets {
  const sorted = [...sets].sort(byAge)
  const next = sorted.find((set) => sameTemplate(set.spec.template, spec.template))
  return { next, olds: sorted.filter((set) => set !== next) }
}

export function allOf({ next, olds }: Sets): readonly ReplicaSet[] {
  return next ? [...olds, next] : olds
}

/** Oldest first, by name where they are of the same second. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const [first, second] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
  if (first !== second) return first < second ? -1 : 1
  return a.metadata.name < b.metadata.name ? -1 : 1
}

/** `pods`: those that the ReplicaSet controls. */
export function rolloutSet(set: ReplicaSet, pods: readonly Pod[]): RolloutSet {
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = set.status ?? {}
  const unfinished = pods.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed').length
  return {
    set,
    name: set.metadata.name,
    size: sizeOf(set),
    pods: replicas,
    ready: readyReplicas,
    available: availableReplicas,
    unfinished,
  }
}
