/** Writes down what becomes of a request over HTTPS, for those who listen to `requests`. Made only where somebody does. */
import { ApiError } from '../../client/contract.js'
import type { Clock, Ids } from '../../kernel/contract.js'
import type { ApiHooks, RequestRecord, UserInfo } from '../contract.js'
import { type Exchange, header } from './exchange.js'
import type { Target } from './target.js'

export interface Recording {
  /** The same with its reply noted; use it from here on. */
  readonly exchange: Exchange
  readonly record: RequestRecord
  /** Who sends it. */
  known(user: UserInfo): void
  failed(error: unknown): void
  /** From here on the reply goes on for longer than the request: `end` comes from whoever carries it. */
  goesOn(): void
  /** Idempotent. */
  end(): void
}

/** A client may name its request; as in Kubernetes no longer than this. */
const longestId = 64

export function startRecording(
  { hooks, clock, ids }: { readonly hooks: ApiHooks; readonly clock: Clock; readonly ids: Ids },
  given: Exchange,
  verb: string,
  target: Target | undefined,
): Recording {
  const record: RequestRecord = {
    id: header(given, 'audit-id')?.slice(0, longestId) || ids.uuid(),
    received: clock.now(),
    verb,
    uri: given.request.url ?? given.path,
    userAgent: header(given, 'user-agent') ?? '',
    sourceIPs: sourceIPs(given),
    ...(target?.type === 'resource' ? { target } : {}),
    code: 0,
  }
  let [received, longRunning, started, ended] = [false, false, false, false]
  const receive = (): void => {
    if (!received) hooks.requests.call('RequestReceived', record)
    received = true
  }
  const start = (): void => {
    if (!longRunning || started || record.code === 0) return
    started = true
    hooks.requests.call('ResponseStarted', record)
  }
  if (!given.response.headersSent) given.response.setHeader('Audit-Id', record.id)
  return {
    record,
    exchange: {
      ...given,
      replied(code) {
        record.code = code
        given.replied(code)
        start()
      },
    },
    known(user) {
      record.user = user
      receive()
    },
    failed(error) {
      if (error instanceof ApiError) record.failure = error.status
    },
    goesOn() {
      longRunning = true
      start()
    },
    end() {
      if (ended) return
      ended = true
      receive()
      hooks.requests.call('ResponseComplete', record)
    },
  }
}

/** As Kubernetes: what proxies say, then who is connected. */
function sourceIPs(exchange: Exchange): string[] {
  const forwarded = (header(exchange, 'x-forwarded-for') ?? '').split(',').map((address) => address.trim())
  const addresses = [...forwarded, header(exchange, 'x-real-ip')?.trim() ?? '', exchange.socket.remoteAddress ?? '']
  return [...new Set(addresses.filter((address) => /^[0-9a-f.:]{2,45}$/i.test(address)))]
}
