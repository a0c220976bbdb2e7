/** Fastify as the frame: it reads bodies, bounds them, and turns its own refusals into ours. Routing is our own. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { ApiError } from '../../client/contract.js'
import type { Logger } from '../../kernel/contract.js'
import type { UserInfo } from '../contract.js'
import { type Exchange, exchangeOf, type HttpRequest, type HttpResponse } from './exchange.js'
import type { Handler } from './handler.js'
import type { ListenerHandlers } from './listener.js'
import { sendError } from './reply.js'
import { createUpgrade, responseOf } from './upgrade.js'

export interface ServerOptions {
  readonly handler: Handler
  /** Requests whose body the handler reads itself, as it comes: by the URL. */
  readonly streamed: (url: string) => boolean
  readonly bodyLimit: number
  readonly bodyTimeoutMs: number
  readonly replied: (exchange: { readonly method: string; readonly path: string }, code: number) => void
  readonly log: Logger
}

export interface Server extends ListenerHandlers {
  close(): Promise<void>
}

export async function createHttpServer(options: ServerOptions): Promise<Server> {
  const app = fastify({
    // The port is the listener's: fastify only gets an object to hang its own events on.
    serverFactory: (handle) => createServer(handle),
    bodyLimit: options.bodyLimit,
    // No route has a schema; without this fastify loads its schema compilers, which costs more than all else here.
    schemaController: { compilersFactory: { buildValidator: noSchema, buildSerializer: noSchema } },
    routerOptions: { maxParamLength: 16_384 },
    exposeHeadRoutes: false,
    frameworkErrors: (error, request, reply) =>
      refuse(error, request as FastifyRequest, reply as unknown as FastifyReply, options),
  })
  routeAll(app, options)
  await app.ready()
  const report = (error: unknown): void => options.log.error({ err: error }, 'a request failed by a bug')
  return {
    request(request, response) {
      if (!options.streamed(request.url ?? '')) return app.routing(request as IncomingMessage, response as ServerResponse)
      void options.handler.serve(exchangeWith(options, request, response as unknown as HttpResponse, undefined))
    },
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy())
      const response = responseOf(request, socket)
      const exchange = exchangeWith(options, request, response as unknown as HttpResponse, undefined)
      options.handler.serve(exchange, undefined, createUpgrade(request, socket, head, response)).catch(report)
    },
    close: () => app.close(),
  }
}

function noSchema(): never {
  throw new TypeError('routes of the API have no fastify schema')
}

function routeAll(app: FastifyInstance, options: ServerOptions): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((error, request, reply) => refuse(error as FastifyError, request, reply, options))
  app.decorateRequest('sender', null)
  // A body is read only of those who are known: a stranger could send many and large ones.
  app.addHook('onRequest', (request, reply, done) => {
    if (request.raw.method === 'GET' || !hasBody(request.raw.headers)) return done()
    sayType(request)
    const exchange = exchangeWith(options, request.raw, reply.raw as unknown as HttpResponse, undefined)
    options.handler.admit(exchange).then((sender) => {
      if (sender === undefined) return void reply.hijack()
      request.sender = sender
      done()
    }, done)
  })
  app.addHook('preParsing', (request, _reply, payload, done) => {
    limitBodyTime(request, options.bodyTimeoutMs)
    done(null, payload)
  })
  const serve = (request: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack()
    bodyStream(request)?.setTimeout(0)
    const body = request.body instanceof Buffer ? request.body : undefined
    const exchange = exchangeWith(options, request.raw, reply.raw as unknown as HttpResponse, body)
    void options.handler.serve(exchange, request.sender ?? undefined)
  }
  app.all('/*', serve)
  app.setNotFoundHandler(serve)
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sends it, where that was asked before its body was read. */
    sender: UserInfo | null
  }
}

function hasBody(headers: FastifyRequest['headers']): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length === undefined ? headers[':method'] !== undefined : length !== '0')
}

/**
 * Over HTTP/2 a body needs no length, and without a type as well fastify passes it over. None means JSON, as in Kubernetes:
 * `kubectl create --raw` sends it so.
 */
function sayType(request: FastifyRequest): void {
  const { endAfterHeaders } = (bodyStream(request) ?? {}) as { endAfterHeaders?: boolean }
  if (endAfterHeaders === false) request.raw.headers['content-type'] ??= 'application/json'
}

function exchangeWith(options: ServerOptions, request: HttpRequest, response: HttpResponse, body: Buffer | undefined): Exchange {
  const exchange: Exchange = exchangeOf(request, response, body, (code) => options.replied(exchange, code))
  return exchange
}

function refuse(error: FastifyError, request: FastifyRequest, reply: FastifyReply, options: ServerOptions): void {
  reply.hijack()
  const exchange = exchangeWith(options, request.raw, reply.raw as unknown as HttpResponse, undefined)
  const code = error.statusCode ?? 500
  const refusal =
    code === 413 ? ApiError.tooLarge(`limit is ${options.bodyLimit}`) : code < 500 ? ApiError.badRequest(error.message) : error
  sendError(exchange, refusal, (cause) => options.log.error({ err: cause }, 'a request failed by a bug'))
}

/** A client that stops in the middle of a body holds memory for nothing. HTTP/1.1 is timed by the listener. */
function limitBodyTime(request: FastifyRequest, milliseconds: number): void {
  const stream = bodyStream(request)
  stream?.setTimeout(milliseconds, () => stream.close(constants.NGHTTP2_CANCEL))
}
function bodyStream({ raw }: FastifyRequest): ServerHttp2Stream | undefined {
  if (raw.httpVersionMajor !== 2 || raw.method === 'GET') return undefined
  return (raw as unknown as { stream: ServerHttp2Stream }).stream
}
