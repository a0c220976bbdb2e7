import type { Clock, Logger, Random, Timer } from '../kernel/contract.js'
import type { Lease } from '../kinds/contract.js'
import { isConflict, isExists, isNotFound } from './api-error.js'
import type { Client, Fence } from './contract.js'
import { edit } from './edit.js'
import type { EventRecorder } from './event-recorder.js'
import { TermFence } from './fence.js'
import { leases } from './resources.js'

export interface LeaderElectionOptions {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Of the Lease. */
  readonly namespace: string
  readonly name: string
  /** Unique for each candidate. */
  readonly identity: string
  /** Hears, as an Event of the Lease, that it became the leader or stopped being it. */
  readonly events?: Pick<EventRecorder, 'record'>
  /** How long a leader that is not heard of is still respected. Default 12 s. */
  readonly leaseMs?: number
  /** A leader that could not renew for so long gives up. Less than `leaseMs`. Default 8 s. */
  readonly renewDeadlineMs?: number
  /** Between two attempts. Default 2 s. */
  readonly retryMs?: number
  /**
   * Called each time it becomes the leader, never twice at once. When `signal` aborts, all that it began has to end, and
   * the promise resolves when it has: only then the lease is given free, or sought again. Until then `fence` refuses
   * what was still to be written; where the election is closed, only what comes later than the lease is good for. A
   * rejection ends the term: another may lead, and this one tries again later.
   */
  lead(term: Term): Promise<void>
}
export interface Term {
  readonly signal: AbortSignal
  /** For all writes of the term: see `ApiRequest.fence`. */
  readonly fence: Fence
}

/**
 * Not Kubernetes' 15, 10 and 2 seconds: a lease is seen up to a retry after it was renewed, and with these a leader that
 * was killed is followed after 14.4 s at most, instead of 19.8 s.
 */
export const leaderDefaults = { leaseMs: 12_000, renewDeadlineMs: 8_000, retryMs: 2_000 }
/** Retries come up to so much later, so that candidates do not stay in step. */
export const retryJitter = 0.2

interface RunningTerm extends Term {
  readonly abort: AbortController
  readonly fence: TermFence
}

/**
 * Elects one leader among processes by a Lease. It never compares clocks of two machines: a lease counts as expired when
 * it did not change for its duration by the candidate's own clock.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions & typeof leaderDefaults
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>
  #term: RunningTerm | undefined
  /** The work of the latest term, until it has ended. */
  #working: Promise<void> | undefined
  #turning: Promise<void> = Promise.resolve()
  #deadline: Timer | undefined
  /** The lease as last seen, and when it was seen to change. */
  #seen: { readonly version: string; readonly at: number; readonly lease: Lease } | undefined

  constructor(options: LeaderElectionOptions) {
    this.#options = { ...leaderDefaults, ...options, lead: (term) => options.lead(term) }
    this.#ended = this.#run()
  }

  get leading(): boolean {
    return this.#term !== undefined
  }
  /** '' while nobody is known to lead. */
  get leader(): string {
    return this.#seen?.lease.spec?.holderIdentity ?? ''
  }

  /** Stops leading, gives the lease free for the next when the work has ended, and takes part no more. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the election is closed'))
    this.#end('it is closed')
    await this.#ended
  }

  async #run(): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      // What an earlier term began is still ending: until then another may lead, but not this one again.
      if (this.#term !== undefined || this.#working === undefined) this.#turning = this.#turn()
      await unlessAborted(this.#turning, signal)
      await clock.sleep(this.#pauseMs(), signal).catch(() => undefined)
    }
    await this.#working
    await this.#inTime(this.#turning)
    await this.#inTime(this.#release())
  }

  /** An API that does not answer keeps nobody from stopping. */
  async #inTime(call: Promise<void>): Promise<void> {
    const late = new AbortController()
    const timer = this.#options.clock.setTimer(this.#options.retryMs, () => late.abort())
    await unlessAborted(call, late.signal)
    timer.cancel()
  }

  #turn(): Promise<void> {
    const turn = this.#takeOrRenew()
    this.#term?.fence.renews(turn)
    return turn
  }

  /** Never rejects. */
  async #takeOrRenew(): Promise<void> {
    const asked = this.#options.clock.monotonic()
    const term = this.#term
    const lease = await this.#attempt()
    if (lease) this.#renewed(asked, lease, term)
    else if (this.leader !== this.#options.identity) this.#end('another has the lease')
  }

  /** Until the next attempt: at the latest when the lease of another, not being renewed, may be taken. */
  #pauseMs(): number {
    const { retryMs, random } = this.#options
    const pause = retryMs * (1 + retryJitter * random.next())
    const left = this.#leftMs()
    return left > 0 ? Math.min(pause, left) : pause
  }

  /** How long the lease, as last seen, is still respected. */
  #leftMs(): number {
    const { clock, identity } = this.#options
    const holder = this.leader
    if (this.#seen === undefined || holder === '' || holder === identity) return 0
    const durationMs = (this.#seen.lease.spec?.leaseDurationSeconds ?? 0) * 1000
    return durationMs - (clock.monotonic() - this.#seen.at)
  }

  /** An answer that took too long counts from when it was asked for: others may count from then too. */
  #renewed(asked: number, lease: Lease, renewing: RunningTerm | undefined): void {
    const { clock, renewDeadlineMs } = this.#options
    const until = asked + renewDeadlineMs
    const left = until - clock.monotonic()
    if (left <= 0) return
    if (this.#stop.signal.aborted) {
      renewing?.fence.extend(lease, until)
      return
    }
    // It was asked for in a term that ended before the answer came, and whose work is still ending.
    if (this.#term === undefined && this.#working !== undefined) return
    this.#deadline?.cancel()
    this.#deadline = clock.setTimer(left, () => this.#end('it could not renew its lease in time'))
    const term = this.#term ?? this.#begin()
    term.fence.extend(lease, until)
  }

  #begin(): RunningTerm {
    const { clock, log, namespace, name, identity } = this.#options
    log.info({ lease: name, identity }, 'leads')
    this.#tell('became leader')
    const abort = new AbortController()
    const term = { abort, signal: abort.signal, fence: new TermFence(clock, namespace, name) }
    this.#term = term
    this.#working = this.#work(term)
    return term
  }

  /** Never rejects. */
  async #work(term: RunningTerm): Promise<void> {
    const { lead, log, name, identity } = this.#options
    // In a later turn, behind the renewal that began it.
    await Promise.resolve()
    try {
      await lead(term)
    } catch (error) {
      if (!term.signal.aborted) log.error({ error, lease: name, identity }, 'what a leader does failed; another may try')
    }
    term.fence.end()
    if (this.#term === term) {
      this.#end('its work ended')
      await this.#inTime(this.#release())
    }
    this.#working = undefined
  }

  #end(reason: string): void {
    this.#deadline?.cancel()
    const term = this.#term
    if (term === undefined) return
    const { log, name, identity } = this.#options
    log.info({ lease: name, identity, reason }, 'leads no more')
    this.#tell('stopped leading')
    this.#term = undefined
    // Where it closes, what is under way is still written: its lease stands until the work has ended, or has run out.
    if (!this.#stop.signal.aborted) term.fence.end()
    term.abort.abort(new Error(`no longer the leader: ${reason}`))
  }

  #tell(what: string): void {
    const { events, identity } = this.#options
    if (this.#seen) events?.record(this.#seen.lease, 'Normal', 'LeaderElection', `${identity} ${what}`)
  }

  /** Takes the lease or renews it. Undefined where somebody else has it, or the API could not be asked. */
  async #attempt(): Promise<Lease | undefined> {
    const { client, namespace, name, identity, log } = this.#options
    try {
      const lease = await client.get(leases, namespace, name).catch((error) => {
        if (isNotFound(error)) return undefined
        throw error
      })
      if (lease === undefined) return this.#note(await client.create(leases, this.#fresh()))
      this.#note(lease)
      if (!this.#mayTake(lease)) return undefined
      return this.#note(
        await client.update(
          leases,
          edit(lease, (draft) => this.#claim(draft)),
        ),
      )
    } catch (error) {
      if (!isConflict(error) && !isExists(error))
        log.warn({ error, lease: name, identity }, 'leader election could not reach its lease')
      return undefined
    }
  }

  #note(lease: Lease): Lease {
    const version = lease.metadata.resourceVersion ?? ''
    if (this.#seen?.version !== version) this.#seen = { version, at: this.#options.clock.monotonic(), lease }
    return lease
  }

  #mayTake(lease: Lease): boolean {
    const holder = lease.spec?.holderIdentity ?? ''
    if (holder === '' || holder === this.#options.identity) return true
    return this.#leftMs() <= 0
  }

  #fresh(): Lease {
    const { namespace, name } = this.#options
    const lease: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec: {} }
    this.#claim(lease)
    return lease
  }

  #claim(draft: Lease): void {
    const { identity, leaseMs } = this.#options
    const now = microTime(this.#options.clock.now())
    const spec = draft.spec ?? {}
    const same = spec.holderIdentity === identity
    draft.spec = {
      ...spec,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseMs / 1000),
      renewTime: now,
      acquireTime: same ? (spec.acquireTime ?? now) : now,
      leaseTransitions:
        spec.holderIdentity === undefined || same ? (spec.leaseTransitions ?? 0) : (spec.leaseTransitions ?? 0) + 1,
    }
  }

  async #release(): Promise<void> {
    const { client, clock, log, name, identity } = this.#options
    const lease = this.#seen?.lease
    if (lease?.spec?.holderIdentity !== identity) return
    const released = edit(lease, (draft) => {
      draft.spec = { ...draft.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(clock.now()) }
    })
    await client.update(leases, released).catch((error) => log.warn({ error, lease: name }, 'a lease could not be given free'))
  }
}

/** Resolves with `promise`, which must not reject, or as soon as the signal aborts. */
function unlessAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
    void promise.then(done)
  })
}

/** RFC 3339 with six digits of a second. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z')
}
