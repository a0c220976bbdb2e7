/** A whole API server for this room's tests: the real pipeline over the memory store, on a port of its own. */
import { hash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { Agent, type RequestOptions, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyPlugin, Kernel, PluginEntry } from '../../kernel/contract.js'
import { bootKernel, createClock, createIds, createRandom } from '../../kernel/host.js'
import { storeMemory } from '../../store/host.js'
import { createTestServices, type LogLine } from '../../testing/services.js'
import watchCache from '../../watch/plugin.js'
import type { ApiAddress } from '../contract.js'
import { ApiAddressToken } from '../contract.js'
import { apiPipeline, tokenIssuer } from '../host.js'
import { apiServer } from './plugin.js'

export interface Reply {
  readonly code: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into replies of every shape.
  readonly json: any
}
export interface CallOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** Sent as JSON unless it is text or bytes. */
  readonly body?: unknown
  /** Default: `adminToken`. Empty: none. */
  readonly token?: string
}
export interface TestServer {
  readonly kernel: Kernel
  readonly address: ApiAddress
  readonly directory: string
  readonly agent: Agent
  /** Everything that was logged. */
  readonly lines: readonly LogLine[]
  call(path: string, options?: CallOptions): Promise<Reply>
  /** The same over HTTP/2. */
  call2(path: string, options?: CallOptions): Promise<Reply>
  options(path: string, options?: CallOptions): RequestOptions
  stop(): Promise<void>
}
export interface TestServerOptions {
  readonly config?: object
  readonly plugins?: readonly AnyPlugin[]
  /** Plugins with a configuration. */
  readonly entries?: readonly PluginEntry[]
}

export const adminToken = hash('sha256', 'an administrator of the tests')
export const userToken = hash('sha256', 'somebody without any rights')
/** Somebody else without any rights. */
export const otherToken = hash('sha256', 'somebody else without any rights')
const tokens = `${adminToken},admin,1,"system:masters"\n${userToken},alice,2,"team-a,team-b"\n${otherToken},bob,3\n`

export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'davit-http-'))
  const tokenFile = join(directory, 'tokens.csv')
  await writeFile(tokenFile, tokens)
  const random = createRandom()
  const { log, lines } = createTestServices()
  const services = { clock: createClock(), random, ids: createIds(), log }
  const config = { port: 0, dataDirectory: directory, tokenFile, ...options.config }
  const entries: PluginEntry[] = [storeMemory, watchCache, tokenIssuer, apiPipeline, ...(options.plugins ?? [])].map(
    (plugin) => ({ plugin }),
  )
  const kernel = await bootKernel([...entries, ...(options.entries ?? []), { plugin: apiServer, config }], services)
  const address = kernel.get(ApiAddressToken)
  const agent = new Agent({ keepAlive: true, maxSockets: 64, ca: address.ca })
  const sessions: ClientHttp2Session[] = []

  function requestOptions(path: string, { method = 'GET', headers = {}, token = adminToken }: CallOptions = {}): RequestOptions {
    const authorization = token === '' ? {} : { authorization: `Bearer ${token}` }
    return {
      host: '127.0.0.1',
      port: address.port,
      path,
      method,
      agent,
      ca: address.ca,
      headers: { ...authorization, ...headers },
    }
  }
  function session(): ClientHttp2Session {
    const open = sessions.find((one) => !one.closed && !one.destroyed)
    if (open) return open
    const made = connectHttp2(address.url, { ca: address.ca })
    sessions.push(made)
    return made
  }
  return {
    lines,
    kernel,
    address,
    directory,
    agent,
    options: requestOptions,
    call: (path, call) => send(requestOptions(path, withType(call)), bodyOf(call)),
    call2: (path, call) => send2(session(), requestOptions(path, withType(call)), bodyOf(call)),
    async stop() {
      agent.destroy()
      for (const one of sessions) one.destroy()
      await kernel.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export async function clientCertificate(server: TestServer): Promise<{ readonly key: string; readonly cert: string }> {
  const read = (name: string): Promise<string> => readFile(join(server.directory, 'pki', name), 'utf8')
  return { key: await read('admin.key'), cert: await read('admin.crt') }
}

export const pod = (name: string, extra: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name } },
  spec: { automountServiceAccountToken: false, containers: [{ name: 'main', image: 'busybox:1' }] },
  ...extra,
})
export const pods = '/api/v1/namespaces/default/pods'

function withType(options: CallOptions = {}): CallOptions {
  const { 'content-type': type, ...headers } = options.headers ?? {}
  // '': the body says no type.
  if (type === '') return { ...options, headers }
  if (options.body === undefined || type !== undefined) return options
  return { ...options, headers: { 'content-type': 'application/json', ...options.headers } }
}
function bodyOf({ body }: CallOptions = {}): Buffer | undefined {
  if (body === undefined || Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

export function send(options: RequestOptions, body?: Buffer): Promise<Reply> {
  // Node's client leaves it out for DELETE and OPTIONS, and the body would be taken for the next request.
  const length = body === undefined ? {} : { 'content-length': String(body.length) }
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...options, headers: { ...(options.headers as object), ...length } }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => resolve(replyOf(incoming.statusCode ?? 0, incoming.headers, Buffer.concat(chunks))))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function send2(session: ClientHttp2Session, options: RequestOptions, body: Buffer | undefined): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const head = { ':path': options.path ?? '/', ':method': options.method ?? 'GET', ...(options.headers as object) }
    const stream = session.request(head, { endStream: body === undefined })
    const chunks: Buffer[] = []
    let headers: Readonly<Record<string, string | string[] | undefined>> = {}
    stream.on('response', (received) => {
      headers = received as typeof headers
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', reject)
    stream.on('end', () => resolve(replyOf(Number(headers[':status']), headers, Buffer.concat(chunks))))
    if (body) stream.end(body)
  })
}

function replyOf(code: number, headers: Reply['headers'], body: Buffer): Reply {
  const text = body.toString('utf8')
  return {
    code,
    headers,
    text,
    get json() {
      return JSON.parse(text) as unknown
    },
  }
}
