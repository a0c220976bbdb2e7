/** Which objects belong to an owner: those that refer to it, less those to be let go, and those to be taken on. */
import type { KubeObject, Selector } from '../kinds/contract.js'
import { controllerOf } from './owner.js'

/** What to do with the candidates; pure, the caller writes it. */
export interface Claim<T extends KubeObject> {
  /** The owner's and staying so. */
  readonly owned: readonly T[]
  /** Match the selector and have no controller: to be given the owner's reference, after a fresh look at the owner. */
  readonly adopt: readonly T[]
  /** The owner's, but match no more: to lose its reference. */
  readonly release: readonly T[]
}

/**
 * `candidates` are all objects that might belong to `owner`: those in its namespace that match, and those that refer to
 * it. Objects on their way out are neither adopted nor released, and an owner on its way out takes on nothing.
 */
export function adoptAndRelease<T extends KubeObject>(owner: KubeObject, selector: Selector, candidates: readonly T[]): Claim<T> {
  const owned: T[] = []
  const adopt: T[] = []
  const release: T[] = []
  for (const candidate of candidates) {
    const controller = controllerOf(candidate)
    const matches = selector.matches(candidate.metadata.labels)
    const going = candidate.metadata.deletionTimestamp !== undefined
    if (controller) {
      if (controller.uid !== owner.metadata.uid) continue
      if (matches || going) owned.push(candidate)
      else release.push(candidate)
    } else if (matches && !going && owner.metadata.deletionTimestamp === undefined) {
      adopt.push(candidate)
    }
  }
  return { owned, adopt, release }
}
