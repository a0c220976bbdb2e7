/** When each node was last heard of, by this process's clock: a node's own clock may be wrong. */
import type { Clock } from '@davit/core/kernel'
import type { Lease, Node } from '@davit/core/kinds'
import { conditionOf } from './conditions.js'

interface Heard {
  readonly uid: string | undefined
  heartbeat: string
  at: number
}

export class Liveness {
  readonly #clock: Clock
  readonly #nodes = new Map<string, Heard>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whoever is seen for the first time is taken to live: nothing is known of the time before. */
  observe(node: Node): void {
    const { name, uid } = node.metadata
    const ready = conditionOf(node, 'Ready')
    // Our own word that it is lost is no sign of life.
    const heartbeat =
      ready?.status === 'Unknown' ? '' : `${ready?.lastHeartbeatTime} ${ready?.lastTransitionTime} ${ready?.status}`
    const known = this.#nodes.get(name)
    if (!known || known.uid !== uid) this.#nodes.set(name, { uid, heartbeat, at: this.#clock.monotonic() })
    else if (known.heartbeat !== heartbeat) {
      known.heartbeat = heartbeat
      if (heartbeat !== '') known.at = this.#clock.monotonic()
    }
  }

  knows({ metadata }: Node): boolean {
    return this.#nodes.get(metadata.name)?.uid === metadata.uid
  }

  renewed({ metadata }: Lease): void {
    const known = this.#nodes.get(metadata.name)
    if (known) known.at = this.#clock.monotonic()
  }

  forget(name: string): void {
    this.#nodes.delete(name)
  }

  /** Milliseconds since the last sign. */
  silence(name: string): number {
    const known = this.#nodes.get(name)
    return known ? this.#clock.monotonic() - known.at : 0
  }
}
