import https from 'node:https'
import { CliError } from '../output/cli-error.js'
import type { Target } from './kubeconfig.js'

export interface Reply {
  readonly code: number
  readonly body: Buffer
  /** When the server answered, as it says by its own clock. */
  readonly date: string | undefined
}
export interface RequestOptions {
  readonly body?: unknown
  readonly contentType?: string
  readonly accept?: string
}

/** Speaks HTTPS to one API server, over kept-alive connections. */
export class Connection {
  readonly target: Target
  readonly #agent: https.Agent

  constructor(target: Target) {
    this.target = target
    this.#agent = new https.Agent({ keepAlive: true, ...this.tls() })
  }

  tls(): https.AgentOptions {
    const { ca, cert, key, insecure } = this.target
    return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), rejectUnauthorized: !insecure }
  }

  headers(): Record<string, string> {
    const { token } = this.target
    return { 'user-agent': 'davit', ...(token && { authorization: `Bearer ${token}` }) }
  }

  /** The reply whatever its code; rejects only when the server cannot be spoken to. */
  async raw(method: string, path: string, options: RequestOptions = {}): Promise<Reply> {
    const response = await this.#open(method, path, options)
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return { code: response.statusCode ?? 0, body: Buffer.concat(chunks), date: response.headers.date }
  }

  /** Decoded JSON of a reply of 2xx; anything else is the server's Status as an error. */
  async json<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const { code, body } = await this.raw(method, path, { accept: 'application/json', ...options })
    if (code >= 300) throw statusError(code, body)
    return JSON.parse(body.toString()) as T
  }

  /** The body as it comes. */
  async *stream(path: string, accept = '*/*'): AsyncGenerator<Buffer> {
    const response = await this.#open('GET', path, { accept })
    if ((response.statusCode ?? 0) >= 300) {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      throw statusError(response.statusCode ?? 0, Buffer.concat(chunks))
    }
    yield* response
  }

  close(): void {
    this.#agent.destroy()
  }

  #open(method: string, path: string, options: RequestOptions): Promise<import('node:http').IncomingMessage> {
    const { server } = this.target
    const text =
      options.body === undefined ? undefined : typeof options.body === 'string' ? options.body : JSON.stringify(options.body)
    return new Promise((resolve, reject) => {
      const request = https.request({
        agent: this.#agent,
        host: server.hostname,
        port: server.port || 443,
        method,
        path: server.pathname.replace(/\/$/, '') + path,
        headers: {
          ...this.headers(),
          accept: options.accept ?? 'application/json',
          ...(text !== undefined && {
            'content-type': options.contentType ?? 'application/json',
            'content-length': Buffer.byteLength(text),
          }),
        },
      })
      request.on('response', resolve)
      request.on('error', (error: NodeJS.ErrnoException) => reject(unreachable(server, error)))
      request.end(text)
    })
  }
}

function unreachable(server: URL, error: NodeJS.ErrnoException): CliError {
  return new CliError(`cannot reach ${server.origin}: ${error.code ?? error.message}`, {
    hint: error.code === 'ECONNREFUSED' ? 'is the cluster running? start it with `davit up`' : undefined,
    cause: error,
  })
}

export function statusError(code: number, body: Buffer): CliError {
  try {
    const status = JSON.parse(body.toString()) as { message?: string; reason?: string }
    return new CliError(`the server refused (${code} ${status.reason ?? ''}): ${status.message ?? body.toString()}`)
  } catch {
    return new CliError(`the server answered ${code}: ${body.toString().slice(0, 500)}`)
  }
}
