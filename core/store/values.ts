import type { Entry } from './contract.js'
import type { Disk } from './disk.js'
import type { Version } from './history.js'
import { dataName } from './records.js'

const fewReads = 32
const readsAtOnce = 256

/** Finds the values of versions: those that memory keeps, else those on disk. */
export class Values {
  readonly #disk: Disk

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /** In this turn. The version must be readable: not compacted away, and committed or kept. */
  now(version: Version): Entry {
    return version.entry ?? entryOf(version, this.#found(version, this.#disk.read(dataName(version.key, version.revision))))
  }

  /** What is to be read is fixed in the turn of the call; a compaction after it does no harm. */
  async all(versions: readonly Version[]): Promise<Entry[]> {
    const entries: Entry[] = []
    for await (const piece of this.pieces(versions)) entries.push(...piece)
    return entries
  }

  /** As `all`, piece by piece, for more than memory should hold at once. */
  pieces(versions: readonly Version[]): AsyncIterable<readonly Entry[]> {
    const kept = versions.map((version) => version.entry)
    const missing = kept.reduce((count, entry) => count + (entry === undefined ? 1 : 0), 0)
    if (missing > fewReads) return this.#fromView(versions, kept)
    return once(versions.map((version) => this.now(version)))
  }

  #fromView(versions: readonly Version[], kept: (Entry | undefined)[]): AsyncIterable<readonly Entry[]> {
    const view = this.#disk.view()
    const found = (version: Version, bytes: Uint8Array | undefined): Uint8Array => this.#found(version, bytes)
    return (async function* () {
      try {
        for (let first = 0; first < versions.length; first += readsAtOnce) {
          const piece = versions.slice(first, first + readsAtOnce)
          const lacking = piece.filter((_, at) => kept[first + at] === undefined)
          const bytes = await view.read(lacking.map((version) => dataName(version.key, version.revision)))
          let next = 0
          yield piece.map((version, at) => kept[first + at] ?? entryOf(version, found(version, bytes[next++])))
        }
      } finally {
        await view.close()
      }
    })()
  }

  #found(version: Version, bytes: Uint8Array | undefined): Uint8Array {
    if (bytes !== undefined) return bytes
    throw new Error(`the value of ${version.key} at revision ${version.revision} is missing on disk`)
  }
}

export function entryOf(version: Version, value: Uint8Array, memo?: unknown): Entry {
  const { key, revision, created, lease } = version
  const entry: { -readonly [K in keyof Entry]: Entry[K] } = { key, value, revision, created }
  if (lease !== undefined) entry.lease = lease
  if (memo !== undefined) entry.memo = memo
  return entry
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value
}
