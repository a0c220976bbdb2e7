/**
 * The snapshot file: a line of JSON that names format, version and revision; frames; the SHA-256 of all before it. A
 * frame is its type (one byte), the lengths of its head and its value (four bytes each, big-endian), a head of JSON, and
 * the value. The last frame counts the entries.
 */
import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DavitError } from '../kernel/contract.js'
import type { Entry, Lease, LeaseId, Revision } from './contract.js'
import { messageOf } from './errors.js'

export interface SnapshotHeader {
  readonly revision: Revision
  readonly lastLease: number
}
export type SnapshotItem = { readonly type: 'entry'; readonly entry: Entry } | { readonly type: 'lease'; readonly lease: Lease }

const entryFrame = 1
const leaseFrame = 2
const endFrame = 3
const checksumBytes = 32
const format = 'davit-snapshot'
const version = 1
const empty = new Uint8Array(0)

export interface SnapshotContent {
  readonly header: SnapshotHeader
  readonly leases: readonly Lease[]
  readonly pieces: AsyncIterable<readonly Entry[]>
}

/** `take` is called once the file is there, and fixes what goes into it. Leaves no file behind when it rejects. */
export async function writeSnapshot(
  file: string,
  take: () => SnapshotContent,
): Promise<{ readonly revision: Revision; readonly entries: number }> {
  const handle = await create(file)
  try {
    const { header, leases, pieces } = take()
    const hash = createHash('sha256')
    let entries = 0
    await append(handle, hash, [Buffer.from(`${JSON.stringify({ format, version, ...header })}\n`)])
    await append(
      handle,
      hash,
      leases.flatMap(({ id, ttl }) => frame(leaseFrame, [id, ttl], empty)),
    )
    for await (const piece of pieces) {
      entries += piece.length
      await append(
        handle,
        hash,
        piece.flatMap((entry) => frame(entryFrame, headOf(entry), entry.value)),
      )
    }
    await append(handle, hash, frame(endFrame, [entries], empty))
    await handle.writeFile(hash.digest())
    await handle.sync()
    await handle.close()
    await syncDirectory(dirname(file))
    return { revision: header.revision, entries }
  } catch (error) {
    await handle.close()
    await unlink(file)
    throw failed(file, 'written', error)
  }
}

async function create(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx', 0o600)
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST'
    if (exists) throw new DavitError('DAVIT_SNAPSHOT_EXISTS', `The file ${file} exists; a snapshot never overwrites one.`)
    throw failed(file, 'written', error)
  }
}

function failed(file: string, what: string, cause: unknown): DavitError {
  return new DavitError('DAVIT_SNAPSHOT_FAILED', `The snapshot ${file} could not be ${what}: ${messageOf(cause)}`, { cause })
}

function headOf({ key, revision, created, lease }: Entry): unknown[] {
  return lease === undefined ? [key, revision, created] : [key, revision, created, lease]
}

function frame(type: number, head: unknown, value: Uint8Array): Uint8Array[] {
  const text = Buffer.from(JSON.stringify(head))
  const lengths = Buffer.alloc(9)
  lengths.writeUInt8(type, 0)
  lengths.writeUInt32BE(text.byteLength, 1)
  lengths.writeUInt32BE(value.byteLength, 5)
  return [lengths, text, value]
}

async function append(handle: FileHandle, hash: Hash, parts: readonly Uint8Array[]): Promise<void> {
  const bytes = Buffer.concat(parts)
  hash.update(bytes)
  await handle.writeFile(bytes)
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Reads a snapshot from beginning to end. Whoever wants to be sure of its first item reads it to its end first. */
export class SnapshotReader {
  readonly #file: string
  readonly #handle: FileHandle
  readonly #hash = createHash('sha256')
  #buffer: Buffer = Buffer.alloc(0)
  #offset = 0

  static async open(file: string): Promise<SnapshotReader> {
    try {
      return new SnapshotReader(file, await open(file, 'r'))
    } catch (error) {
      throw failed(file, 'read', error)
    }
  }
  private constructor(file: string, handle: FileHandle) {
    this.#file = file
    this.#handle = handle
  }

  async header(): Promise<SnapshotHeader> {
    let text = ''
    for (let byte = await this.#take(1); byte[0] !== 10; byte = await this.#take(1)) {
      text += String.fromCharCode(byte[0] as number)
      if (text.length > 1024) throw this.#corrupt('it does not begin like a snapshot')
    }
    const header = this.#parse(text) as SnapshotHeader & { readonly format: unknown; readonly version: unknown }
    if (header.format !== format) throw this.#corrupt('it does not begin like a snapshot')
    if (header.version !== version) throw this.#corrupt(`its version is ${String(header.version)}, and ${version} can be read`)
    return { revision: header.revision, lastLease: header.lastLease }
  }

  async *items(): AsyncGenerator<SnapshotItem, void, undefined> {
    for (let entries = 0; ; ) {
      const lengths = await this.#take(9)
      const head = this.#parse((await this.#take(lengths.readUInt32BE(1))).toString()) as unknown[]
      const value = new Uint8Array(await this.#take(lengths.readUInt32BE(5)))
      const type = lengths.readUInt8(0)
      if (type === leaseFrame) yield { type: 'lease', lease: { id: head[0] as LeaseId, ttl: head[1] as number } }
      else if (type === entryFrame) {
        const [key, revision, created, lease] = head as [string, number, number, string?]
        entries++
        yield { type: 'entry', entry: { key, value, revision, created, ...(lease === undefined ? {} : { lease }) } }
      } else if (type === endFrame && head[0] === entries) return this.#finish()
      else throw this.#corrupt('it holds what no snapshot holds')
    }
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  async #finish(): Promise<void> {
    const wanted = this.#hash.digest()
    const found = await this.#fill(checksumBytes + 1)
    if (found !== checksumBytes || !wanted.equals(this.#buffer.subarray(this.#offset)))
      throw this.#corrupt('its checksum is wrong')
  }

  async #take(length: number): Promise<Buffer> {
    if (length > 64 * 1024 * 1024 || (await this.#fill(length)) < length) throw this.#corrupt('it is cut off')
    const bytes = this.#buffer.subarray(this.#offset, this.#offset + length)
    this.#offset += length
    this.#hash.update(bytes)
    return bytes
  }

  /** Tries to have so many bytes in the buffer, and says how many there are. */
  async #fill(length: number): Promise<number> {
    while (this.#buffer.byteLength - this.#offset < length) {
      const more = Buffer.allocUnsafe(Math.max(1024 * 1024, length))
      const { bytesRead } = await this.#handle.read(more, 0, more.byteLength)
      if (bytesRead === 0) break
      this.#buffer = Buffer.concat([this.#buffer.subarray(this.#offset), more.subarray(0, bytesRead)])
      this.#offset = 0
    }
    return this.#buffer.byteLength - this.#offset
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch {
      throw this.#corrupt('it holds broken JSON')
    }
  }

  #corrupt(reason: string): DavitError {
    return new DavitError('DAVIT_SNAPSHOT_CORRUPT', `The snapshot ${this.#file} cannot be used: ${reason}.`)
  }
}
