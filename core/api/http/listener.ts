/**
 * The port: one TLS server for HTTP/1.1 and HTTP/2. It outlives the plugin that uses it, so that a reload neither loses
 * the port nor refuses a client: handlers and certificates are put into the server that listens.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ApiError } from '../../client/contract.js'
import { type Clock, DavitError } from '../../kernel/contract.js'
import { createStrangers } from './strangers.js'

export interface ListenerHandlers {
  request(request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse): void
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}
export interface TlsFiles {
  readonly key: string
  readonly cert: string
  readonly ca: string
}
export interface ListenerOptions {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly tls: TlsFiles
  readonly headersTimeoutMs: number
  /** For a whole request to come in, its body included. */
  readonly requestTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Connections on which nobody has said yet who he is; the oldest is closed for one more. */
  readonly strangers: number
  readonly clock: Clock
  /** Absent: everybody. Others are cut off before a word was said. */
  readonly admits?: (remote: string | undefined, local: string | undefined) => boolean
}
export interface Listener extends AsyncDisposable {
  readonly port: number
  /** Its sender is known: it no longer counts as a stranger's. */
  greet(connection: Socket): void
  /** Replaces the certificates for connections from here on. */
  secure(tls: TlsFiles): void
  /** Requests go to `handlers` until the returned function is called; after it, 503. */
  attach(handlers: ListenerHandlers): () => void
}

const closeGraceMs = 2000
/** As Kubernetes: whoever is impersonated, or comes by a proxy, may have long headers. */
const headerLimit = 1024 * 1024

export async function openListener(options: ListenerOptions): Promise<Listener> {
  let handlers = away
  const connections = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  const strangers = createStrangers(options.strangers)
  const server = createSecureServer({
    ...options.tls,
    allowHTTP1: true,
    requestCert: true,
    // Clients without a certificate have tokens; whether one is good is asked for each connection.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    handshakeTimeout: options.headersTimeoutMs,
    maxHeaderListPairs: 200,
    maxHeaderSize: headerLimit,
    settings: { maxConcurrentStreams: 1000, initialWindowSize: 1 << 20, maxHeaderListSize: headerLimit },
  } as Parameters<typeof createSecureServer>[0])
  limitHttp1(server, options)
  server.on('connection', (socket: Socket) => {
    if (options.admits?.(socket.remoteAddress, socket.localAddress) === false) return void socket.destroy()
    connections.add(socket)
    strangers.add(socket)
    socket.setNoDelay(true)
    socket.once('close', () => connections.delete(socket))
  })
  server.on('request', (request, response) => handlers.request(request, response))
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => handlers.upgrade(request, socket, head))
  server.on('clientError', refuseBroken)
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    closeWhenIdle(session, options.idleTimeoutMs)
  })
  // A handshake that fails is the client's affair; without a listener Node would only destroy the socket as well.
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  server.on('sessionError', () => {})
  await listen(server, options)
  return {
    port: (server.address() as AddressInfo).port,
    greet: (connection) => strangers.delete(connection),
    secure: (tls) => server.setSecureContext({ ...tls }),
    attach(next) {
      handlers = next
      return () => {
        if (handlers === next) handlers = away
      }
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const grace = options.clock.setTimer(closeGraceMs, () => destroyAll(connections), { unref: true })
      for (const session of sessions) session.close()
      await closed
      grace.cancel()
    },
  }
}

const away: ListenerHandlers = {
  request(_request, response) {
    const { status } = ApiError.serviceUnavailable('the API server is starting or stopping', 1)
    ;(response as ServerResponse).writeHead(status.code, { 'content-type': 'application/json', 'retry-after': '1' })
    response.end(JSON.stringify(status))
  },
  upgrade: (_request, socket) => void socket.destroy(),
}

/** Against clients that send a request byte by byte, for ever. */
function limitHttp1(server: Http2SecureServer, options: ListenerOptions): void {
  const http1 = server as unknown as {
    headersTimeout: number
    requestTimeout: number
    keepAliveTimeout: number
    connectionsCheckingInterval: number
    maxHeaderSize: number
  }
  // How late such a client is noticed: by default half a minute. HTTP/2's constructor does not take it.
  http1.connectionsCheckingInterval = Math.min(5000, options.headersTimeoutMs, options.requestTimeoutMs)
  http1.headersTimeout = options.headersTimeoutMs
  http1.maxHeaderSize = headerLimit
  http1.requestTimeout = options.requestTimeoutMs
  http1.keepAliveTimeout = options.idleTimeoutMs
}

function listen(server: Http2SecureServer, { host, port }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new DavitError('DAVIT_API_ADDRESS', `cannot listen at ${host} port ${port}: ${error.message}`, { cause: error }))
    })
    server.listen({ host, port, backlog: 1024 }, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

/** What is no HTTP gets an answer where the connection can still carry one, and no second chance. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const code = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const body = JSON.stringify({ ...ApiError.badRequest(STATUS_CODES[code] ?? 'Bad Request').status, code })
  const head = [
    `HTTP/1.1 ${code} ${STATUS_CODES[code]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${[...head, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

function closeWhenIdle(session: ServerHttp2Session, idleMs: number): void {
  let open = 0
  session.setTimeout(idleMs, () => {
    if (open === 0) session.close()
  })
  session.on('stream', (stream) => {
    open++
    stream.once('close', () => open--)
  })
  session.on('error', () => session.destroy())
}

function destroyAll(connections: ReadonlySet<Socket>): void {
  for (const socket of connections) socket.destroy()
}
