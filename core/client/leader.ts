import type { Clock, Logger, Random, Timer } from '../kernel/contract.js'
import type { Lease } from '../kinds/contract.js'
import { isConflict, isExists, isNotFound } from './api-error.js'
import type { Client } from './contract.js'
import { edit } from './edit.js'
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
  /** How long a leader that is not heard of is still respected. Default 15 s. */
  readonly leaseMs?: number
  /** A leader that could not renew for so long gives up. Less than `leaseMs`. Default 10 s. */
  readonly renewDeadlineMs?: number
  /** Between two attempts. Default 2 s. */
  readonly retryMs?: number
  /** Called each time it becomes the leader. `signal` is aborted when it is no longer: everything must stop then. */
  lead(signal: AbortSignal): void
}

const defaults = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 }

/**
 * Elects one leader among processes by a Lease. It never compares clocks of two machines: a lease counts as expired when
 * it did not change for its duration by the candidate's own clock.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions & typeof defaults
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>
  #lead: AbortController | undefined
  #deadline: Timer | undefined
  /** The lease as last seen, and when it was seen to change. */
  #seen: { readonly version: string; readonly at: number; readonly lease: Lease } | undefined

  constructor(options: LeaderElectionOptions) {
    this.#options = { ...defaults, ...options, lead: (signal) => options.lead(signal) }
    this.#ended = this.#run()
  }

  get leading(): boolean {
    return this.#lead !== undefined
  }
  /** '' while nobody is known to lead. */
  get leader(): string {
    return this.#seen?.lease.spec?.holderIdentity ?? ''
  }

  /** Stops leading, gives the lease free for the next, and takes part no more. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#ended
  }

  async #run(): Promise<void> {
    const { clock, retryMs, random, identity } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      const began = clock.monotonic()
      if (await this.#attempt()) this.#renewed(began)
      else if (this.leader !== identity) this.#end('another has the lease')
      await clock.sleep(retryMs * (1 + 0.2 * random.next()), signal).catch(() => undefined)
    }
    const led = this.#lead !== undefined
    this.#end('it is closed')
    if (led) await this.#release()
  }

  /** An answer that took too long counts from when it was asked for: others may count from then too. */
  #renewed(began: number): void {
    const { clock, renewDeadlineMs } = this.#options
    const left = renewDeadlineMs - (clock.monotonic() - began)
    if (left <= 0 || this.#stop.signal.aborted) return
    this.#deadline?.cancel()
    this.#deadline = clock.setTimer(left, () => this.#end('it could not renew its lease in time'))
    this.#begin()
  }

  #begin(): void {
    if (this.#lead !== undefined) return
    const { log, name, identity } = this.#options
    log.info({ lease: name, identity }, 'leads')
    this.#lead = new AbortController()
    this.#options.lead(this.#lead.signal)
  }

  #end(reason: string): void {
    this.#deadline?.cancel()
    if (this.#lead === undefined) return
    const { log, name, identity } = this.#options
    log.info({ lease: name, identity, reason }, 'leads no more')
    this.#lead.abort(new Error(`no longer the leader: ${reason}`))
    this.#lead = undefined
  }

  /** Takes the lease or renews it. False where somebody else has it, or the API could not be asked. */
  async #attempt(): Promise<boolean> {
    const { client, namespace, name, identity, log } = this.#options
    try {
      const lease = await client.get(leases, namespace, name).catch((error) => {
        if (isNotFound(error)) return undefined
        throw error
      })
      if (lease === undefined) return this.#note(await client.create(leases, this.#fresh()))
      this.#note(lease)
      if (!this.#mayTake(lease)) return false
      return this.#note(
        await client.update(
          leases,
          edit(lease, (draft) => this.#claim(draft)),
        ),
      )
    } catch (error) {
      if (!isConflict(error) && !isExists(error))
        log.warn({ error, lease: name, identity }, 'leader election could not reach its lease')
      return false
    }
  }

  #note(lease: Lease): true {
    const version = lease.metadata.resourceVersion ?? ''
    if (this.#seen?.version !== version) this.#seen = { version, at: this.#options.clock.monotonic(), lease }
    return true
  }

  #mayTake(lease: Lease): boolean {
    const holder = lease.spec?.holderIdentity ?? ''
    if (holder === '' || holder === this.#options.identity) return true
    const durationMs = (lease.spec?.leaseDurationSeconds ?? 0) * 1000
    return this.#options.clock.monotonic() - (this.#seen?.at ?? 0) >= durationMs
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
    const { client, log, name } = this.#options
    const lease = this.#seen?.lease
    if (lease === undefined) return
    const released = edit(lease, (draft) => {
      draft.spec = { ...draft.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(this.#options.clock.now()) }
    })
    await client.update(leases, released).catch((error) => log.warn({ error, lease: name }, 'a lease could not be given free'))
  }
}

/** RFC 3339 with six digits of a second. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z')
}
