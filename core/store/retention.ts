import type { Clock } from '../kernel/contract.js'
import type { Revision } from './contract.js'

/** How much history automatic compaction leaves. */
export interface RetentionOptions {
  /** At least so many revisions. */
  readonly revisions: number
  /** And all of the last so many seconds, */
  readonly seconds: number
  /** but never more than so many revisions: they take memory. */
  readonly maximumRevisions: number
}
export const defaultRetention: RetentionOptions = { revisions: 10_000, seconds: 300, maximumRevisions: 250_000 }

/** Decides when to compact and up to where. Growth wakes it: an idle store never compacts. */
export class Retention {
  /** May be replaced at any time. */
  options: RetentionOptions
  readonly #clock: Clock
  /** When which revision was the newest, oldest first. */
  #marks: { readonly revision: Revision; readonly at: number }[]

  constructor(options: RetentionOptions, clock: Clock, current: Revision) {
    this.options = options
    this.#clock = clock
    this.#marks = [{ revision: current, at: clock.monotonic() }]
  }

  /** Called with the newest revision after each group. Returns the revision to compact up to, when it is time. */
  note(current: Revision, compacted: Revision): Revision | undefined {
    const { revisions, seconds, maximumRevisions } = this.options
    const last = this.#marks.at(-1)?.revision ?? 0
    if (current - last < revisions / 8) return undefined
    const now = this.#clock.monotonic()
    this.#marks.push({ revision: current, at: now })
    const old = this.#marks.findLastIndex((mark) => mark.at <= now - seconds * 1000)
    if (old > 0) this.#marks.splice(0, old)
    const byTime = old < 0 ? 0 : (this.#marks[0]?.revision ?? 0)
    const target = Math.max(Math.min(current - revisions, byTime), current - maximumRevisions)
    return target - compacted >= revisions / 2 ? target : undefined
  }
}
