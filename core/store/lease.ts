import type { Clock, Timer } from '../kernel/contract.js'
import type { Key, Lease, LeaseId } from './contract.js'

interface Held extends Lease {
  readonly keys: Set<Key>
  deadline: number
  /** Its end is on the way to the disk: it can no longer be kept. */
  ending: boolean
}

const retryMs = 1000

/**
 * The leases and the keys attached to them, as of the last transaction that was accepted. One timer waits for the
 * earliest deadline; keeping a lease only moves its deadline, and writes nothing to the disk.
 */
export class Leases {
  readonly #clock: Clock
  readonly #expired: (id: LeaseId) => void
  readonly #held = new Map<LeaseId, Held>()
  #timer: Timer | undefined
  #timerAt = 0
  #closed = false

  constructor(clock: Clock, expired: (id: LeaseId) => void) {
    this.#clock = clock
    this.#expired = expired
  }

  get size(): number {
    return this.#held.size
  }

  add(lease: Lease): void {
    const deadline = this.#clock.monotonic() + lease.ttl * 1000
    this.#held.set(lease.id, { ...lease, keys: new Set(), deadline, ending: false })
    this.#arm(deadline)
  }

  get(id: LeaseId): Lease | undefined {
    const held = this.#held.get(id)
    return held === undefined || held.ending ? undefined : { id, ttl: held.ttl }
  }

  all(): Lease[] {
    return [...this.#held.values()].map(({ id, ttl }) => ({ id, ttl }))
  }

  keep(id: LeaseId): boolean {
    const held = this.#held.get(id)
    if (held === undefined || held.ending) return false
    held.deadline = this.#clock.monotonic() + held.ttl * 1000
    return true
  }

  /** Every put and delete says what the key was attached to and what it is attached to now. */
  move(key: Key, from: LeaseId | undefined, to: LeaseId | undefined): void {
    if (from === to) return
    if (from !== undefined) this.#held.get(from)?.keys.delete(key)
    if (to !== undefined) this.#held.get(to)?.keys.add(key)
  }

  keysOf(id: LeaseId): readonly Key[] {
    return [...(this.#held.get(id)?.keys ?? [])].sort()
  }

  markEnding(id: LeaseId): void {
    const held = this.#held.get(id)
    if (held !== undefined) held.ending = true
  }

  /** The end could not be written: the lease stands again, and its end is tried again shortly. */
  markHeld(id: LeaseId): void {
    const held = this.#held.get(id)
    if (held === undefined) return
    held.ending = false
    held.deadline = Math.max(held.deadline, this.#clock.monotonic() + retryMs)
    this.#arm(held.deadline)
  }

  remove(id: LeaseId): void {
    this.#held.delete(id)
  }

  /** Attaches anew, after what was staged is rolled back. */
  reattach(attachments: Iterable<readonly [Key, LeaseId]>): void {
    for (const held of this.#held.values()) held.keys.clear()
    for (const [key, id] of attachments) this.#held.get(id)?.keys.add(key)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #arm(deadline: number): void {
    if (this.#closed || (this.#timer !== undefined && this.#timerAt <= deadline)) return
    this.#timer?.cancel()
    this.#timerAt = deadline
    const wait = Math.max(0, Math.ceil(deadline - this.#clock.monotonic()))
    this.#timer = this.#clock.setTimer(wait, () => this.#wake(), { unref: true })
  }

  #wake(): void {
    this.#timer = undefined
    const now = this.#clock.monotonic()
    let next = Number.POSITIVE_INFINITY
    for (const held of [...this.#held.values()]) {
      if (held.ending) continue
      if (held.deadline <= now) this.#expired(held.id)
      else next = Math.min(next, held.deadline)
    }
    if (next !== Number.POSITIVE_INFINITY) this.#arm(next)
  }
}
