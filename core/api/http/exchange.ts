/**
 * One request with its reply, the same over HTTP/1.1 and HTTP/2: what both versions of Node's request and response
 * objects can do, and no more.
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { parseQuery, type Query } from './query.js'

export interface HttpRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly httpVersionMajor: number
  readonly socket: Duplex
  readonly stream?: unknown
}
export interface HttpResponse {
  readonly headersSent: boolean
  readonly writableEnded: boolean
  readonly destroyed?: boolean
  readonly writableLength: number
  writeHead(code: number, headers: OutgoingHttpHeaders): unknown
  flushHeaders(): void
  setHeader(name: string, value: string | readonly string[]): unknown
  getHeader(name: string): number | string | string[] | undefined
  /** `done`: the chunk is sent, or never will be. */
  write(chunk: Uint8Array, done?: () => void): boolean
  end(chunk?: Uint8Array): unknown
  on(event: 'close' | 'drain', listener: () => void): unknown
  off(event: 'close' | 'drain', listener: () => void): unknown
}

export interface Exchange {
  readonly request: HttpRequest
  readonly response: HttpResponse
  /** Upper case. */
  readonly method: string
  /** Raw, without the query. */
  readonly path: string
  readonly query: Query
  readonly socket: TLSSocket
  readonly body: Buffer | undefined
  /** For the counters: the code of the reply, called once. */
  readonly replied: (code: number) => void
}

export function exchangeOf(
  request: HttpRequest,
  response: HttpResponse,
  body: Buffer | undefined,
  replied: (code: number) => void,
): Exchange {
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  return {
    request,
    response,
    method: request.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: parseQuery(mark < 0 ? '' : url.slice(mark + 1)),
    socket: tlsSocketOf(request),
    body,
    replied,
  }
}

/** One header; of those that came more than once the first, where Node does not join them. */
export function header(exchange: Exchange, name: string): string | undefined {
  const value = exchange.request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

// On HTTP/2 the request's own socket is a proxy that guards against misuse; the session's is the real one.
function tlsSocketOf(request: HttpRequest): TLSSocket {
  const session = (request.stream as { session?: { socket?: TLSSocket } } | undefined)?.session
  return (request.httpVersionMajor === 2 && session?.socket ? session.socket : request.socket) as TLSSocket
}

/** The client is gone, or the reply is complete. */
export function isClosed({ response }: Exchange): boolean {
  const { stream } = response as { stream?: { destroyed?: boolean } }
  return response.destroyed === true || response.writableEnded || stream?.destroyed === true
}

/** Ends a reply half-way, so that the client cannot take it for complete. */
export function closeHard({ request, response }: Exchange): void {
  const { stream } = response as { stream?: { close?(code: number): void } }
  // 8 is CANCEL: other streams of the same HTTP/2 connection live on.
  if (request.httpVersionMajor === 2 && stream?.close) stream.close(8)
  else request.socket.destroy()
}
