/**
 * SPDY/3.1 over a connection that was upgraded: how kubectl up to 1.29 runs exec and attach, and all releases forward
 * ports. Go's implementation of it has no flow control, so back-pressure is the connection's: while a stream's consumer
 * is behind, nothing is read.
 */
import type { Duplex } from 'node:stream'
import { type ByteQueue, createByteQueue } from './byte-queue.js'
import {
  controlFrame,
  createFrameParser,
  createHeaderReader,
  createHeaderWriter,
  dataFrame,
  type Frame,
  fin,
  frameTypes,
  number32,
} from './spdy-frames.js'

export interface SpdyStream {
  readonly id: number
  readonly headers: ReadonlyMap<string, string>
  /** Ends when the client closes its side, or the connection does. */
  readonly incoming: AsyncIterable<Uint8Array>
  /** Resolves when more may come. After the end of the stream or connection it does nothing. */
  write(chunk: Uint8Array): Promise<void>
  /** Closes our side. Idempotent. */
  end(): void
  reset(): void
}
export interface SpdySession {
  /** Aborted when the connection is over, for whatever reason. */
  readonly signal: AbortSignal
  /** Says goodbye and closes the connection once all is sent. Idempotent. */
  close(): void
}

const pieceSize = 32 * 1024
const cancel = 5
const streamLimit = 1000

interface OpenSpdyStream {
  readonly incoming: ByteQueue
  ended: boolean
  peerEnded: boolean
}

/** `head` is what came with the upgrade. `accept` is called for each stream that the client opens. */
export function createSpdySession(connection: Duplex, head: Buffer, accept: (stream: SpdyStream) => void): SpdySession {
  const streams = new Map<number, OpenSpdyStream>()
  const over = new AbortController()
  const headerReader = createHeaderReader()
  const headerWriter = createHeaderWriter()
  const parse = createFrameParser()
  const blocked = new Set<number>()
  let highest = 0

  function finish(): void {
    if (over.signal.aborted) return
    for (const stream of streams.values()) stream.incoming.end()
    streams.clear()
    headerReader.close()
    over.abort()
  }
  function close(): void {
    if (over.signal.aborted) return
    connection.end(controlFrame(frameTypes.goAway, 0, number32(highest), number32(0)))
    finish()
  }
  function send(frame: Buffer): Promise<void> {
    if (over.signal.aborted || connection.destroyed || connection.write(frame)) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        connection.off('drain', done)
        over.signal.removeEventListener('abort', done)
        resolve()
      }
      connection.on('drain', done)
      over.signal.addEventListener('abort', done)
    })
  }

  async function open({ flags, payload }: { readonly flags: number; readonly payload: Buffer }): Promise<void> {
    const id = payload.readUInt32BE(0) & 0x7fffffff
    const headers = await headerReader.read(payload.subarray(10))
    if (id <= highest || streams.size >= streamLimit)
      return void send(controlFrame(frameTypes.reset, 0, number32(id), number32(1)))
    highest = id
    const incoming = createByteQueue({
      full(isFull) {
        if (isFull) blocked.add(id)
        else blocked.delete(id)
        if (blocked.size > 0) connection.pause()
        else connection.resume()
      },
    })
    const stream: OpenSpdyStream = { incoming, ended: false, peerEnded: (flags & fin) !== 0 }
    if (stream.peerEnded) incoming.end()
    streams.set(id, stream)
    void send(controlFrame(frameTypes.synReply, 0, number32(id), headerWriter()))
    accept({
      id,
      headers,
      incoming,
      write: (chunk) => write(id, stream, chunk),
      end: () => end(id, stream),
      reset: () => reset(id),
    })
  }
  async function write(id: number, stream: OpenSpdyStream, chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length && !stream.ended && streams.has(id); at += pieceSize) {
      await send(dataFrame(id, 0, chunk.subarray(at, at + pieceSize)))
    }
  }
  function end(id: number, stream: OpenSpdyStream): void {
    if (stream.ended || !streams.has(id)) return
    stream.ended = true
    void send(dataFrame(id, fin, new Uint8Array(0)))
    if (stream.peerEnded) streams.delete(id)
  }
  function reset(id: number): void {
    if (forget(id)) void send(controlFrame(frameTypes.reset, 0, number32(id), number32(cancel)))
  }
  function forget(id: number): boolean {
    streams.get(id)?.incoming.end()
    return streams.delete(id)
  }

  async function receive(frame: Frame): Promise<void> {
    if (frame.type === 'data') {
      const stream = streams.get(frame.stream)
      if (frame.payload.length > 0) stream?.incoming.push(frame.payload)
      if (stream && frame.flags & fin) {
        stream.incoming.end()
        stream.peerEnded = true
        if (stream.ended) streams.delete(frame.stream)
      }
      return
    }
    if (frame.kind === frameTypes.synStream) await open(frame)
    else if (frame.kind === frameTypes.ping) void send(controlFrame(frameTypes.ping, 0, frame.payload))
    else if (frame.kind === frameTypes.reset) forget(frame.payload.readUInt32BE(0))
    else if (frame.kind === frameTypes.headers) await headerReader.read(frame.payload.subarray(4))
  }

  // One chunk after the other: headers are decompressed in other turns, and frames must stay in order.
  let last = Promise.resolve()
  function take(chunk: Buffer): void {
    connection.pause()
    last = last.then(async () => {
      try {
        for (const frame of parse(chunk)) await receive(frame)
        if (blocked.size === 0) connection.resume()
      } catch {
        connection.destroy()
        finish()
      }
    })
  }
  connection.on('data', take)
  connection.on('close', finish)
  connection.on('error', finish)
  connection.on('end', close)
  if (head.length > 0) take(head)
  else connection.resume()
  return { signal: over.signal, close }
}
