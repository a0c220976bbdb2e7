/** The way of a request through the transport: who, what, whom to ask, and back. */
import { ApiError } from '../../client/contract.js'
import type { Logger } from '../../kernel/contract.js'
import type { KindRegistry } from '../../kinds/contract.js'
import type { ApiHooks, ApiPipeline, ApiResult, UserInfo } from '../contract.js'
import { apiRequestOf, verbOf } from './api-request.js'
import type { Connect } from './connect.js'
import { createEventFrames } from './event-frames.js'
import { closeHard, type Exchange } from './exchange.js'
import { impersonate } from './impersonate.js'
import type { Metrics } from './metrics.js'
import type { NonResource } from './non-resource.js'
import type { Renderer } from './render.js'
import { sendError } from './reply.js'
import { parseTarget, type ResourceTarget } from './target.js'
import type { Upgrade } from './upgrade.js'
import { warningHeaders } from './warning.js'
import { type OpenStream, streamWatch } from './watch-stream.js'

export interface HandlerServices {
  readonly pipeline: ApiPipeline
  readonly hooks: ApiHooks
  readonly kinds: KindRegistry
  readonly authenticate: (exchange: Exchange) => Promise<UserInfo>
  readonly renderer: Renderer
  readonly nonResource: NonResource
  readonly connect: Connect
  readonly metrics: Metrics
  readonly streams: StreamSet
  readonly log: Logger
  /** Unsent bytes from which on a watcher is cut off. */
  readonly backlogLimit: number
}

/** All that is open for longer than a request, so that a drain can end it. */
export interface StreamSet {
  add(stream: OpenStream): void
  delete(stream: OpenStream): void
  readonly size: number
  closeAll(): void
}
/** `upgrade` where the client wants another protocol on this connection. Never rejects. */
export type Handler = (exchange: Exchange, upgrade?: Upgrade) => Promise<void>

export function createHandler(services: HandlerServices): Handler {
  const report = (error: unknown): void => services.log.error({ err: error }, 'a request failed by a bug')
  return async (exchange, upgrade) => {
    try {
      const target = parseTarget(exchange.path)
      const user = await impersonate(services.hooks, await services.authenticate(exchange), exchange)
      if (target.type === 'other') return await services.nonResource(exchange, target, user)
      if (services.connect.takes(target)) return await services.connect.serve(exchange, target, user, upgrade)
      return await serveResource(services, exchange, target, user, upgrade, report)
    } catch (error) {
      // Half a reply is out: all that is left to say is that it is not the whole.
      if (exchange.response.headersSent) closeHard(exchange)
      else sendError(exchange, error, report)
    }
  }
}

async function serveResource(
  services: HandlerServices,
  exchange: Exchange,
  target: ResourceTarget,
  user: UserInfo,
  upgrade: Upgrade | undefined,
  report: (error: unknown) => void,
): Promise<void> {
  const verb = verbOf(exchange, target)
  if (verb !== 'watch' && upgrade) throw ApiError.badRequest('this request cannot change the protocol of the connection')
  const request = await apiRequestOf(exchange, target, verb, user, services.kinds)
  let result: ApiResult
  try {
    result = await services.pipeline.handle(request)
  } catch (error) {
    // A refusal carries the warnings that led to it.
    return sendError(exchange, error, report, warningHeaders(request.notes?.warnings ?? []))
  }
  if (result.type === 'object') return services.renderer.object(exchange, result)
  if (result.type === 'list') return services.renderer.list(exchange, result)
  return serveWatch(services, exchange, result, upgrade)
}

async function serveWatch(
  services: HandlerServices,
  exchange: Exchange,
  result: Extract<ApiResult, { type: 'watch' }>,
  upgrade: Upgrade | undefined,
): Promise<void> {
  const representation = services.renderer.representation(exchange)
  const frames = createEventFrames(result.kind, representation, services.renderer.table(exchange, representation))
  const counted = services.metrics.longRunning('WATCH')
  let stream: OpenStream | undefined
  let over = false
  const ended = (): void => {
    over = true
    counted()
    if (stream) services.streams.delete(stream)
  }
  const options = { backlogLimit: services.backlogLimit, ended }
  const open = result.open.bind(result)
  try {
    stream = upgrade
      ? (await import('./watch-socket.js')).streamWatchSocket(exchange, await upgrade.webSocket([]), frames, open, options)
      : streamWatch(exchange, frames, open, options)
    if (!over) services.streams.add(stream)
  } catch (error) {
    counted()
    throw error
  }
}
