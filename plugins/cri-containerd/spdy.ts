/**
 * The runtime's streaming server, spoken to in SPDY/3.1: of its protocols the only one in which the end of standard
 * input can be told. We open all streams; what the server replies to that is not needed, so nothing is decompressed,
 * and headers are sent as stored blocks. Neither side has flow control beyond the connection's.
 */
import { request } from 'node:http'
import type { Duplex } from 'node:stream'

const kinds = { synStream: 1, reset: 3, ping: 6, goAway: 7 } as const
const fin = 1
const headSize = 8
const pieceSize = 32 * 1024

export interface SpdyStream {
  /** Each chunk that comes; awaited, so that a slow taker slows the server. */
  onData: (chunk: Buffer) => Promise<void> | void
  /** The other side has ended it, or the connection is over. */
  readonly ended: Promise<void>
  /** Resolves when more may come. */
  write(chunk: Uint8Array): Promise<void>
  /** Closes our side. */
  end(): void
}
export interface SpdyConnection {
  open(headers: Readonly<Record<string, string>>, onData?: SpdyStream['onData']): SpdyStream
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>
  close(): void
}

/** Rejects when the server does not switch protocols; the message is its answer. */
export function connectSpdy(url: string, protocol: string, signal: AbortSignal): Promise<SpdyConnection> {
  return new Promise((resolve, reject) => {
    const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocol }
    const call = request(url, { method: 'POST', headers, signal, agent: false })
    call.once('error', reject)
    call.once('upgrade', (_response, socket, head) => resolve(createConnection(socket, head)))
    call.once('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('end', () => {
        reject(new Error(`the runtime refuses the stream: ${Buffer.concat(chunks).toString().trim() || response.statusCode}`))
      })
    })
    call.end()
  })
}

interface Open {
  readonly stream: SpdyStream
  finish(): void
}

export function createConnection(socket: Duplex, head: Buffer): SpdyConnection {
  const streams = new Map<number, Open>()
  const writeHeaders = createHeaderWriter()
  let next = 1
  let over = false

  const send = (frame: Buffer): Promise<void> => {
    if (over || socket.destroyed || socket.write(frame)) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off('drain', done)
        socket.off('close', done)
        resolve()
      }
      socket.on('drain', done)
      socket.on('close', done)
    })
  }
  const finish = (id: number): void => {
    streams.get(id)?.finish()
    streams.delete(id)
  }
  const receive = async ({ kind, id, flags, payload }: Frame): Promise<void> => {
    if (kind === 'data') {
      if (payload.length > 0) await streams.get(id)?.stream.onData(payload)
      if (flags & fin) finish(id)
    } else if (kind === kinds.ping) void send(controlFrame(kinds.ping, 0, payload))
    else if (kind === kinds.reset) finish(payload.readUInt32BE(0))
    else if (kind === kinds.goAway) socket.end()
  }
  const closed = (async () => {
    try {
      const parse = createFrameParser()
      for await (const frame of framesOf(socket, head, parse)) await receive(frame)
    } catch {
      // A connection that breaks off is over like any other; whether that was too early, the talk decides.
    } finally {
      over = true
      socket.destroy()
      for (const id of [...streams.keys()]) finish(id)
    }
  })()

  return {
    closed,
    close: () => void socket.destroy(),
    open(headers, onData = () => {}) {
      const id = next
      next += 2
      let finished: () => void = () => {}
      const ended = new Promise<void>((resolve) => (finished = resolve))
      let ending = false
      const stream: SpdyStream = {
        onData,
        ended,
        async write(chunk) {
          for (let at = 0; at < chunk.length && !ending; at += pieceSize) {
            await send(dataFrame(id, 0, chunk.subarray(at, at + pieceSize)))
          }
        },
        end() {
          if (ending) return
          ending = true
          void send(dataFrame(id, fin, new Uint8Array(0)))
        },
      }
      if (over) finished()
      else streams.set(id, { stream, finish: finished })
      const fixed = Buffer.alloc(10)
      fixed.writeUInt32BE(id, 0)
      void send(controlFrame(kinds.synStream, 0, fixed, writeHeaders(headers)))
      return stream
    },
  }
}

export interface Frame {
  readonly kind: number | 'data'
  readonly id: number
  readonly flags: number
  readonly payload: Buffer
}

async function* framesOf(socket: Duplex, head: Buffer, parse: ReturnType<typeof createFrameParser>): AsyncGenerator<Frame> {
  if (head.length > 0) yield* parse(head)
  for await (const chunk of socket) yield* parse(chunk as Buffer)
}

export function createFrameParser(): (chunk: Buffer) => Generator<Frame> {
  let pending: Buffer = Buffer.alloc(0)
  return function* parse(chunk) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (pending.length >= headSize) {
      const size = pending.readUIntBE(5, 3)
      if (pending.length < headSize + size) return
      const first = pending.readUInt32BE(0)
      const flags = pending[4] as number
      const payload = pending.subarray(headSize, headSize + size)
      pending = pending.subarray(headSize + size)
      const isControl = first >= 2 ** 31
      yield { kind: isControl ? first & 0xffff : 'data', id: isControl ? 0 : first, flags, payload }
    }
  }
}

function controlFrame(kind: number, flags: number, ...payload: readonly Uint8Array[]): Buffer {
  return frame(0x80030000 + kind, flags, Buffer.concat(payload))
}
export function dataFrame(id: number, flags: number, payload: Uint8Array): Buffer {
  return frame(id, flags, payload)
}
function frame(first: number, flags: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(headSize)
  head.writeUInt32BE(first, 0)
  head[4] = flags
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}

/**
 * Blocks of headers are one compressed stream: zlib's head with the checksum of the protocol's dictionary, then for each
 * block a stored block, and the empty one of a flush, without which the reader would wait for more.
 */
export function createHeaderWriter(): (headers: Readonly<Record<string, string>>) => Buffer {
  let head = Buffer.from([0x78, 0x20, 0xe3, 0xc6, 0xa7, 0xc2])
  return (headers) => {
    const entries = Object.entries(headers)
    const parts = [number32(entries.length), ...entries.flatMap(([name, value]) => [...sized(name), ...sized(value)])]
    const block = Buffer.concat(parts)
    const stored = Buffer.alloc(5)
    stored.writeUInt16LE(block.length, 1)
    stored.writeUInt16LE(0xffff - block.length, 3)
    const bytes = Buffer.concat([head, stored, block, Buffer.from([0, 0, 0, 0xff, 0xff])])
    head = Buffer.alloc(0)
    return bytes
  }
}

function sized(text: string): Buffer[] {
  const bytes = Buffer.from(text)
  return [number32(bytes.length), bytes]
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
