import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { StringDecoder } from 'node:string_decoder'
import { formatJson, parseJson } from '../kinds/contract.js'
import { ApiError } from './api-error.js'
import type { Connection } from './kubeconfig.js'
import type { Query } from './query.js'

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Query
  readonly contentType?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

export interface StreamSink {
  /** One line of the reply, without its end. */
  line(text: string): void
  /** Undefined where the server ended the stream in good order. */
  end(error?: ApiError): void
}

const socketTimeoutMs = 60_000
/** A watch is silent for long, also where the other machine or the way to it is gone: then it is asked whether it is there. */
const keepAliveMs = 10_000

/** JSON over HTTPS on connections that are kept. Every failure is an `ApiError`. */
export class Transport {
  readonly #connection: Connection
  readonly #url: URL
  readonly #answerMs: number
  #agent: Agent

  /** `answerMs`: how long the server may be silent before a reply begins, and within one that has an end. */
  constructor(connection: Connection, answerMs: number = socketTimeoutMs) {
    this.#connection = connection
    this.#answerMs = answerMs
    this.#url = new URL(connection.server)
    this.#agent = agentOf(connection)
  }

  /** Another certificate from here on. What is under way is cut off: it would go on under the old one for ever. */
  renew(certificate: string, key: string): void {
    this.#agent.destroy()
    this.#agent = agentOf({ ...this.#connection, certificate, key })
  }

  /** The decoded body of a reply below 400. */
  call(call: Call): Promise<unknown> {
    const body = call.body === undefined ? undefined : Buffer.from(formatJson(call.body))
    return new Promise((resolve, reject) => {
      const outgoing = this.#request(call, (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => void chunks.push(chunk))
        reply.on('error', (error) => reject(unreachable(error)))
        reply.on('end', () => {
          const answer = decoded(Buffer.concat(chunks).toString())
          const code = reply.statusCode ?? 0
          if (code >= 400) reject(ApiError.fromReply(code, answer))
          else resolve(answer)
        })
      })
      this.#limit(outgoing)
      outgoing.on('error', (error) => reject(unreachable(error)))
      // Node would send the body of a DELETE without saying how long it is.
      if (body !== undefined) outgoing.setHeader('content-length', body.length)
      outgoing.end(body)
    })
  }

  /** A reply that comes line by line, for as long as it lasts. */
  stream(call: Call, sink: StreamSink): { close(): void } {
    let ended = false
    const end = (error?: ApiError): void => {
      if (ended) return
      ended = true
      sink.end(error)
    }
    const outgoing = this.#request(call, (reply) => {
      if ((reply.statusCode ?? 0) >= 400) readRefusal(reply, end)
      else {
        // From here on silence means that nothing happens.
        outgoing.setTimeout(0)
        readLines(reply, (line) => void (ended || sink.line(line)), end)
      }
    })
    // What is sent on a kept connection to a machine that has vanished is sent again for a quarter of an hour.
    this.#limit(outgoing)
    outgoing.on('error', (error) => end(unreachable(error)))
    outgoing.end()
    const close = (): void => {
      ended = true
      outgoing.destroy()
    }
    return { close }
  }

  close(): void {
    this.#agent.destroy()
  }

  #limit(outgoing: ClientRequest): void {
    outgoing.setTimeout(this.#answerMs, () => void outgoing.destroy(new Error('the server did not answer in time')))
  }

  #request({ method, path, query, contentType, body, headers }: Call, answer: (reply: IncomingMessage) => void) {
    const search = query === undefined ? '' : new URLSearchParams(query).toString()
    const { token } = this.#connection
    const outgoing = request(
      {
        agent: this.#agent,
        method,
        hostname: this.#url.hostname.replace(/^\[|\]$/g, ''),
        port: this.#url.port || 443,
        path: `${this.#url.pathname.replace(/\/$/, '')}${path}${search === '' ? '' : `?${search}`}`,
        headers: {
          accept: 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
          ...headers,
        },
      },
      answer,
    )
    outgoing.on('socket', (socket) => socket.setKeepAlive(true, keepAliveMs))
    return outgoing
  }
}

function agentOf({ ca, certificate, key, insecure }: Connection): Agent {
  return new Agent({
    keepAlive: true,
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...(insecure ? { rejectUnauthorized: false } : {}),
  })
}

function readRefusal(reply: IncomingMessage, end: (error: ApiError) => void): void {
  const chunks: Buffer[] = []
  reply.on('data', (chunk: Buffer) => void chunks.push(chunk))
  reply.on('error', (error) => end(unreachable(error)))
  reply.on('end', () => end(ApiError.fromReply(reply.statusCode ?? 0, decoded(Buffer.concat(chunks).toString()))))
}

function readLines(reply: IncomingMessage, line: (text: string) => void, end: (error?: ApiError) => void): void {
  const decoder = new StringDecoder()
  let rest = ''
  reply.on('data', (chunk: Buffer) => {
    const parts = (rest + decoder.write(chunk)).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) if (part !== '') line(part)
  })
  reply.on('error', (error) => end(unreachable(error)))
  reply.on('end', () => end())
}

function decoded(text: string): unknown {
  if (text === '') return undefined
  try {
    return parseJson(text)
  } catch {
    return text
  }
}

/** Without an answer; `cause` is what the connection failed of. */
function unreachable(error: Error): ApiError {
  return Object.assign(ApiError.serviceUnavailable(`the API server could not be reached: ${error.message}`), { cause: error })
}
