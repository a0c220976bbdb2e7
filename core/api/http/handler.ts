/** The way of a request through the transport: who, what, whom to ask, and back. */
import type { TLSSocket } from 'node:tls'
import { ApiError } from '../../client/contract.js'
import type { Bag, Clock, Ids, Logger } from '../../kernel/contract.js'
import type { KindRegistry } from '../../kinds/contract.js'
import type { ApiHooks, ApiPipeline, ApiResult, Pass, RequestLimiter, UserInfo } from '../contract.js'
import { apiRequestOf, verbOf } from './api-request.js'
import { anonymous } from './authenticate.js'
import type { Connect } from './connect.js'
import type { Delegation } from './delegation.js'
import { createEventFrames } from './event-frames.js'
import { closeHard, type Exchange, header, isClosed } from './exchange.js'
import { impersonate } from './impersonate.js'
import type { Metrics } from './metrics.js'
import type { NonResource } from './non-resource.js'
import { type Recording, startRecording } from './recording.js'
import type { Renderer } from './render.js'
import { sendError } from './reply.js'
import { parseTarget, type ResourceTarget, type Target } from './target.js'
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
  readonly delegation: Delegation
  readonly metrics: Metrics
  readonly streams: StreamSet
  readonly limiters: Bag<RequestLimiter>
  readonly log: Logger
  readonly clock: Clock
  readonly ids: Ids
  /** Called with a connection whose sender is known. */
  readonly greet: (socket: TLSSocket) => void
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
export interface Handler {
  /** Who sends it: asked before its body is read. Undefined: nobody who is known, and it has been refused. Never rejects. */
  admit(exchange: Exchange): Promise<UserInfo | undefined>
  /** `user` where `admit` was asked; `upgrade` where the client wants another protocol on this connection. Never rejects. */
  serve(exchange: Exchange, user?: UserInfo, upgrade?: Upgrade): Promise<void>
}

export function createHandler(services: HandlerServices): Handler {
  const report = (error: unknown): void => services.log.error({ err: error }, 'a request failed by a bug')
  const identify = async (exchange: Exchange): Promise<UserInfo> => {
    const user = await services.authenticate(exchange)
    if (user.name !== anonymous.name) services.greet(exchange.socket)
    return user
  }
  return {
    async admit(exchange) {
      try {
        return await identify(exchange)
      } catch (error) {
        const recording = recordingOf(services, exchange)
        recording?.failed(error)
        sendError(recording?.exchange ?? exchange, error, report, withoutBody(exchange))
        recording?.end()
        return undefined
      }
    },
    async serve(given, user, upgrade) {
      const recording = recordingOf(services, given)
      const exchange = recording?.exchange ?? given
      try {
        const delegate = services.delegation.find(exchange.path)
        const target = recording?.target ?? parseTarget(exchange.path, delegate !== undefined)
        const passage = { exchange, upgrade, recording, report, delegate }
        await serveTarget(services, passage, target, user ?? (await identify(exchange)))
      } catch (error) {
        recording?.failed(error)
        // Half a reply is out: all that is left to say is that it is not the whole.
        if (exchange.response.headersSent) closeHard(exchange)
        else sendError(exchange, error, report)
        recording?.end()
      }
    },
  }
}

/** What belongs to one request on its way. */
interface Passage {
  readonly exchange: Exchange
  readonly upgrade: Upgrade | undefined
  readonly recording: Recording | undefined
  readonly report: (error: unknown) => void
  /** Another server that serves what the path names. */
  readonly delegate: ReturnType<Delegation['find']>
}

async function serveTarget(services: HandlerServices, passage: Passage, target: Target, sender: UserInfo): Promise<void> {
  const { exchange, recording } = passage
  recording?.known(sender)
  const user = await impersonate(services.hooks, sender, exchange)
  if (recording && user !== sender) recording.record.impersonated = user
  if (passage.delegate) {
    recording?.goesOn()
    await services.delegation.serve(exchange, passage.delegate, user, passage.upgrade)
    recording?.end()
    return
  }
  if (target.type === 'resource' && services.connect.takes(target)) {
    recording?.goesOn()
    await services.connect.serve(exchange, target, user, passage.upgrade, recording?.record)
    recording?.end()
    return
  }
  const pass = services.limiters.all().length === 0 ? undefined : await enter(services.limiters.all(), exchange, target, user)
  try {
    if (target.type === 'other') await services.nonResource(exchange, target, user)
    else if (await serveResource(services, passage, target, user)) return
  } finally {
    pass?.()
  }
  recording?.end()
}

/** Asks all; what the first ones gave is given back where a later one refuses. */
async function enter(
  limiters: readonly RequestLimiter[],
  exchange: Exchange,
  target: Target,
  user: UserInfo,
): Promise<Pass | undefined> {
  const { group, resource, namespace } = target.type === 'resource' ? target : nowhere
  const path = target.type === 'other' ? target.path : ''
  const asked = { user, verb: verbIn(exchange, target), group, resource, namespace, path, closed: () => isClosed(exchange) }
  const passes: Pass[] = []
  const leave = (): void => {
    for (const pass of passes) pass()
  }
  try {
    for (const limiter of limiters) {
      const pass = await limiter.enter(asked)
      if (pass) passes.push(pass)
    }
  } catch (error) {
    leave()
    throw error
  }
  return passes.length === 0 ? undefined : leave
}
const nowhere = { group: '', resource: '', namespace: '' }

/** Of what cannot be asked for the method: it is refused behind. */
function verbIn(exchange: Exchange, target: Target | undefined): string {
  try {
    if (target?.type === 'resource') return verbOf(exchange, target)
  } catch {
    return exchange.method.toLowerCase()
  }
  return exchange.method === 'HEAD' ? 'get' : exchange.method.toLowerCase()
}

function recordingOf(services: HandlerServices, exchange: Exchange): Recording | undefined {
  if (!services.hooks.requests.tapped) return undefined
  let target: Target | undefined
  try {
    target = parseTarget(exchange.path)
  } catch {
    // What is no path is refused behind, and recorded as it was sent.
  }
  return startRecording(services, exchange, verbIn(exchange, target), target)
}

/** A small body that nobody wants is passed over; behind a large one the connection is of no more use. */
function withoutBody(exchange: Exchange): { connection: 'close' } | undefined {
  if (exchange.request.httpVersionMajor === 2) return undefined
  return Number(header(exchange, 'content-length') ?? Number.POSITIVE_INFINITY) <= passedOver
    ? undefined
    : { connection: 'close' }
}
const passedOver = 64 * 1024

/** True where the reply goes on for longer than this: a watch, which ends its recording itself. */
async function serveResource(
  services: HandlerServices,
  { exchange, upgrade, recording, report }: Passage,
  target: ResourceTarget,
  user: UserInfo,
): Promise<boolean> {
  const verb = verbOf(exchange, target)
  if (verb !== 'watch' && upgrade) throw ApiError.badRequest('this request cannot change the protocol of the connection')
  const request = await apiRequestOf(exchange, target, verb, user, services.kinds, recording?.record)
  recording?.asked(request)
  let result: ApiResult
  try {
    result = await services.pipeline.handle(request)
  } catch (error) {
    recording?.failed(error)
    // A refusal carries the warnings that led to it.
    sendError(exchange, error, report, warningHeaders(request.notes?.warnings ?? []))
    return false
  }
  if (recording) recording.record.result = result
  if (result.type === 'object') await services.renderer.object(exchange, result)
  else if (result.type === 'list') await services.renderer.list(exchange, result)
  else {
    await serveWatch(services, exchange, result, upgrade, recording)
    return true
  }
  return false
}

async function serveWatch(
  services: HandlerServices,
  exchange: Exchange,
  result: Extract<ApiResult, { type: 'watch' }>,
  upgrade: Upgrade | undefined,
  recording: Recording | undefined,
): Promise<void> {
  const representation = services.renderer.representation(exchange)
  const frames = createEventFrames(result.kind, representation, services.renderer.table(exchange, representation))
  const counted = services.metrics.longRunning('WATCH')
  let stream: OpenStream | undefined
  let over = false
  const ended = (): void => {
    over = true
    counted()
    recording?.end()
    if (stream) services.streams.delete(stream)
  }
  const options = { backlogLimit: services.backlogLimit, ended }
  const open = result.open.bind(result)
  recording?.goesOn()
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
