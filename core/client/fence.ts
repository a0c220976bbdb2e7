import type { Clock } from '../kernel/contract.js'
import type { Lease } from '../kinds/contract.js'
import { ApiError } from './api-error.js'
import type { Fence } from './contract.js'
import { leases } from './resources.js'

/** The fence of one term of a leader: its lease as it last wrote it, until the term ends or is not renewed in time. */
export class TermFence implements Fence {
  readonly #clock: Clock
  readonly #namespace: string
  readonly #name: string
  #until = 0
  #ended = false
  #resourceVersion = ''
  /** An attempt to renew that is under way. */
  #renewing: Promise<void> | undefined

  constructor(clock: Clock, namespace: string, name: string) {
    this.#clock = clock
    this.#namespace = namespace
    this.#name = name
  }

  /** Until `until` on the monotonic clock. */
  extend(lease: Lease, until: number): void {
    if (this.#ended) return
    this.#resourceVersion = lease.metadata.resourceVersion ?? ''
    this.#until = until
  }

  renews(attempt: Promise<void>): void {
    this.#renewing = attempt
    void attempt.then(() => {
      if (this.#renewing === attempt) this.#renewing = undefined
    })
  }

  /** For good: a term that is over is never extended. */
  end(): void {
    this.#ended = true
    this.#until = 0
  }

  check(): void {
    if (this.#clock.monotonic() < this.#until) return
    throw ApiError.serviceUnavailable(`this process no longer holds the lease ${this.#name}`)
  }

  get held() {
    const { group, resource } = leases
    return { group, resource, namespace: this.#namespace, name: this.#name, resourceVersion: this.#resourceVersion }
  }

  async moved(from: string): Promise<boolean> {
    if (this.#resourceVersion === from) await this.#renewing
    return this.#resourceVersion !== from
  }
}
