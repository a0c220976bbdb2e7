/**
 * Fair queuing between flows (a flow is what one user asks for). Whoever has had the least of the server so far goes
 * first, so a flow of very many requests makes the others wait for about one request of its own, not for all of them.
 *
 * Two things bound what runs. `limit` bounds the requests in flight: those that wait for the disk. `turn` bounds what one
 * turn of the event loop begins: a read is answered at once and never in flight for long, so that it is the loop itself
 * that must be shared. As long as neither is reached, a request goes straight through.
 */
import type { Clock, Timer } from '@davit/core/kernel'

export interface FairQueueOptions {
  readonly clock: Clock
  readonly limit: number
  readonly turn: number
  /** Requests of one flow that may wait. */
  readonly queue: number
  readonly waitMs: number
}
export interface Entrant {
  readonly flow: string
  /** How much of a turn it takes; at most the whole turn counts. */
  readonly cost: number
  /** Nobody waits for it any more: it is passed over. */
  closed(): boolean
}
export type Leave = () => void
/** Why it may not: too many of its flow wait already, or it waited for too long. */
export type Refused = 'full' | 'late'

interface Waiting {
  readonly entrant: Entrant
  readonly since: number
  readonly settle: (outcome: Leave | Refused) => void
}
interface Flow {
  readonly waiting: Waiting[]
  /** What it has had, as a point on the scale that all flows share. */
  had: number
}

export class FairQueue {
  readonly #options: FairQueueOptions
  readonly #flows = new Map<string, Flow>()
  /** Where the flow stood that was served last: one that comes back does not get what it left unused. */
  #served = 0
  #inFlight = 0
  #begun = 0
  #turning = false
  #late: Timer | undefined

  constructor(options: FairQueueOptions) {
    this.#options = options
  }

  get inFlight(): number {
    return this.#inFlight
  }
  get waiting(): number {
    let sum = 0
    for (const flow of this.#flows.values()) sum += flow.waiting.length
    return sum
  }

  /** Answers at once where it may begin, or is refused at once. */
  enter(entrant: Entrant): Leave | Refused | Promise<Leave | Refused> {
    if (this.#flows.size === 0 && this.#mayBegin()) return this.#begin(entrant)
    const flow = this.#flows.get(entrant.flow) ?? { waiting: [], had: this.#served }
    if (flow.waiting.length >= this.#options.queue) return 'full'
    this.#flows.set(entrant.flow, flow)
    const since = this.#options.clock.monotonic()
    const outcome = new Promise<Leave | Refused>((settle) => flow.waiting.push({ entrant, since, settle }))
    this.#nextTurn()
    this.#late ??= this.#options.clock.setTimer(this.#options.waitMs, () => this.#refuseLate(), { unref: true })
    return outcome
  }

  /** Refuses all that wait. */
  close(): void {
    this.#late?.cancel()
    for (const flow of this.#flows.values()) for (const { settle } of flow.waiting) settle('late')
    this.#flows.clear()
  }

  #mayBegin(): boolean {
    return this.#inFlight < this.#options.limit && this.#begun < this.#options.turn
  }

  #begin({ cost }: Entrant): Leave {
    this.#inFlight += 1
    this.#begun += cost
    this.#nextTurn()
    let left = false
    return () => {
      if (left) return
      left = true
      this.#inFlight -= 1
      // Nothing else wakes those who wait for somebody to leave.
      if (this.#flows.size > 0) this.#nextTurn()
    }
  }

  #nextTurn(): void {
    if (this.#turning) return
    this.#turning = true
    this.#options.clock.defer(() => {
      this.#turning = false
      this.#begun = 0
      this.#serve()
    })
  }

  #serve(): void {
    while (this.#flows.size > 0 && this.#mayBegin()) {
      const [name, flow] = this.#leastServed()
      const next = flow.waiting.shift()
      if (flow.waiting.length === 0) this.#flows.delete(name)
      if (!next || next.entrant.closed()) {
        next?.settle('late')
        continue
      }
      this.#served = flow.had
      flow.had += next.entrant.cost
      next.settle(this.#begin(next.entrant))
    }
    if (this.#flows.size > 0 && this.#inFlight < this.#options.limit) this.#nextTurn()
  }

  #leastServed(): [string, Flow] {
    let least: [string, Flow] | undefined
    for (const entry of this.#flows) if (!least || entry[1].had < least[1].had) least = entry
    return least as [string, Flow]
  }

  #refuseLate(): void {
    const { clock, waitMs } = this.#options
    this.#late = undefined
    const oldest = clock.monotonic() - waitMs
    let next = Number.POSITIVE_INFINITY
    for (const [name, flow] of this.#flows) {
      while (flow.waiting[0] && flow.waiting[0].since <= oldest) flow.waiting.shift()?.settle('late')
      if (flow.waiting[0]) next = Math.min(next, flow.waiting[0].since)
      else this.#flows.delete(name)
    }
    if (this.#flows.size > 0) {
      this.#late = clock.setTimer(Math.max(1, next - oldest), () => this.#refuseLate(), { unref: true })
    }
  }
}
