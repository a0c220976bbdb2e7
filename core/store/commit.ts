import { type Clock, DavitError, type Timer } from '../kernel/contract.js'
import type { Revision } from './contract.js'
import type { Disk } from './disk.js'
import { messageOf } from './errors.js'
import type { Version } from './history.js'
import { type DiskWrite, encode, metaNames, versionDeletes, versionWrites } from './records.js'

/** One thing to be written in its turn: a transaction, a lease, a piece of a compaction, or nothing but the turn itself. */
export interface Commit {
  readonly versions: readonly Version[]
  readonly writes: readonly DiskWrite[]
  /** Brings back what `writes` replaced, for a batch that failed and is on disk all the same. */
  readonly undo: readonly DiskWrite[]
  readonly durable: boolean
  /** Called once, when it is committed and visible. */
  done(): void
  /** Called once instead of `done`, after all of memory was rolled back to what is committed. */
  failed(error: Error): void
}

export interface CommitHooks {
  /** Makes a committed group visible. Called in order, before the `done` of any of them. */
  publish(versions: readonly Version[]): void
  /** Takes back everything that is staged. */
  rollback(): void
}

const maximumCommits = 1024
const maximumBytes = 8 * 1024 * 1024
const relaxedSyncMs = 1000
const ceilingStep = 100_000

/**
 * Group commit: one batch is on its way to the disk, and whatever is accepted meanwhile goes together into the next.
 * So the price of a sync is shared by as many writers as there are, and a lone writer pays for one sync and no wait.
 *
 * When a batch fails, all that is in flight or queued behind it fails too, for it was accepted on top of it.
 */
export class CommitQueue {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #hooks: CommitHooks
  #queue: Commit[] = []
  #scheduled = false
  #running: Promise<void> | undefined
  #undo: DiskWrite[] | undefined
  #unsynced = false
  #syncTimer: Timer | undefined
  /**
   * Relaxed writes may be seen and then lost with the machine, and their revisions must not come again with another
   * content. So the disk knows a revision that none of them exceeds; after a crash of the machine counting goes on there,
   * and all history before it is compacted: whoever saw what is lost lists anew.
   */
  #ceiling: Revision

  constructor(disk: Disk, clock: Clock, ceiling: Revision, hooks: CommitHooks) {
    this.#disk = disk
    this.#clock = clock
    this.#ceiling = ceiling
    this.#hooks = hooks
  }

  get idle(): boolean {
    return this.#running === undefined && this.#queue.length === 0
  }

  /** While the disk is being made ready again, nothing can be read from it either. */
  recovering: Promise<void> | undefined

  add(commit: Commit): void {
    this.#queue.push(commit)
    this.#schedule()
  }

  /** Commits what is queued, and then nothing is left that only a clean end would save. */
  async close(): Promise<void> {
    while (!this.idle) {
      if (this.#running) await this.#running
      else this.#start()
    }
    this.#syncTimer?.cancel()
    if (this.#undo && this.#disk.durable) await this.#recover(this.#undo)
    if (this.#ceiling === 0 || !this.#disk.durable) return
    await this.#disk.write([{ name: metaNames.ceiling, value: undefined }], true)
  }

  #schedule(): void {
    if (this.#scheduled || this.#running) return
    this.#scheduled = true
    this.#disk.gather(() => {
      this.#scheduled = false
      this.#start()
    })
  }

  #start(): void {
    if (this.#running || this.#queue.length === 0) return
    this.#running = this.#flush().finally(() => {
      this.#running = undefined
      if (this.#queue.length > 0) this.#schedule()
    })
  }

  async #flush(): Promise<void> {
    try {
      if (this.#undo) await this.#recover(this.#undo)
    } catch (error) {
      return this.#fail([], error)
    }
    const group = this.#takeGroup()
    const { writes, sync, ceiling } = this.#prepare(group)
    try {
      if (writes.length > 0) await this.#disk.write(writes, sync)
    } catch (error) {
      this.#undo = group.flatMap((commit) => [...commit.versions.flatMap(versionDeletes), ...commit.undo])
      return this.#fail(group, error)
    }
    this.#ceiling = ceiling
    if (writes.length > 0) this.#noteSync(sync)
    this.#hooks.publish(group.flatMap((commit) => commit.versions))
    for (const commit of group) commit.done()
  }

  #takeGroup(): Commit[] {
    let bytes = 0
    let taken = 0
    while (taken < this.#queue.length && taken < maximumCommits && bytes < maximumBytes) {
      for (const version of (this.#queue[taken++] as Commit).versions) bytes += version.entry?.value.byteLength ?? 0
    }
    return this.#queue.splice(0, taken)
  }

  #prepare(group: readonly Commit[]): { writes: DiskWrite[]; sync: boolean; ceiling: Revision } {
    const writes: DiskWrite[] = []
    if (!this.#disk.durable) return { writes, sync: false, ceiling: 0 }
    let sync = false
    let relaxedUpTo = 0
    for (const commit of group) {
      for (const version of commit.versions) writes.push(...versionWrites(version, version.entry?.value))
      writes.push(...commit.writes)
      if (commit.durable) sync ||= commit.versions.length > 0 || commit.writes.length > 0
      else relaxedUpTo = commit.versions.at(-1)?.revision ?? relaxedUpTo
    }
    if (relaxedUpTo <= this.#ceiling) return { writes, sync, ceiling: this.#ceiling }
    const ceiling = relaxedUpTo + ceilingStep
    writes.push(this.#ceilingWrite(ceiling))
    return { writes, sync: true, ceiling }
  }

  #ceilingWrite(ceiling: Revision): DiskWrite {
    return { name: metaNames.ceiling, value: encode(this.#disk.boot === undefined ? [ceiling] : [ceiling, this.#disk.boot]) }
  }

  /** Sees to it that a relaxed write is on disk a second later, by the next durable one or by itself. */
  #noteSync(sync: boolean): void {
    if (!sync && this.#unsynced) return
    this.#unsynced = !sync
    this.#syncTimer?.cancel()
    this.#syncTimer = sync ? undefined : this.#clock.setTimer(relaxedSyncMs, () => this.#syncRelaxed(), { unref: true })
  }

  #syncRelaxed(): void {
    this.add({
      versions: [],
      writes: [this.#ceilingWrite(this.#ceiling)],
      undo: [],
      durable: true,
      done: () => {},
      failed: () => {},
    })
  }

  #fail(group: readonly Commit[], cause: unknown): void {
    const lost = [...group, ...this.#queue]
    this.#queue = []
    this.#hooks.rollback()
    const reason = messageOf(cause)
    for (const commit of lost.reverse()) {
      commit.failed(new DavitError('DAVIT_STORE_WRITE_FAILED', `The store could not be written: ${reason}`, { cause }))
    }
  }

  async #recover(undo: readonly DiskWrite[]): Promise<void> {
    let finished = (): void => {}
    this.recovering = new Promise((resolve) => {
      finished = resolve
    })
    try {
      await this.#disk.recover()
      if (undo.length > 0) await this.#disk.write(undo, true)
      this.#undo = undefined
    } finally {
      this.recovering = undefined
      finished()
    }
  }
}
