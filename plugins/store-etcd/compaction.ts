import type { Clock, Logger, Timer } from '@davit/core/kernel'
import type { Revision } from '@davit/core/store'
import type { Connection } from './connection.js'
import { isCompacted, isFuture } from './errors.js'
import type { Place } from './keys.js'
import { equal, modRevision } from './messages.js'

/** What etcd has compacted away; found by asking for the past, for etcd does not tell. */
export async function findCompacted(connection: Connection, place: Place, newest: Revision): Promise<Revision> {
  const isReadable = async (revision: Revision): Promise<boolean> => {
    try {
      const request = { key: place.markKey, revision: place.revision(revision), countOnly: true }
      await connection.call('Range', request, { repeat: true })
      return true
    } catch (error) {
      if (isCompacted(error)) return false
      throw error
    }
  }
  if (await isReadable(0)) return 0
  let [gone, kept] = [0, newest]
  while (kept - gone > 1) {
    const middle = Math.floor((gone + kept) / 2)
    if (await isReadable(middle)) kept = middle
    else gone = middle
  }
  return kept
}

/** Resolves with true where it was done, with false where more is compacted already. Rejects for a revision of the future. */
export async function compact(connection: Connection, place: Place, revision: Revision): Promise<boolean> {
  try {
    await connection.call('Compact', { revision: place.revision(revision) }, { repeat: true })
    return true
  } catch (error) {
    if (isCompacted(error)) return false
    throw error
  }
}

export interface CompactorOptions {
  readonly connection: Connection
  readonly place: Place
  readonly clock: Clock
  readonly log: Logger
  /** 0: never. */
  readonly intervalMs: number
  compacted(revision: Revision): void
}

/**
 * Compacts up to where the store was an interval ago. Of the servers over one etcd one does it: the first to move a mark
 * that all of them read. A write wakes it, so an idle store is left alone.
 */
export class Compactor {
  readonly #options: CompactorOptions
  #timer: Timer | undefined
  /** The mark as it was seen last, and the newest revision then. */
  #mark: number | undefined
  #before: Revision | undefined
  #stopped = false

  constructor(options: CompactorOptions) {
    this.#options = options
  }

  /** Something was written. */
  note(): void {
    const { clock, intervalMs } = this.#options
    if (this.#timer !== undefined || this.#stopped || intervalMs === 0) return
    this.#timer = clock.setTimer(intervalMs, () => void this.#turn(), { unref: true })
  }

  close(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  async #turn(): Promise<void> {
    const { log } = this.#options
    try {
      await this.#compact()
    } catch (error) {
      if (!this.#stopped && !isFuture(error)) log.warn({ error }, 'etcd could not be compacted; it is tried again')
    }
    this.#timer = undefined
  }

  async #compact(): Promise<void> {
    const { connection, place, compacted } = this.#options
    const target = this.#before
    const key = place.compactionKey
    // Who has not seen the mark yet looks at it, and moves it the next time.
    const compare = [{ result: equal, target: modRevision, key, modRevision: this.#mark ?? -1 }]
    const value = Buffer.from(String(target ?? 0))
    const request = { compare, success: [{ requestPut: { key, value } }], failure: [{ requestRange: { key } }] }
    const { succeeded, header, responses } = await connection.call('Txn', request)
    const revision = header?.revision ?? 0
    this.#before = place.revisionOf(revision)
    this.#mark = succeeded ? revision : (responses[0]?.responseRange?.kvs[0]?.modRevision ?? 0)
    if (!succeeded || target === undefined) return
    await compact(connection, place, target)
    compacted(target)
  }
}
