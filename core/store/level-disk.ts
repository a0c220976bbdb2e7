import { readFileSync } from 'node:fs'
import { chmod, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Level } from 'level'
import { type Clock, DavitError } from '../kernel/contract.js'
import type { Disk, DiskView } from './disk.js'
import { messageOf } from './errors.js'
import type { DiskWrite } from './records.js'

export interface LevelDiskOptions {
  readonly directory: string
  /** Bytes of uncompressed blocks that LevelDB keeps in memory. */
  readonly cacheSize: number
}

type Database = Level<string, Uint8Array>

const recordsAtOnce = 1000
const scanBytes = 4 * 1024 * 1024
const spareBytes = 1024 * 1024

/** One LevelDB in one directory. */
export class LevelDisk implements Disk {
  readonly durable = true
  readonly boot = bootId()
  readonly #directory: string
  readonly #clock: Clock
  readonly #database: Database

  static async open(options: LevelDiskOptions, clock: Clock): Promise<LevelDisk> {
    const directory = resolve(options.directory)
    const database: Database = new Level(directory, {
      keyEncoding: 'utf8',
      valueEncoding: 'view',
      cacheSize: options.cacheSize,
      multithreading: false,
    })
    try {
      // All Secrets lie in it, and LevelDB makes files that everybody may read.
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await chmod(directory, 0o700)
      await database.open()
    } catch (error) {
      throw openError(directory, error)
    }
    return new LevelDisk(directory, clock, database)
  }

  private constructor(directory: string, clock: Clock, database: Database) {
    this.#directory = directory
    this.#clock = clock
    this.#database = database
  }

  async write(writes: readonly DiskWrite[], sync: boolean): Promise<void> {
    const batch = writes.map(({ name, value }) =>
      value === undefined ? { type: 'del' as const, key: name } : { type: 'put' as const, key: name, value },
    )
    await this.#database.batch(batch, { sync })
  }

  read(name: string): Uint8Array | undefined {
    return this.#database.getSync(name)
  }

  view(): DiskView {
    const snapshot = this.#database.snapshot()
    return {
      read: (names) => (names.length === 0 ? Promise.resolve([]) : this.#database.getMany([...names], { snapshot })),
      close: () => snapshot.close(),
    }
  }

  async *scan(from: string, to: string): AsyncGenerator<readonly (readonly [string, Uint8Array])[]> {
    const iterator = this.#database.iterator({ gte: from, lt: to, highWaterMarkBytes: scanBytes })
    try {
      for (let piece = await iterator.nextv(recordsAtOnce); piece.length > 0; piece = await iterator.nextv(recordsAtOnce)) {
        yield piece
      }
    } finally {
      await iterator.close()
    }
  }

  /**
   * LevelDB refuses every write after one that failed, until it is opened again; and opening it writes: what the log
   * holds becomes a table. So it stays as it is, readable, until there is room for that.
   */
  async recover(): Promise<void> {
    if (this.#database.status === 'open') {
      await this.#probe()
      await this.#database.close()
    }
    await this.#database.open()
  }

  gather(flush: () => void): void {
    this.#clock.defer(flush)
  }

  async close(): Promise<void> {
    await this.#database.close()
  }

  async #probe(): Promise<void> {
    let bytes = spareBytes
    for (const name of await readdir(this.#directory)) {
      if (name.endsWith('.log')) bytes += (await stat(join(this.#directory, name))).size
    }
    const file = join(this.#directory, 'probe.tmp')
    const handle = await open(file, 'w')
    try {
      await handle.writeFile(Buffer.alloc(bytes))
      await handle.sync()
    } finally {
      await handle.close()
      await rm(file, { force: true })
    }
  }
}

function openError(directory: string, error: unknown): DavitError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = (cause as { readonly code?: unknown }).code
  if (code === 'LEVEL_LOCKED') {
    const message = `The data directory ${directory} is in use by another process. Stop that one, or give this one a directory of its own.`
    return new DavitError('DAVIT_STORE_LOCKED', message, { cause: error })
  }
  const message = `The data directory ${directory} could not be opened: ${messageOf(cause)}`
  return new DavitError('DAVIT_STORE_OPEN_FAILED', message, { cause: error })
}

/** Changes with every start of the machine; undefined where the system does not tell. */
function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}
