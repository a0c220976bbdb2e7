/** An API server with the plugin, and tiny aggregated API servers behind it. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { createKey, issueCertificate, type Reply, startServer, type TestServer } from '@davit/core/api/testkit'
import { controlPlaneParts } from '@davit/core/controller/testkit'
import type { TestContext } from '@davit/core/testing'
import plugin from './index.js'

export interface Backend {
  readonly server: Server
  readonly port: number
  /** Base64 of its authority. */
  readonly caBundle: string
  /** "GET /apis/… as alice", and the headers of the last. */
  readonly requests: string[]
  last: IncomingMessage | undefined
  /** Makes the probe fail. */
  broken: boolean
  /** What it says in `/openapi/v2`: nothing is 404, and 'silence' never ends. The codes that it answered with. */
  openApiV2: object | 'silence' | undefined
  readonly openApiV2Codes: number[]
}

const period = { notBefore: 0, notAfter: Date.UTC(2100, 0) }

export async function startBackend(t: TestContext, name = 'metrics.default.svc', group = 'metrics.test'): Promise<Backend> {
  const [authorityKey, key] = await Promise.all([createKey(), createKey()])
  const issuer = { commonName: 'backend-ca', key: authorityKey }
  const authority = issueCertificate({ commonName: 'backend-ca', key: authorityKey, purpose: 'authority', ...period }, issuer)
  const cert = issueCertificate({ commonName: 'backend', key, purpose: 'server', names: [name], ...period }, issuer)
  const tls = { key: key.export({ type: 'pkcs8', format: 'pem' }), cert, requestCert: true, rejectUnauthorized: false }
  const server = createServer(tls, (request, response) => answer(backend, group, request, response))
  const backend: Backend = {
    server,
    port: 0,
    caBundle: Buffer.from(authority).toString('base64'),
    requests: [],
    last: undefined,
    broken: false,
    openApiV2: undefined,
    openApiV2Codes: [],
  }
  server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.defer(() => stopBackend(backend))
  return Object.assign(backend, { port: (server.address() as AddressInfo).port })
}

export async function stopBackend({ server }: Backend): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

function answer(backend: Backend, group: string, request: IncomingMessage, response: ServerResponse): unknown {
  const { url = '', method, headers } = request
  const subject = (request.socket as TLSSocket).getPeerCertificate().subject as { CN?: string } | undefined
  backend.last = request
  const send = (code: number, body: object): void => {
    response.writeHead(code, { 'content-type': 'application/json', 'x-peer': subject?.CN ?? '' }).end(JSON.stringify(body))
  }
  if (backend.broken) return send(500, {})
  if (headers['x-remote-user'] !== 'system:kube-aggregator')
    backend.requests.push(`${method} ${url} as ${headers['x-remote-user']}`)
  if (url === `/apis/${group}/v1`) {
    const resources = [
      { name: 'widgets', singularName: 'widget', namespaced: true, kind: 'Widget', verbs: ['get', 'list'], shortNames: ['wd'] },
      { name: 'widgets/status', singularName: '', namespaced: true, kind: 'Widget', verbs: ['get'] },
    ]
    return send(200, { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${group}/v1`, resources })
  }
  if (url.startsWith('/openapi/v3/apis/')) return send(200, { openapi: '3.0.0', paths: { [`/apis/${group}/v1/`]: {} } })
  if (url.startsWith('/openapi/v3')) {
    return send(200, { paths: { [`apis/${group}/v1`]: { serverRelativeURL: `/openapi/v3/apis/${group}/v1?hash=AB` } } })
  }
  if (url === '/openapi/v2') return sendOpenApiV2(backend, request, response)
  if (url.includes('redirect')) return void response.writeHead(302, { location: 'https://elsewhere/' }).end()
  if (url.includes('watch=true')) {
    response.writeHead(200, { 'content-type': 'application/json' })
    return void response.write('{"type":"ADDED"}\n')
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => send(method === 'POST' ? 201 : 200, { kind: 'Widget', body: Buffer.concat(chunks).toString() }))
}

function sendOpenApiV2({ openApiV2, openApiV2Codes }: Backend, { headers }: IncomingMessage, response: ServerResponse): void {
  if (openApiV2 === 'silence') return
  const text = JSON.stringify(openApiV2 ?? {})
  const etag = `"${text.length}"`
  const code = openApiV2 === undefined ? 404 : headers['if-none-match'] === etag ? 304 : 200
  openApiV2Codes.push(code)
  response.writeHead(code, { etag }).end(code === 200 ? text : undefined)
}

export interface Plane extends TestServer {
  /** Registers `backend` as `v1.GROUP` behind Service `metrics`. */
  register(backend: Backend, spec?: object, group?: string): Promise<Reply>
  endpoints(backend: Backend, ready?: boolean, name?: string): Promise<void>
  /** The condition `Available` as soon as `wanted` says that it is the one. */
  available(name: string, wanted: (reason: string) => boolean): Promise<{ status: string; reason: string; message: string }>
  until<T>(read: () => Promise<T | undefined>): Promise<T>
}

export const apiServicesPath = '/apis/apiregistration.k8s.io/v1/apiservices'

export async function plane(t: TestContext, options: object = {}, config: object = {}): Promise<Plane> {
  const wanted = new Set(['client', 'authorizer-grants-only'])
  const parts = controlPlaneParts().flatMap(({ plugin: part }) => (wanted.has(part.id) ? [part] : []))
  const server = await startServer({ plugins: parts, entries: [{ plugin, config }], ...options })
  t.defer(() => server.stop())
  const post = async (path: string, body: object): Promise<Reply> => {
    const reply = await server.call(path, { method: 'POST', body })
    if (reply.code !== 201 && reply.code !== 409) throw new Error(`${path}: ${reply.text}`)
    return reply
  }
  async function until<T>(read: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await read()
      if (found !== undefined) return found
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  return {
    ...server,
    until,
    async register({ caBundle }, spec = {}, group = 'metrics.test') {
      const service = { name: 'metrics', namespace: 'default' }
      const ports = [{ name: 'https', port: 443, targetPort: 8443 }]
      await post('/api/v1/namespaces/default/services', { metadata: { name: service.name }, spec: { ports } })
      const all = { group, version: 'v1', groupPriorityMinimum: 100, versionPriority: 10, service, caBundle, ...spec }
      return post(apiServicesPath, { metadata: { name: `v1.${group}` }, spec: all })
    },
    async endpoints({ port }, ready = true, name = 'metrics') {
      const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
      const metadata = { name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } }
      const endpoints = [{ addresses: ['127.0.0.1'], conditions: { ready } }]
      const body = { metadata, addressType: 'IPv4', ports: [{ name: 'https', port }], endpoints }
      const created = await post(path, body)
      if (created.code === 409) await server.call(`${path}/${name}-1`, { method: 'PUT', body })
    },
    available: (name, wanted) =>
      until(async () => {
        const { json } = await server.call(`${apiServicesPath}/${name}`)
        const found = json.status?.conditions?.find((condition: { type: string }) => condition.type === 'Available')
        return found && wanted(found.reason) ? found : undefined
      }),
  }
}
