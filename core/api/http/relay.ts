/** Carries a request on to another server, and its reply back: as it comes, in both directions. */
import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from 'node:http'
import { type Agent, request as requestHttps } from 'node:https'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ConnectionOptions } from 'node:tls'
import { ApiError } from '../../client/contract.js'
import { closeHard, type Exchange, isClosed } from './exchange.js'
import { createLinkRewriter } from './link-rewriter.js'
import { replyHeaders, requestHeaders } from './relay-headers.js'
import { sendText } from './reply.js'
import type { Upgrade } from './upgrade.js'

export interface Destination {
  readonly secure: boolean
  /** For TLS: what is verified, and what we show. */
  readonly tls?: ConnectionOptions
  readonly host: string
  readonly port: number
  /** With its query. */
  readonly path: string
  /** Set on top of those of the client. */
  readonly headers: OutgoingHttpHeaders
  /** Taken out of those of the client. */
  readonly without?: RegExp
  /** The connection, where it is not simply to `host` and `port`. */
  readonly connection?: Duplex
  /** Keeps connections for later requests. */
  readonly agent?: Agent
  /** What redirects would lead to is not for the client to see: 502. */
  readonly refuseRedirects?: boolean
  /** What is done to links of the reply, in `Location` and in HTML; absent: nothing. */
  readonly rewrite?: (link: string) => string
}

/**
 * Resolves when all of the reply is out, or one side has gone. Rejects with 503 where the server cannot be reached,
 * only as long as nothing was sent to the client.
 */
export async function relay(exchange: Exchange, upgrade: Upgrade | undefined, to: Destination): Promise<void> {
  const headers = requestHeaders(exchange, to.headers, upgrade?.protocol)
  // Node would send the body of a DELETE as it is, to be taken for the next request.
  if (!upgrade && hasBody(exchange) && headers['content-length'] === undefined) headers['transfer-encoding'] = 'chunked'
  const outgoing = send(exchange, to, headers)
  const gone = (): void => void outgoing.destroy()
  exchange.response.on('close', gone)
  try {
    const answer = answerOf(outgoing)
    if (upgrade) outgoing.end()
    else await Promise.race([feed(exchange, outgoing), answer])
    const { reply, socket, head } = await answer
    if (socket) return await join(exchange, upgrade, reply, socket, head)
    await pass(exchange, reply, to)
  } catch (error) {
    if (exchange.response.headersSent) closeHard(exchange)
    if (exchange.response.headersSent || isClosed(exchange)) return
    throw error
  } finally {
    exchange.response.off('close', gone)
    // A server may answer before it has read all: nobody feeds it any more.
    if (!outgoing.writableEnded) outgoing.destroy()
  }
}

function send(exchange: Exchange, to: Destination, headers: OutgoingHttpHeaders): ClientRequest {
  if (to.without)
    for (const name of Object.keys(headers)) if (to.without.test(name) && !(name in to.headers)) delete headers[name]
  const { connection, host, port, path, agent, tls } = to
  const options = { method: exchange.method, host, port, path, headers, setHost: false }
  if (to.secure) {
    const socket = connection ? { socket: connection } : {}
    return requestHttps({ ...options, agent: agent ?? false, ...tls, ...socket })
  }
  return requestHttp({ ...options, ...(connection ? { createConnection: () => connection } : { agent: false }) })
}

function hasBody({ request }: Exchange): boolean {
  if (request.httpVersionMajor === 2) return !(request.stream as { endAfterHeaders?: boolean }).endAfterHeaders
  return request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
}

/** The body of the client, if there is one. Ends early where the other server does not want it. */
async function feed(exchange: Exchange, outgoing: ClientRequest): Promise<void> {
  if (!hasBody(exchange)) return void outgoing.end()
  await pipeline(exchange.request as unknown as NodeJS.ReadableStream, outgoing).catch((error: unknown) => {
    // It is told by the answer, or by its failing.
    if (!outgoing.destroyed) outgoing.destroy(error as Error)
  })
}

interface Answer {
  readonly reply: IncomingMessage
  /** Where the server has changed the protocol. */
  readonly socket?: Duplex
  readonly head?: Buffer
}

function answerOf(outgoing: ClientRequest): Promise<Answer> {
  const answer = new Promise<Answer>((resolve, reject) => {
    outgoing.once('response', (reply) => resolve({ reply }))
    outgoing.once('upgrade', (reply, socket, head) => resolve({ reply, socket, head }))
    outgoing.on('error', (error) => reject(unreachable(error)))
    outgoing.once('close', () => reject(unreachable(new Error('the connection was closed'))))
  })
  answer.catch(() => {})
  return answer
}

export function unreachable(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return ApiError.serviceUnavailable(`error trying to reach service: ${(error as Error).message}`)
}

async function pass(exchange: Exchange, reply: IncomingMessage, { rewrite, refuseRedirects }: Destination): Promise<void> {
  const { response } = exchange
  const code = reply.statusCode ?? 502
  if (refuseRedirects && code >= 300 && code < 400 && reply.headers.location) {
    reply.destroy()
    return sendText(exchange, 502, 'the backend attempted to redirect this request, which is not permitted')
  }
  const headers = replyHeaders(reply.headers)
  const { location } = reply.headers
  if (rewrite && location) headers.location = rewrite(location)
  // Ours and theirs: naming the header once more would replace what is set.
  const said = response.getHeader('warning')
  if (said !== undefined && headers.warning !== undefined) Object.assign(headers, { warning: [said, headers.warning].flat() })
  const filters = rewrite && !location && exchange.method !== 'HEAD' ? await htmlFilters(reply, rewrite) : []
  if (filters.length > 0) delete headers['content-length']
  exchange.replied(code)
  response.writeHead(code, headers)
  // A watcher waits for the headers, long before the first event.
  response.flushHeaders()
  await pipeline([reply, ...filters, response as unknown as NodeJS.WritableStream])
}

/** Nothing for what is no HTML, or is compressed in a way that is not known here. */
async function htmlFilters(reply: IncomingMessage, rewrite: (link: string) => string): Promise<NodeJS.ReadWriteStream[]> {
  if (!/^text\/html\s*(?:;|$)/i.test(reply.headers['content-type'] ?? '')) return []
  const encoding = (reply.headers['content-encoding'] ?? '').toLowerCase()
  const rewriter = createLinkRewriter(rewrite)
  if (encoding === '' || encoding === 'identity') return [rewriter]
  const zlib = await import('node:zlib')
  if (encoding === 'gzip') return [zlib.createGunzip(), rewriter, zlib.createGzip()]
  return encoding === 'deflate' ? [zlib.createInflate(), rewriter, zlib.createDeflate()] : []
}

/** From here on it is bytes between two connections. */
async function join(
  exchange: Exchange,
  upgrade: Upgrade | undefined,
  reply: IncomingMessage,
  socket: Duplex,
  head: Buffer | undefined,
): Promise<void> {
  if (upgrade === undefined) {
    socket.destroy()
    throw ApiError.serviceUnavailable('error trying to reach service: it changed the protocol without being asked')
  }
  const client = upgrade.raw()
  exchange.replied(101)
  const lines = [`HTTP/1.1 101 ${reply.statusMessage || 'Switching Protocols'}`]
  for (let at = 0; at + 1 < reply.rawHeaders.length; at += 2) lines.push(`${reply.rawHeaders[at]}: ${reply.rawHeaders[at + 1]}`)
  client.socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  if (head && head.length > 0) client.socket.write(head)
  if (client.head.length > 0) socket.write(client.head)
  const ends = [pipeline(client.socket, socket), pipeline(socket, client.socket)]
  await Promise.allSettled(ends)
}
