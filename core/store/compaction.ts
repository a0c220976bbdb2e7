import type { Revision } from './contract.js'
import type { History, Version } from './history.js'
import { type DiskWrite, encode, metaNames, versionDeletes } from './records.js'

export interface CompactionHooks {
  /** Writes in its turn; need not be synced, for what is lost of a compaction is done again on opening. */
  write(writes: readonly DiskWrite[]): Promise<unknown>
  /** Called when what lies before `compacted` can no longer be read. */
  compacted(): void
  /** Says that the store is closing: what is left is found when it opens again. */
  stopped(): boolean
}

const changesAtOnce = 512

/** Compactions, one after the other, each in pieces between which the writers have their turn. */
export class Compaction {
  readonly #history: History
  readonly #hooks: CompactionHooks
  #last: Promise<void> = Promise.resolve()

  constructor(history: History, hooks: CompactionHooks) {
    this.#history = history
    this.#hooks = hooks
  }

  run(revision: Revision): Promise<void> {
    const turn = this.#last.then(() => this.#compact(revision))
    this.#last = turn.catch(() => {})
    return turn
  }

  /** Resolves when none is under way. */
  async settled(): Promise<void> {
    await this.#last
  }

  async discard(garbage: readonly Version[]): Promise<void> {
    for (let first = 0; first < garbage.length && !this.#hooks.stopped(); first += changesAtOnce) {
      await this.#hooks.write(garbage.slice(first, first + changesAtOnce).flatMap(versionDeletes))
    }
  }

  async #compact(revision: Revision): Promise<void> {
    if (revision <= this.#history.compacted || this.#hooks.stopped()) return
    // The mark goes first: without it nothing may be missing, and behind it anything may.
    await this.#hooks.write([{ name: metaNames.compacted, value: encode(revision) }])
    do {
      const garbage = this.#history.compact(revision, changesAtOnce)
      this.#hooks.compacted()
      await this.discard(garbage)
    } while (this.#history.cluttered && !this.#hooks.stopped())
  }
}
