/** Calls of webhooks: one JSON body over HTTPS to a server that the cluster's users chose, one JSON reply. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Agent, RequestOptions } from 'node:https'
import type { Clock, Random } from '../kernel/contract.js'
import { formatJson, parseJson } from '../kinds/contract.js'
import type { WatchCaches } from '../watch/contract.js'
import type { WebhookCall, WebhookCaller, WebhookReply } from './contract.js'
import { locateWebhook, type WebhookTarget } from './webhook-target.js'

export interface WebhookCallerOptions {
  readonly caches: WatchCaches
  readonly clock: Clock
  readonly random: Random
}
type Failure = Extract<WebhookReply, { ok: false }>

/** A reply beyond this is a fault of the webhook: nothing that the API takes is as big. */
const replyLimit = 64 * 1024 * 1024

export function createWebhookCaller(options: WebhookCallerOptions): WebhookCaller & { close(): void } {
  let agent: Agent | undefined
  return {
    async call(call) {
      const located = await locateWebhook(options.caches, options.random, call.clientConfig)
      if (!located.ok) return failure('unreachable', located.message)
      const https = await import('node:https')
      agent ??= new https.Agent({ keepAlive: true, scheduling: 'lifo', timeout: 90_000 })
      const { target } = located
      for (const [name, value] of Object.entries(call.query ?? {})) target.url.searchParams.set(name, value)
      const request = requestOptions(target, call, agent)
      const send = (): Promise<Sent> => exchange(https.request(request), call, options.clock)
      const sent = await send()
      // A connection that was kept may have been closed meanwhile by the other side: that says nothing about the webhook.
      const { reply } = sent.stale ? await send() : sent
      return reply.ok ? reply : { ...reply, message: `Post ${JSON.stringify(target.url.href)}: ${reply.message}` }
    },
    close: () => agent?.destroy(),
  }
}

function requestOptions({ url, dial }: WebhookTarget, call: WebhookCall, agent: Agent): RequestOptions {
  const { caBundle } = call.clientConfig
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  return {
    method: 'POST',
    host: dial?.host ?? hostname,
    port: dial?.port ?? (url.port === '' ? 443 : Number(url.port)),
    path: `${url.pathname}${url.search}`,
    servername: hostname,
    agent,
    headers: { host: url.host, accept: 'application/json', 'content-type': 'application/json', 'user-agent': 'davit' },
    ...(caBundle ? { ca: Buffer.from(caBundle, 'base64') } : {}),
  }
}

interface Sent {
  readonly reply: WebhookReply
  readonly stale: boolean
}

function exchange(request: ClientRequest, call: WebhookCall, clock: Clock): Promise<Sent> {
  const { signal } = call
  return new Promise((resolve) => {
    const finish = (reply: WebhookReply, stale = false): void => {
      timer.cancel()
      signal?.removeEventListener('abort', cancel)
      resolve({ reply, stale })
    }
    const stop = (reply: WebhookReply): void => {
      finish(reply)
      request.destroy()
    }
    const cancel = (): void => stop(failure('unreachable', 'context canceled'))
    const timer = clock.setTimer(call.timeoutMs, () => stop(failure('timeout', 'context deadline exceeded')))
    request.on('error', (error: NodeJS.ErrnoException) => {
      const broken = error.code === 'ECONNRESET' || error.code === 'EPIPE'
      finish(failure('unreachable', textOf(error)), broken && request.reusedSocket)
    })
    request.on('response', (response) => readReply(response, stop, finish))
    signal?.addEventListener('abort', cancel)
    if (signal?.aborted) cancel()
    else request.end(formatJson(call.body))
  })
}

function readReply(response: IncomingMessage, stop: (reply: WebhookReply) => void, finish: (reply: WebhookReply) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size > replyLimit) stop(failure('reply', `the reply is larger than ${replyLimit} bytes`))
  })
  response.on('error', (error) => finish(failure('unreachable', textOf(error))))
  response.on('end', () => finish(replyOf(response.statusCode ?? 0, Buffer.concat(chunks).toString())))
}

function replyOf(code: number, text: string): WebhookReply {
  if (code < 200 || code > 299) {
    const detail = text.trim().slice(0, 1024)
    const message = `the server responded with the status code ${code}${detail === '' ? ' but did not return more information' : `: ${detail}`}`
    return { ok: false, kind: 'status', message, code }
  }
  try {
    return { ok: true, value: parseJson(text) }
  } catch (error) {
    return failure('reply', `the reply is no JSON: ${(error as Error).message}`)
  }
}

const failure = (kind: Failure['kind'], message: string): Failure => ({ ok: false, kind, message })

const certificateProblems: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'certificate has expired or is not yet valid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate signed by unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate signed by unknown authority',
}

/** In the words that users of Kubernetes know and search for. */
function textOf(error: NodeJS.ErrnoException & { address?: string; port?: number; reason?: string }): string {
  const { code = '', address, port } = error
  const problem = certificateProblems[code]
  if (problem !== undefined) return `tls: failed to verify certificate: x509: ${problem}`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `tls: failed to verify certificate: x509: ${error.reason ?? error.message}`
  if (code === 'ECONNREFUSED') return `dial tcp ${address}:${port}: connect: connection refused`
  if (code === 'ECONNRESET') return 'EOF'
  return error.message
}
