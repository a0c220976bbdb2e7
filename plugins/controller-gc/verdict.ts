/** What becomes of an object, given the state of its owners. Pure. */
import type { KubeObject, OwnerReference } from '@davit/core/kinds'
import { foregroundFinalizer, hasFinalizer, orphanFinalizer, ownersOf } from './objects.js'

/** `absent`: verified to be gone. `waiting`: goes, and waits for its dependents. */
export type OwnerState = 'present' | 'absent' | 'waiting'
export type Policy = 'Background' | 'Foreground' | 'Orphan'

export type Verdict =
  | { readonly action: 'keep' }
  /** References to owners that are gone, or going, are taken off: somebody else still owns it. */
  | { readonly action: 'strip'; readonly references: readonly OwnerReference[] }
  /** `unblock`: its own dependents wait for it in turn, so its owners must not. */
  | { readonly action: 'delete'; readonly policy: Policy; readonly unblock: boolean }

/**
 * `states`: of each of its owner references, in order. `dependents`: `waiting` where one of them goes and waits for its
 * own dependents, of which this may be one.
 */
export function verdictOf(object: KubeObject, states: readonly OwnerState[], dependents: 'none' | 'some' | 'waiting'): Verdict {
  const references = ownersOf(object)
  if (references.length === 0) return { action: 'keep' }
  const present = references.filter((_reference, index) => states[index] === 'present')
  if (present.length === references.length) return { action: 'keep' }
  if (present.length > 0) return { action: 'strip', references: present }
  if (states.includes('waiting') && dependents !== 'none') {
    return { action: 'delete', policy: 'Foreground', unblock: dependents === 'waiting' }
  }
  return { action: 'delete', policy: ownPolicy(object), unblock: false }
}

function ownPolicy(object: KubeObject): Policy {
  if (hasFinalizer(object, orphanFinalizer)) return 'Orphan'
  return hasFinalizer(object, foregroundFinalizer) ? 'Foreground' : 'Background'
}
