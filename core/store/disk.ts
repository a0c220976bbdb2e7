import type { DiskWrite } from './records.js'

/** A frozen view of the disk, for reads that take more than one turn. */
export interface DiskView {
  /** In the order of the names; undefined for a missing record. */
  read(names: readonly string[]): Promise<(Uint8Array | undefined)[]>
  close(): Promise<void>
}

/** What the engine wants of a disk: sorted, atomic batches of records. One engine owns it. */
export interface Disk {
  /** False for an engine whose values stay in memory: nothing is ever read back, and nothing outlives the process. */
  readonly durable: boolean
  /** Tells one run of the machine from the next, or undefined where that is unknown. */
  readonly boot: string | undefined
  /** All or nothing. With `sync` it is on the medium when the promise resolves. Called one at a time. */
  write(writes: readonly DiskWrite[], sync: boolean): Promise<void>
  read(name: string): Uint8Array | undefined
  view(): DiskView
  /** All records from `from` on and before `to`, in order, in pieces of bounded size. */
  scan(from: string, to: string): AsyncIterable<readonly (readonly [name: string, value: Uint8Array])[]>
  /**
   * Called after a `write` that rejected, and before the next: makes the disk ready to be written again. Rejects while
   * it is not; then it is called anew before the next write. What the failed batch left behind may or may not be there.
   */
  recover(): Promise<void>
  /** Runs `flush` when the callers of this turn have had the chance to join the group. */
  gather(flush: () => void): void
  close(): Promise<void>
}

const nothing: DiskView = { read: async (names) => names.map(() => undefined), close: async () => {} }

/** No disk at all: the engine's versions keep their values. */
export const noDisk: Disk = {
  durable: false,
  boot: undefined,
  write: async () => {},
  read: () => undefined,
  view: () => nothing,
  async *scan() {},
  recover: async () => {},
  gather: (flush) => queueMicrotask(flush),
  close: async () => {},
}
