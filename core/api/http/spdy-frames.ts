/** Frames of SPDY/3.1, as far as Kubernetes' clients use them: no server push, no settings, no flow control. */
import { constants, createInflate, type Inflate } from 'node:zlib'
import { spdyDictionary } from './spdy-dictionary.js'

export const frameTypes = { synStream: 1, synReply: 2, reset: 3, settings: 4, ping: 6, goAway: 7, headers: 8 } as const
export const fin = 0x01

export type Frame =
  | { readonly type: 'control'; readonly kind: number; readonly flags: number; readonly payload: Buffer }
  /** Part of a data frame; `flags` come with its last part. */
  | { readonly type: 'data'; readonly stream: number; readonly flags: number; readonly payload: Buffer }

const headSize = 8
const controlBit = 0x80
/** Control frames carry headers only. */
const controlLimit = 256 * 1024

/** Cuts a stream of bytes into frames. Throws on what cannot be SPDY/3. */
export function createFrameParser(): (chunk: Buffer) => Generator<Frame> {
  let pending: Buffer = Buffer.alloc(0)
  let data: { readonly stream: number; readonly flags: number; left: number } | undefined
  return function* parse(chunk) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (true) {
      if (data) {
        if (pending.length === 0 && data.left > 0) return
        const payload = pending.subarray(0, data.left)
        pending = pending.subarray(payload.length)
        data.left -= payload.length
        const { stream, flags, left } = data
        if (left === 0) data = undefined
        yield { type: 'data', stream, flags: left === 0 ? flags : 0, payload }
        continue
      }
      if (pending.length < headSize) return
      const size = pending.readUIntBE(5, 3)
      const flags = pending[4] as number
      if (((pending[0] as number) & controlBit) === 0) {
        data = { stream: pending.readUInt32BE(0), flags, left: size }
        pending = pending.subarray(headSize)
        continue
      }
      if ((pending.readUInt16BE(0) & 0x7fff) !== 3 || size > controlLimit) throw new Error('not a frame of SPDY/3')
      if (pending.length < headSize + size) return
      const payload = pending.subarray(headSize, headSize + size)
      const kind = pending.readUInt16BE(2)
      pending = pending.subarray(headSize + size)
      yield { type: 'control', kind, flags, payload }
    }
  }
}

export function controlFrame(kind: number, flags: number, ...payload: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(headSize)
  head.writeUInt16BE(0x8003, 0)
  head.writeUInt16BE(kind, 2)
  return sized(head, flags, payload)
}
export function dataFrame(stream: number, flags: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(headSize)
  head.writeUInt32BE(stream, 0)
  return sized(head, flags, [payload])
}
function sized(head: Buffer, flags: number, payload: readonly Uint8Array[]): Buffer {
  head[4] = flags
  head.writeUIntBE(
    payload.reduce((sum, part) => sum + part.length, 0),
    5,
    3,
  )
  return Buffer.concat([head, ...payload])
}
export function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/**
 * Writes header blocks. All of ours are empty, so they go into the compressed stream as stored blocks, which saves a
 * compressor for each connection: first zlib's head with the dictionary's checksum, then the four bytes of a zero, then
 * the empty block of a flush, without which Go's reader looks for more and fails.
 */
export function createHeaderWriter(): () => Buffer {
  let head = Buffer.from([0x78, 0x20, 0xe3, 0xc6, 0xa7, 0xc2])
  return () => {
    const block = Buffer.concat([head, emptyHeaders])
    head = Buffer.alloc(0)
    return block
  }
}

const emptyHeaders = Buffer.from([0x00, 0x04, 0x00, 0xfb, 0xff, 0, 0, 0, 0, 0x00, 0x00, 0x00, 0xff, 0xff])

export interface HeaderReader {
  /** Blocks must be read in order, each after the one before is done: they are one compressed stream. */
  read(block: Buffer): Promise<ReadonlyMap<string, string>>
  close(): void
}
export function createHeaderReader(): HeaderReader {
  const inflate: Inflate = createInflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH })
  let parts: Buffer[] = []
  let size = 0
  inflate.on('data', (part: Buffer) => {
    size += part.length
    if (size > controlLimit) inflate.destroy(new Error('the headers of a stream are too large'))
    else parts.push(part)
  })
  // A broken block ends the decompressor without calling back the write that it came with.
  let fail: (error: Error) => void = () => {}
  inflate.on('error', (error) => fail(error))
  inflate.on('close', () => fail(new Error('the connection is over')))
  return {
    async read(block) {
      parts = []
      size = 0
      await new Promise<void>((resolve, reject) => {
        fail = reject
        inflate.write(block, (error) => (error ? reject(error) : resolve()))
      })
      return parseHeaders(Buffer.concat(parts))
    },
    close: () => void inflate.destroy(),
  }
}

function parseHeaders(block: Buffer): Map<string, string> {
  const headers = new Map<string, string>()
  let at = 0
  const text = (): string => {
    const size = block.readUInt32BE(at)
    at += 4 + size
    if (at > block.length) throw new Error('the headers of a stream are cut off')
    return block.toString('utf8', at - size, at)
  }
  if (block.length < 4) throw new Error('the headers of a stream are missing')
  at = 4
  for (let count = block.readUInt32BE(0); count > 0; count--) {
    const name = text().toLowerCase()
    headers.set(name, text())
  }
  return headers
}
