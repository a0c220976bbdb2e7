/**
 * A file that lines are appended to: gathered for a moment and written together, never one by one, and never synced, for
 * the audit log must not cost a request a write to the disk. When it has grown too large it is put aside under the time of
 * that moment, and old ones of those are removed.
 */
import { writeSync } from 'node:fs'
import { chmod, type FileHandle, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import type { Clock, Logger, Timer } from '@davit/core/kernel'
import type { AuditConfig } from './config.js'
import { type Chunk, Lines, longestUnit } from './lines.js'

export interface LogCounts {
  readonly written: number
  /** Lost, because the queue was full or the disk refused them. */
  readonly dropped: number
}

const million = 1_000_000
const dayMs = 24 * 3600 * 1000

export class LogFile {
  readonly #config: AuditConfig
  readonly #clock: Clock
  readonly #log: Logger
  #file: FileHandle | undefined
  #size = 0
  readonly #lines = new Lines()
  /** Bytes. */
  #waiting = 0
  #timer: Timer | undefined
  #writing: Promise<void> | undefined
  #written = 0
  #dropped = 0
  #failing = false

  constructor(config: AuditConfig, clock: Clock, log: Logger) {
    this.#config = config
    this.#clock = clock
    this.#log = log
  }

  get counts(): LogCounts {
    return { written: this.#written, dropped: this.#dropped }
  }

  /** Rejects where it cannot be written: a server that shall keep a log does not run without. */
  async open(): Promise<void> {
    const { path } = this.#config
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    this.#file = await open(path, 'a', 0o600)
    await chmod(path, 0o600)
    this.#size = (await this.#file.stat()).size
    await this.#removeOld()
  }

  add(line: string): void {
    if (!this.#hasRoomFor(line)) {
      if (this.#config.whenFull === 'drop') {
        this.#drop(1, 'the queue is full')
        return
      }
      this.#writeNow()
    }
    this.#waiting += this.#lines.add(line)
    this.#timer ??= this.#clock.setTimer(this.#config.batchMs, () => void this.flush(), { unref: true })
  }

  /** How many bytes a line takes is counted only where it matters. */
  #hasRoomFor(line: string): boolean {
    const room = this.#config.queueMegabytes * million - this.#waiting
    return line.length * longestUnit <= room || Buffer.byteLength(line) <= room
  }

  /** Writes what has been gathered. Never rejects. */
  async flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#writing
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined
    })
    await this.#writing
  }

  async close(): Promise<void> {
    await this.flush()
    await this.flush()
    this.#timer?.cancel()
    await this.#file?.close()
    this.#file = undefined
  }

  async #writeAll(): Promise<void> {
    if (!this.#file) return
    for (const chunk of this.#lines.take()) {
      try {
        if (this.#isFull(chunk.bytes.length)) await this.#rotate()
        await this.#file.appendFile(chunk.bytes)
        this.#done(chunk)
      } catch (error) {
        this.#lost(chunk, error)
      }
      this.#lines.free(chunk)
    }
  }

  /** Order is kept but for what is on its way to the disk at this moment, in memory that may be shared: none is freed. */
  #writeNow(): void {
    if (!this.#file) return
    for (const chunk of this.#lines.take()) {
      try {
        for (let at = 0; at < chunk.bytes.length; ) at += writeSync(this.#file.fd, chunk.bytes, at)
        this.#done(chunk)
      } catch (error) {
        this.#lost(chunk, error)
      }
    }
  }

  #done({ bytes, count }: Chunk): void {
    this.#waiting -= bytes.length
    this.#size += bytes.length
    this.#written += count
    this.#failing = false
  }

  #lost({ bytes, count }: Chunk, error: unknown): void {
    this.#waiting -= bytes.length
    this.#drop(count, String(error))
  }

  /** Said once, until it goes well again: a full disk must not fill the log of the server as well. */
  #drop(count: number, why: string): void {
    this.#dropped += count
    if (!this.#failing) this.#log.error({ path: this.#config.path, why }, 'events of the audit log are lost')
    this.#failing = true
  }

  #isFull(more: number): boolean {
    const { maxSizeMegabytes } = this.#config
    return maxSizeMegabytes > 0 && this.#size > 0 && this.#size + more > maxSizeMegabytes * million
  }

  async #rotate(): Promise<void> {
    const { path } = this.#config
    await rename(path, await this.#freeName())
    const next = await open(path, 'a', 0o600)
    // Before the old one is closed: a full queue writes at once, whatever is under way here.
    const old = this.#file
    this.#file = next
    this.#size = 0
    await old?.close()
    await this.#removeOld()
  }

  /** "audit-2025-01-01T00-00-00.000.log", as the log files of Kubernetes are named. */
  async #freeName(): Promise<string> {
    for (let now = this.#clock.now(); ; now += 1) {
      const stamp = new Date(now).toISOString().slice(0, 23).replaceAll(':', '-')
      const name = join(dirname(this.#config.path), `${this.#stem()}-${stamp}${extname(this.#config.path)}`)
      if (!(await exists(name))) return name
    }
  }

  async #removeOld(): Promise<void> {
    const { path, maxBackups, maxAgeDays } = this.#config
    if (maxBackups === 0 && maxAgeDays === 0) return
    const pattern = /^-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3})/
    const backups = (await readdir(dirname(path)))
      .filter((name) => name.startsWith(`${this.#stem()}-`) && pattern.test(name.slice(this.#stem().length)))
      .sort()
      .reverse()
    const oldest = this.#clock.now() - maxAgeDays * dayMs
    const tooOld = (name: string): boolean => {
      const stamp = pattern.exec(name.slice(this.#stem().length))?.[1] ?? ''
      const time = Date.parse(`${stamp.slice(0, 10)}T${stamp.slice(11).replaceAll('-', ':')}Z`)
      return maxAgeDays > 0 && time < oldest
    }
    const going = backups.filter((name, index) => (maxBackups > 0 && index >= maxBackups) || tooOld(name))
    for (const name of going) await unlink(join(dirname(path), name))
  }

  #stem(): string {
    return basename(this.#config.path, extname(this.#config.path))
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
