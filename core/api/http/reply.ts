/** Sends replies that are known whole. */
import type { OutgoingHttpHeaders } from 'node:http'
import { ApiError, type FailureStatus } from '../../client/contract.js'
import { formatJson } from '../../kinds/contract.js'
import { type Exchange, header, isClosed } from './exchange.js'

/** As Kubernetes: smaller replies cost more to compress than to send. */
const compressFrom = 128 * 1024
const pieceSize = 256 * 1024
const noStore = 'no-cache, private'

/** `code` and headers in one write with the body. */
export function sendBytes(
  exchange: Exchange,
  code: number,
  contentType: string,
  bytes: Uint8Array,
  headers?: OutgoingHttpHeaders,
): void {
  const { response } = exchange
  if (response.headersSent || isClosed(exchange)) return
  exchange.replied(code)
  response.writeHead(code, {
    'content-type': contentType,
    'content-length': bytes.length,
    'cache-control': noStore,
    ...headers,
  })
  if (exchange.method === 'HEAD') response.end()
  else response.end(bytes)
}

/** A code that has no body. */
export function sendEmpty(exchange: Exchange, code: number, headers: OutgoingHttpHeaders): void {
  if (exchange.response.headersSent || isClosed(exchange)) return
  exchange.replied(code)
  exchange.response.writeHead(code, { 'cache-control': noStore, ...headers })
  exchange.response.end()
}

export function sendText(exchange: Exchange, code: number, text: string, contentType = 'text/plain; charset=utf-8'): void {
  sendBytes(exchange, code, contentType, Buffer.from(text, 'utf8'), { 'x-content-type-options': 'nosniff' })
}

export function sendJson(exchange: Exchange, code: number, value: unknown, headers?: OutgoingHttpHeaders): void {
  sendBytes(exchange, code, 'application/json', Buffer.from(`${stringify(exchange, value)}\n`, 'utf8'), headers)
}

export function sendStatus(exchange: Exchange, status: FailureStatus, headers?: OutgoingHttpHeaders): void {
  const seconds = status.details?.retryAfterSeconds
  sendJson(exchange, status.code, status, seconds === undefined ? headers : { ...headers, 'retry-after': String(seconds) })
}

/** What was thrown, as the client shall see it. Anything but an `ApiError` is a bug, and `report` hears of it. */
export function sendError(
  exchange: Exchange,
  error: unknown,
  report: (error: unknown) => void,
  headers?: OutgoingHttpHeaders,
): void {
  const known = error instanceof Error && error.name === 'ApiError'
  if (!known) report(error)
  sendStatus(exchange, (known ? (error as ApiError) : ApiError.internal(error)).status, headers)
}

/**
 * `parts` one after the other. They are joined into pieces of a size that suits TLS, each sent before the next is begun, so
 * that a large list neither lies in memory twice nor blocks others.
 */
export async function sendParts(
  exchange: Exchange,
  contentType: string,
  parts: readonly Uint8Array[],
  headers?: OutgoingHttpHeaders,
): Promise<void> {
  let size = 0
  for (const part of parts) size += part.length
  if (wantsCompression(exchange, size)) return sendCompressed(exchange, contentType, parts, headers)
  if (size <= pieceSize || exchange.method === 'HEAD') {
    return sendBytes(exchange, 200, contentType, Buffer.concat(parts, size), headers)
  }
  begin(exchange, { 'content-type': contentType, 'content-length': size, ...headers })
  const memory = pieceMemory.pop() ?? Buffer.allocUnsafeSlow(pieceSize)
  for (const piece of piecesIn(memory, parts)) {
    await sent(exchange, piece)
    // The memory may still be on its way: it goes with the connection.
    if (isClosed(exchange)) return
  }
  if (pieceMemory.length < keptMemory) pieceMemory.push(memory)
  exchange.response.end()
}

function begin(exchange: Exchange, headers: OutgoingHttpHeaders): void {
  exchange.replied(200)
  exchange.response.writeHead(200, { 'cache-control': noStore, ...headers })
}

/** To touch new memory for each piece took longer than to encrypt it. */
const pieceMemory: Buffer[] = []
const keptMemory = 2

/** Each piece is good until the next one is asked for. */
function* piecesIn(memory: Buffer, parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let used = 0
  for (const part of parts) {
    if (used + part.length > memory.length) {
      if (used > 0) yield memory.subarray(0, used)
      used = 0
    }
    if (part.length > memory.length) {
      yield part
      continue
    }
    memory.set(part, used)
    used += part.length
  }
  if (used > 0) yield memory.subarray(0, used)
}

/** Resolves when these bytes are no longer needed, or nobody listens any more. */
function sent(exchange: Exchange, bytes: Uint8Array): Promise<void> {
  const { response } = exchange
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('close', done)
      resolve()
    }
    response.on('close', done)
    response.write(bytes, done)
    if (isClosed(exchange)) done()
  })
}

/** Of memory of their own each: what compresses reads them while the next one is made. */
function* pieces(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let start = 0
  let size = 0
  for (let index = 0; index < parts.length; index++) {
    size += (parts[index] as Uint8Array).length
    if (size < pieceSize && index < parts.length - 1) continue
    yield index === start ? (parts[index] as Uint8Array) : Buffer.concat(parts.slice(start, index + 1), size)
    start = index + 1
    size = 0
  }
}

async function sendCompressed(
  exchange: Exchange,
  contentType: string,
  parts: readonly Uint8Array[],
  headers?: OutgoingHttpHeaders,
): Promise<void> {
  const { createGzip } = await import('node:zlib')
  const { pipeline } = await import('node:stream/promises')
  begin(exchange, { 'content-type': contentType, 'content-encoding': 'gzip', vary: 'Accept-Encoding', ...headers })
  try {
    await pipeline(pieces(parts), createGzip({ level: 1 }), exchange.response as unknown as NodeJS.WritableStream)
  } catch {
    // The client went away: there is nobody left to tell.
  }
}

function wantsCompression(exchange: Exchange, size: number): boolean {
  if (size < compressFrom || exchange.method === 'HEAD') return false
  if (!/\bgzip\b/.test(header(exchange, 'accept-encoding') ?? '')) return false
  // On the same machine compressing takes longer than the copy that it saves.
  return exchange.socket.remoteAddress !== exchange.socket.localAddress
}

/** Resolves when more may be written, or nobody listens any more. */
export function drained(exchange: Exchange): Promise<void> {
  const { response } = exchange
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
    if (isClosed(exchange)) done()
  })
}

/** As the client wants to read it: indented on `pretty=true`, and for those who look at it themselves. */
export function stringify(exchange: Exchange, value: unknown): string {
  return wantsPretty(exchange) ? formatJson(value, 2) : formatJson(value)
}

export function wantsPretty(exchange: Exchange): boolean {
  const asked = exchange.query.first.pretty
  if (asked !== undefined) return asked === '' || asked === '1' || asked === 'true'
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(header(exchange, 'user-agent') ?? '')
}
