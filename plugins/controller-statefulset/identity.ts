/** The lasting identity of each Pod: its number, and the name and labels made of it. */

import type { Pod, StatefulSet } from '@davit/core/kinds'
import { revisionHashLabel } from './revision-label.js'

const podNameLabel = 'statefulset.kubernetes.io/pod-name'
const podIndexLabel = 'apps.kubernetes.io/pod-index'

const numbered = /^(.+)-(\d+)$/

/** The parts of a name that ends in a number, as the names of Pods and claims do. */
export function splitNumbered(name: string): { readonly parent: string; readonly ordinal: number } | undefined {
  const [, parent, ordinal] = numbered.exec(name) ?? []
  return parent === undefined ? undefined : { parent, ordinal: Number(ordinal) }
}

/** `undefined`: the name is none that this set gives. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const parts = splitNumbered(pod.metadata.name)
  return parts?.parent === set.metadata.name && podName(set, parts.ordinal) === pod.metadata.name ? parts.ordinal : undefined
}

export function podName(set: StatefulSet, ordinal: number): string {
  return `${set.metadata.name}-${ordinal}`
}

export interface Range {
  readonly start: number
  /** The first that is not wanted any more. */
  readonly end: number
}

/** The wanted numbers. There may be more of them than a list can hold. */
export function ordinalsOf({ spec }: StatefulSet): Range {
  const start = spec.ordinals?.start ?? 0
  return { start, end: start + (spec.replicas ?? 1) }
}

export function isWanted(set: StatefulSet, ordinal: number): boolean {
  const { start, end } = ordinalsOf(set)
  return ordinal >= start && ordinal < end
}

export function identityLabels(set: StatefulSet, ordinal: number): Readonly<Record<string, string>> {
  return { [podNameLabel]: podName(set, ordinal), [podIndexLabel]: String(ordinal) }
}

/** The name of the revision that the Pod was made of. */
export function revisionOf({ metadata }: Pod): string | undefined {
  return metadata.labels?.[revisionHashLabel]
}
