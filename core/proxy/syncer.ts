/** Hands the newest state to a mode: one call at a time, states in between left out, failures tried again. */
import type { Clock, Logger, Timer } from '../kernel/contract.js'
import type { ProxyMode, ProxyState } from './contract.js'

export interface SyncerOptions {
  readonly mode: ProxyMode
  readonly state: () => ProxyState
  readonly clock: Clock
  readonly log: Logger
  /** Changes that come within this time go into one sync, milliseconds. */
  readonly gatherMs: number
}
const firstRetryMs = 250
const longestRetryMs = 30_000

export class Syncer {
  readonly #options: SyncerOptions
  #synced: ProxyState | undefined
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #failures = 0
  #stopped = false

  constructor(options: SyncerOptions) {
    this.#options = options
  }

  /** Something may have changed. */
  wake(): void {
    if (this.#stopped || this.#timer || this.#running) return
    this.#arm(this.#options.gatherMs)
  }

  /** Waits for the sync under way and begins no other. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#running
  }

  #arm(ms: number): void {
    this.#timer = this.#options.clock.setTimer(ms, () => {
      this.#timer = undefined
      this.#running = this.#sync().finally(() => {
        this.#running = undefined
        if (this.#failures === 0 && this.#options.state() !== this.#synced) this.wake()
      })
    })
  }

  async #sync(): Promise<void> {
    const state = this.#options.state()
    if (state === this.#synced) return
    try {
      await this.#options.mode.sync(state)
      this.#synced = state
      this.#failures = 0
    } catch (error) {
      const delay = Math.min(longestRetryMs, firstRetryMs * 2 ** this.#failures)
      this.#failures += 1
      this.#options.log.warn({ error: String(error), retryMs: delay }, 'the proxy mode could not program the kernel')
      if (!this.#stopped) this.#arm(delay)
    }
  }
}
