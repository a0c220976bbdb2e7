/** Small questions about objects and their owners. Pure. */
import type { KubeObject, OwnerReference } from '@davit/core/kinds'

export const orphanFinalizer = 'orphan'
export const foregroundFinalizer = 'foregroundDeletion'

export function isGoing({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined
}

export function hasFinalizer({ metadata }: KubeObject, finalizer: string): boolean {
  return metadata.finalizers?.includes(finalizer) ?? false
}

/** It goes, and waits for those that it owns. */
export function awaitsDependents(object: KubeObject): boolean {
  return isGoing(object) && hasFinalizer(object, foregroundFinalizer)
}

export function ownersOf({ metadata }: KubeObject): readonly OwnerReference[] {
  return metadata.ownerReferences ?? none
}

/** It keeps `owner` from going. */
export function blocks(dependent: KubeObject, owner: string): boolean {
  return ownersOf(dependent).some(({ uid, blockOwnerDeletion }) => uid === owner && blockOwnerDeletion === true)
}

/** Whether a change touches what the collector looks at. */
export function matters(object: KubeObject, old: KubeObject): boolean {
  if (isGoing(object) && (!isGoing(old) || !sameFinalizers(object, old))) return true
  const [now, before] = [ownersOf(object), ownersOf(old)]
  if (now.length !== before.length) return true
  return now.some(({ uid, blockOwnerDeletion }, index) => {
    const same = before[index]
    return same?.uid !== uid || same.blockOwnerDeletion !== blockOwnerDeletion
  })
}

function sameFinalizers(object: KubeObject, old: KubeObject): boolean {
  return String(object.metadata.finalizers ?? none) === String(old.metadata.finalizers ?? none)
}

const none: readonly never[] = []
