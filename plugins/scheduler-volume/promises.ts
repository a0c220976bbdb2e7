/** What Pods on their way to a node are about to get: nobody else may have it, and who shares a claim goes the same way. */
import type { PersistentVolume, PersistentVolumeClaim } from '@davit/core/kinds'
import type { Decision, Promises } from './node-plan.js'

interface Promised {
  readonly node: string
  readonly volume?: PersistentVolume
  /** Keys of the Pods that wait for it. */
  readonly pods: Set<string>
}

export class Ledger implements Promises {
  readonly #byClaim = new Map<string, Promised>()
  readonly #volumes = new Set<string>()

  get volumes(): ReadonlySet<string> {
    return this.#volumes
  }

  of({ metadata }: PersistentVolumeClaim): Promised | undefined {
    return this.#byClaim.get(metadata.uid ?? '')
  }

  promise(pod: string, node: string, decisions: readonly Decision[]): void {
    for (const { claim, volume } of decisions) {
      const uid = claim.metadata.uid ?? ''
      const promised = this.#byClaim.get(uid) ?? { node, ...(volume && { volume }), pods: new Set<string>() }
      promised.pods.add(pod)
      this.#byClaim.set(uid, promised)
      if (volume) this.#volumes.add(volume.metadata.name)
    }
  }

  /** The Pod needs nothing of it any more. Idempotent. */
  release(pod: string): void {
    for (const [uid, { pods, volume }] of this.#byClaim) {
      if (!pods.delete(pod) || pods.size > 0) continue
      this.#byClaim.delete(uid)
      if (volume) this.#volumes.delete(volume.metadata.name)
    }
  }
}
