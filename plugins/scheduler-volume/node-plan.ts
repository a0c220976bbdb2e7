/** Whether a node reaches the volumes of a Pod, and how its open claims would get theirs there. Pure. */
import {
  isVolumeOfClaim,
  matchVolume,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  reachesVolume,
  type StorageClass,
  selectedNode,
} from '@davit/core/kinds'
import type { Rejection } from '@davit/core/scheduler'
import type { Wanted } from './claims.js'

/** For one open claim: the volume that it takes, or none where one is to be made. */
export interface Decision {
  readonly claim: PersistentVolumeClaim
  readonly volume?: PersistentVolume
}

export interface Promises {
  /** Where, and which volume, the claim is about to get, for another Pod that uses it. */
  of(claim: PersistentVolumeClaim): { readonly node: string; readonly volume?: PersistentVolume } | undefined
  /** Volumes that claims of Pods on their way to a node get. */
  readonly volumes: ReadonlySet<string>
}

const conflict: Rejection = { reason: 'node(s) had volume node affinity conflict', unresolvable: true }
const missing: Rejection = {
  reason: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
  unresolvable: true,
}
const nothing: Rejection = { reason: "node(s) didn't find available persistent volumes to bind", unresolvable: true }

export function planNode(
  { bound, open }: Wanted,
  node: Node,
  promises: Promises,
): { readonly decisions: readonly Decision[] } | { readonly rejection: Rejection } {
  for (const volume of bound) {
    if (!volume) return { rejection: missing }
    if (!reachesVolume(volume, node)) return { rejection: conflict }
  }
  const decisions: Decision[] = []
  const taken = new Set(promises.volumes)
  for (const { claim, storageClass, candidates } of open) {
    const promised = promises.of(claim)
    const chosen = claim.metadata.annotations?.[selectedNode] ?? promised?.node
    if (chosen !== undefined && chosen !== node.metadata.name) return { rejection: nothing }
    const volume = chosen === undefined ? matchVolume(claim, candidates, { node, without: taken }) : promised?.volume
    if (volume) taken.add(volume.metadata.name)
    else if (isSetAside(candidates, claim) || !canBeMade(storageClass, node)) return { rejection: nothing }
    decisions.push({ claim, ...(volume && { volume }) })
  }
  return { decisions }
}

/** It gets that volume, wherever its Pod is: another one must not be made. */
function isSetAside(candidates: readonly PersistentVolume[], claim: PersistentVolumeClaim): boolean {
  return candidates.some((volume) => isVolumeOfClaim(volume, claim))
}

/** Terms are alternatives, the parts of a term all hold; none at all: everywhere. */
function canBeMade({ provisioner, allowedTopologies = [] }: StorageClass, { metadata: { labels = {} } }: Node): boolean {
  if (provisioner === 'kubernetes.io/no-provisioner') return false
  if (allowedTopologies.length === 0) return true
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(labels[key] ?? '')),
  )
}
