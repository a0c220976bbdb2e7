/** Has the open claims of a Pod bound, once it has a node, and waits until they are. */
import { type Cause, type Client, edit, persistentVolumeClaims, persistentVolumes } from '@davit/core/client'
import {
  bindCompleted,
  boundByController,
  type PersistentVolume,
  type PersistentVolumeClaim,
  selectedNode,
} from '@davit/core/kinds'
import type { Storage } from './claims.js'
import type { Decision } from './node-plan.js'

/** Sets the chosen volumes aside, and names the node for those that are to be made: the volume controller does the rest. */
export async function write(decisions: readonly Decision[], node: string, client: Client, cause: Cause): Promise<void> {
  for (const { claim, volume } of decisions) {
    if (volume) await setAside(volume, claim, client, cause)
    else await nameNode(claim, node, client, cause)
  }
}

async function setAside(volume: PersistentVolume, claim: PersistentVolumeClaim, client: Client, cause: Cause): Promise<void> {
  if (volume.spec.claimRef?.uid === claim.metadata.uid) return
  const byUser = volume.spec.claimRef !== undefined
  const { apiVersion, kind, metadata } = claim
  const { namespace, name, uid, resourceVersion } = metadata
  const changed = edit(volume, (draft) => {
    draft.spec.claimRef = { apiVersion, kind, namespace, name, uid, resourceVersion }
    if (!byUser) draft.metadata.annotations = { ...draft.metadata.annotations, [boundByController]: 'yes' }
  })
  await client.update(persistentVolumes, changed, { cause })
}

async function nameNode(claim: PersistentVolumeClaim, node: string, client: Client, cause: Cause): Promise<void> {
  if (claim.metadata.annotations?.[selectedNode] === node) return
  const changed = edit(claim, (draft) => {
    draft.metadata.annotations = { ...draft.metadata.annotations, [selectedNode]: node }
  })
  await client.update(persistentVolumeClaims, changed, { cause })
}

/** 'bound', 'waiting', or why it comes to nothing. */
export function progressOf(decisions: readonly Decision[], node: string, storage: Storage): string {
  let waiting = false
  for (const { claim, volume } of decisions) {
    const { namespace = '', name, uid } = claim.metadata
    const present = storage.claim(namespace, name)
    if (!present || present.metadata.uid !== uid || present.metadata.deletionTimestamp !== undefined)
      return `PVC "${name}" is going`
    if (present.metadata.annotations?.[bindCompleted] !== undefined && present.spec.volumeName) continue
    // Taken away by a provisioner that cannot make one there.
    const named = present.metadata.annotations?.[selectedNode]
    if (!volume && named !== node && isNewer(present, claim)) return `provisioning failed for PVC "${name}"`
    waiting = true
  }
  return waiting ? 'waiting' : 'bound'
}

/** What was just written may not be known here yet. */
function isNewer(present: PersistentVolumeClaim, known: PersistentVolumeClaim): boolean {
  return present.metadata.resourceVersion !== known.metadata.resourceVersion
}
