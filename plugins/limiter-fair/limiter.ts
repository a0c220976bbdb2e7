/** Decides which queue a request belongs to, and turns a refusal into 429. */
import type { LimitedRequest, Pass, RequestLimiter } from '@davit/core/api'
import { ApiError } from '@davit/core/client'
import type { Clock } from '@davit/core/kernel'
import type { LimiterConfig } from './config.js'
import { FairQueue, type Refused } from './fair-queue.js'

const readVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch'])
/** How much of a turn they take: they go through many objects, or send many. */
const costs: ReadonlyMap<string, number> = new Map([
  ['list', 8],
  ['watch', 8],
  ['deletecollection', 8],
])
const retryAfterSeconds = 1

export class FairLimiter implements RequestLimiter {
  readonly #reads: FairQueue
  readonly #writes: FairQueue
  readonly #exempt: readonly string[]
  #refused = 0

  constructor(config: LimiterConfig, clock: Clock) {
    const { reads, writes, turn, queue, waitSeconds } = config
    const options = { clock, turn, queue, waitMs: waitSeconds * 1000 }
    this.#reads = new FairQueue({ ...options, limit: reads })
    this.#writes = new FairQueue({ ...options, limit: writes })
    this.#exempt = config.exemptGroups
  }

  enter(request: LimitedRequest): Pass | undefined | Promise<Pass | undefined> {
    const { user, verb, path } = request
    // Whether the server lives must be seen also when it is busy.
    if (path !== '' && health.test(path)) return undefined
    for (const group of this.#exempt) if (user.groups.includes(group)) return undefined
    const queue = readVerbs.has(verb) ? this.#reads : this.#writes
    const outcome = queue.enter({ flow: user.name, cost: costs.get(verb) ?? 1, closed: request.closed })
    if (outcome instanceof Promise) return outcome.then((settled) => this.#passOr429(settled))
    return this.#passOr429(outcome)
  }

  /** For whoever looks at the server. */
  state(): object {
    const of = (queue: FairQueue): object => ({ inFlight: queue.inFlight, waiting: queue.waiting })
    return { reads: of(this.#reads), writes: of(this.#writes), refused: this.#refused }
  }

  close(): void {
    this.#reads.close()
    this.#writes.close()
  }

  #passOr429(outcome: Pass | Refused): Pass {
    if (typeof outcome === 'function') return outcome
    this.#refused += 1
    throw ApiError.tooManyRequests('too many requests, please try again later', retryAfterSeconds)
  }
}

const health = /^\/(?:healthz|livez|readyz)(?:\/|$)/
