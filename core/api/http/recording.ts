/** Writes down what becomes of a request over HTTPS, for those who listen to `requests`. Made only where somebody does. */
import { ApiError } from '../../client/contract.js'
import type { Clock, Ids } from '../../kernel/contract.js'
import type { ApiHooks, ApiRequest, RequestRecord, UserInfo } from '../contract.js'
import { type Exchange, header } from './exchange.js'
import type { Target } from './target.js'

export interface Recording {
  /** The same with its reply noted; use it from here on. */
  readonly exchange: Exchange
  readonly record: RequestRecord
  /** What its path names; undefined where that is no path. */
  readonly target: Target | undefined
  /** Who sends it. */
  known(user: UserInfo): void
  /** With what it is handed to the pipeline. */
  asked(request: Pick<ApiRequest, 'body' | 'notes'>): void
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
    target,
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
    asked({ body, notes }) {
      record.body = body
      if (notes) record.notes = notes
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
  const connected = exchange.socket.remoteAddress ?? ''
  const forwarded = header(exchange, 'x-forwarded-for')
  const real = header(exchange, 'x-real-ip')
  const said = forwarded === undefined && real === undefined ? [] : [...(forwarded ?? '').split(','), real ?? '']
  const addresses = [...said.map((address) => address.trim()), connected].filter((address) => isAddress.test(address))
  return said.length === 0 ? addresses : [...new Set(addresses)]
}
const isAddress = /^[0-9a-f.:]{2,45}$/i
