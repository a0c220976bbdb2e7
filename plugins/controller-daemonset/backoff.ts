/** How long a node waits for its next Pod after one has failed there: 1 s, doubling up to 15 minutes. */
import { namespacedKey } from '@davit/core/controller'
import type { Clock } from '@davit/core/kernel'
import type { DaemonSet } from '@davit/core/kinds'

const firstMs = 1000
const longestMs = 15 * 60_000

interface Failure {
  /** On the monotonic clock. */
  readonly at: number
  readonly waitMs: number
}

interface FailedNodes {
  /** Of the set: another of the same name begins anew. */
  readonly uid: string | undefined
  readonly nodes: Map<string, Failure>
}

export class FailedPodBackoff {
  readonly #clock: Clock
  readonly #failures = new Map<string, FailedNodes>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Milliseconds until a failed Pod on the node may be removed; 0: now, and the next will wait for longer. Where none
   * failed for twice the longest wait, it begins anew.
   */
  take(set: DaemonSet, node: string): number {
    const [key, { uid }] = [namespacedKey(set), set.metadata]
    const known = this.#failures.get(key)
    const nodes = known && known.uid === uid ? known.nodes : new Map<string, Failure>()
    const now = this.#clock.monotonic()
    // Nodes come and go: what would begin anew is not kept.
    for (const [name, { at }] of nodes) if (now - at > 2 * longestMs) nodes.delete(name)
    const last = nodes.get(node)
    const left = last ? last.at + last.waitMs - now : 0
    if (left > 0) return left
    nodes.set(node, { at: now, waitMs: last ? Math.min(longestMs, last.waitMs * 2) : firstMs })
    this.#failures.set(key, { uid, nodes })
    return 0
  }

  /** The key's object is gone. */
  forget(key: string): void {
    this.#failures.delete(key)
  }
}
