/** Finds the Pod whose emptyDir holds more than its `sizeLimit`. Only Pods with such a limit are ever looked at. */
import { join } from 'node:path'
import type { Clock, Timer } from '../kernel/contract.js'
import { type Pod, quantityToNumber } from '../kinds/contract.js'
import { diskUsage } from './volumes/disk-usage.js'
import { canMount } from './volumes/memory.js'

const firstLookMs = 1_000
const longestWaitMs = 10_000
/** Of the time, no more than one part in this many goes into looking. */
const share = 100

export interface EmptyDirLimitsOptions {
  readonly clock: Clock
  /** Of the Pod's volumes. */
  readonly directory: string
  /** Called once: with the words of a kubelet. */
  exceeded(message: string): void
  /** It could not be looked; it will be tried again. */
  failed(error: unknown): void
}

interface Limit {
  readonly name: string
  readonly text: string
  readonly bytes: number
  /** The file system that it has where the agent may mount is never too full. */
  readonly inMemory: boolean
}

export class EmptyDirLimits {
  readonly #options: EmptyDirLimitsOptions
  #timer: Timer | undefined
  #runs = false

  constructor(options: EmptyDirLimitsOptions) {
    this.#options = options
  }

  /** The Pod's volumes are there. May be repeated. */
  begin({ spec }: Pod): void {
    if (this.#runs) return
    const limits = (spec.volumes ?? []).flatMap(({ name, emptyDir }): Limit[] => {
      const text = emptyDir?.sizeLimit ?? '0'
      const bytes = quantityToNumber(text)
      return bytes > 0 ? [{ name, text, bytes, inMemory: emptyDir?.medium === 'Memory' }] : []
    })
    if (limits.length === 0) return
    this.#runs = true
    this.#lookAfter(firstLookMs, limits)
  }

  stop(): void {
    this.#runs = false
    this.#timer?.cancel()
  }

  #lookAfter(waitMs: number, limits: readonly Limit[]): void {
    this.#timer = this.#options.clock.setTimer(waitMs, () => void this.#look(waitMs, limits), { unref: true })
  }

  async #look(waitMs: number, limits: readonly Limit[]): Promise<void> {
    const { clock, exceeded, failed } = this.#options
    const begun = clock.monotonic()
    const onDisk = (await canMount()) ? limits.filter(({ inMemory }) => !inMemory) : limits
    const over = await this.#over(onDisk).catch(failed)
    if (!this.#runs) return
    if (over) {
      this.#runs = false
      exceeded(`Usage of EmptyDir volume "${over.name}" exceeds the limit "${over.text}". `)
    } else if (onDisk.length > 0) {
      const took = clock.monotonic() - begun
      this.#lookAfter(Math.max(Math.min(waitMs * 2, longestWaitMs), took * share), limits)
    }
  }

  async #over(limits: readonly Limit[]): Promise<Limit | undefined> {
    for (const limit of limits) {
      if ((await diskUsage(join(this.#options.directory, limit.name), limit.bytes)) > limit.bytes) return limit
    }
    return undefined
  }
}
