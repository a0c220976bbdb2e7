/** Requests that change the protocol of their connection: to WebSocket, or to SPDY. */
import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { ApiError } from '../../client/contract.js'
import type { SpdySession, SpdyStream } from './spdy.js'

export interface Upgrade {
  /** "websocket", "spdy/3.1": what the client wants, lower case. */
  readonly protocol: string
  /** Of the client's subprotocols the first that is in `protocols`; for an empty list none is needed. Rejects with 400. */
  webSocket(protocols: readonly string[]): Promise<WebSocket>
  /** As `webSocket`, for the protocols of `X-Stream-Protocol-Version`. */
  spdy(protocols: readonly string[], accept: (stream: SpdyStream) => void): Promise<{ session: SpdySession; protocol: string }>
  /** The bare connection, for whoever answers the request himself; `head` has come behind the request already. */
  raw(): { readonly socket: Duplex; readonly head: Buffer }
}

const messageLimit = 32 * 1024 * 1024
let webSockets: Promise<WebSocketServer> | undefined

/** The reply of a request whose connection may be upgraded: ordinary, as long as it is not. */
export function responseOf(request: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(request)
  // The connection was taken out of HTTP's hands, so it cannot serve another request.
  response.shouldKeepAlive = false
  response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0])
  response.on('finish', () => socket.end())
  return response
}

export function createUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, response: ServerResponse): Upgrade {
  const detach = (): void => response.detachSocket(socket as Parameters<ServerResponse['detachSocket']>[0])
  return {
    protocol: (request.headers.upgrade ?? '').toLowerCase(),
    async webSocket(protocols) {
      const offered = listed(request.headers['sec-websocket-protocol'])
      const chosen = protocols.find((protocol) => offered.includes(protocol))
      if (protocols.length > 0 && offered.length > 0 && chosen === undefined) throw noProtocol(offered, protocols)
      const server = await webSocketServer()
      detach()
      // The choice travels beside the request: the library asks for it in a callback of the server, which all share.
      choices.set(request, chosen ?? '')
      return new Promise((resolve, reject) => {
        const failed = (): void => reject(ApiError.badRequest('the WebSocket handshake failed'))
        socket.once('close', failed)
        server.handleUpgrade(request, socket, head, (webSocket) => {
          socket.off('close', failed)
          resolve(webSocket)
        })
      })
    },
    async spdy(protocols, accept) {
      const offered = request.headersDistinct['x-stream-protocol-version']?.flatMap(listed) ?? []
      const protocol = protocols.find((one) => offered.includes(one)) ?? (offered.length === 0 ? protocols.at(-1) : undefined)
      if (protocol === undefined) throw noProtocol(offered, protocols)
      const { createSpdySession } = await import('./spdy.js')
      detach()
      const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1']
      socket.write(`${[...lines, `X-Stream-Protocol-Version: ${protocol}`].join('\r\n')}\r\n\r\n`)
      return { session: createSpdySession(socket, head, accept), protocol }
    },
    raw() {
      detach()
      return { socket, head }
    },
  }
}

const choices = new WeakMap<IncomingMessage, string>()

function webSocketServer(): Promise<WebSocketServer> {
  webSockets ??= import('ws').then(
    ({ WebSocketServer: Server }) =>
      new Server({
        noServer: true,
        clientTracking: false,
        perMessageDeflate: false,
        maxPayload: messageLimit,
        handleProtocols: (_offered, request) => choices.get(request) || false,
      }),
  )
  return webSockets
}

function listed(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)
}
function noProtocol(offered: readonly string[], served: readonly string[]): ApiError {
  return ApiError.badRequest(
    `unable to negotiate a protocol: the client supports [${offered.join(' ')}], the server [${served.join(' ')}]`,
  )
}
