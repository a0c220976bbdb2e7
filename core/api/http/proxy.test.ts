import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import { WebSocket, WebSocketServer } from 'ws'
import { definePlugin } from '../../kernel/contract.js'
import { assert, test } from '../../testing/contract.js'
import { ApiHooksToken } from '../contract.js'
import { createKey, issueCertificate } from './certificate.js'
import { adminToken, clientCertificate, pods, type Reply, send, startServer, type TestServer, userToken } from './testing.js'
import { createTestNode, nodePlugin } from './testing-node.js'

let server: TestServer
let backend: Server
let secure: ReturnType<typeof createSecureServer>
let port: number
let securePort: number
const services = '/api/v1/namespaces/default/services'
const asked: string[] = []
const denied = new Set<string>()

const deny = definePlugin({
  id: 'test-deny',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.validate, ({ operation, kind, subresource, name }) => {
      if (operation !== 'CONNECT') return undefined
      asked.push(`${kind.resource}/${subresource} ${name}`)
      return denied.has(name) ? { code: 403, reason: 'Forbidden', message: 'not this one' } : undefined
    })
    return {}
  },
})

test.before(async () => {
  backend = createServer((incoming, response) => void answer(incoming, response))
  const sockets = new WebSocketServer({ server: backend })
  sockets.on('connection', (socket, incoming) => {
    socket.send(`hello ${incoming.url} ${incoming.headers.authorization}`)
    socket.on('message', (data) => socket.send(data))
  })
  port = await listen(backend)
  const key = await createKey()
  const period = { notBefore: Date.parse('2020-01-01'), notAfter: Date.parse('2040-01-01') }
  const cert = issueCertificate({ commonName: 'x', key, purpose: 'server', ...period }, { commonName: 'x', key })
  secure = createSecureServer({ key: key.export({ type: 'pkcs8', format: 'pem' }), cert }, (incoming, response) => {
    void answer(incoming, response)
  })
  securePort = await listen(secure)
  server = await startServer({ plugins: [nodePlugin('one', createTestNode()), deny] })
  await pod('web', [{ containerPort: port }])
  await pod('mute', [])
  await pod('inside', [{ containerPort: port }], '127.0.0.1')
  await pod('metadata', [{ containerPort: port }], '169.254.169.254')
  await pod('addressless', [{ containerPort: port }], '')
  await pod('lost', [{ containerPort: port }], '10.0.0.3', 'two')
  await createService()
})
test.after(async () => {
  await server.stop()
  backend.closeAllConnections()
  secure.closeAllConnections()
  await Promise.all([backend, secure].map((one) => new Promise((resolve) => one.close(resolve))))
})

async function listen(one: { listen(port: number, host: string): unknown; address(): unknown }): Promise<number> {
  one.listen(0, '127.0.0.1')
  await once(one as Server, 'listening')
  return (one.address() as AddressInfo).port
}

async function pod(name: string, ports: readonly object[], podIP = '10.0.0.1', nodeName = 'one'): Promise<void> {
  const spec = { nodeName, automountServiceAccountToken: false, containers: [{ name: 'main', image: 'i', ports }] }
  const created = await server.call(pods, { method: 'POST', body: { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec } })
  assert.is(created.code, 201, created.text)
  const headers = { 'content-type': 'application/merge-patch+json' }
  const status = podIP === '' ? {} : { podIP, podIPs: [{ ip: podIP }] }
  await server.call(`${pods}/${name}/status`, { method: 'PATCH', headers, body: { status } })
}

async function createService(): Promise<void> {
  const ports = [
    { name: 'http', port: 80, targetPort: port },
    { name: 'safe', port: 443, targetPort: securePort },
  ]
  for (const name of ['web', 'empty', 'forged']) {
    const body = { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports } }
    assert.is((await server.call(services, { method: 'POST', body })).code, 201)
  }
  const endpoint = (address: string, ready: boolean, target?: string): object => ({
    addresses: [address],
    conditions: { ready },
    ...(target === undefined ? {} : { targetRef: { kind: 'Pod', name: target, namespace: 'default' } }),
  })
  await slice('web', [endpoint('10.0.0.9', false, 'mute'), endpoint('10.0.0.1', true, 'web')])
  await slice('forged', [
    endpoint('10.0.0.1', true),
    endpoint('10.0.0.7', true, 'web'),
    endpoint('127.0.0.1', true, 'inside'),
    endpoint('10.0.0.8', true, 'gone'),
  ])
}

async function slice(service: string, endpoints: readonly object[]): Promise<void> {
  const body = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: [
      { name: 'http', port },
      { name: 'safe', port: securePort },
    ],
    endpoints,
  }
  const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
  const created = await server.call(path, { method: 'POST', body })
  assert.is(created.code, 201, created.text)
}

async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '', headers } = incoming
  if (url.startsWith('/redirect')) return void response.writeHead(302, { location: '/there?x=1' }).end()
  if (url.startsWith('/away')) return void response.writeHead(302, { location: 'http://elsewhere/x' }).end()
  if (url.startsWith('/page')) {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    return void response.end('<a href="/x">x</a>')
  }
  if (url.startsWith('/packed')) {
    response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' })
    return void response.end(gzipSync('<a href="/x">x</a>'))
  }
  if (url.startsWith('/break')) {
    response.writeHead(200, { 'content-length': '100' })
    response.write('half')
    await once(incoming.socket, 'drain').catch(() => {})
    return
  }
  if (url.startsWith('/cut')) return void incoming.socket.destroy()
  if (url.startsWith('/early')) {
    // Reads on: a server that closes with unread bytes resets the connection, and its answer may be lost with it.
    response.writeHead(413).write('no more')
    return void incoming.resume().once('end', () => response.end())
  }
  if (url.startsWith('/code/'))
    return void response.writeHead(Number(url.slice(6)), { 'x-own': 'yes', connection: 'x-hop', 'x-hop': 'no' }).end()
  if (url.startsWith('/echo')) {
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    for await (const chunk of incoming) response.write(chunk)
    return void response.end()
  }
  const body = await text(incoming)
  response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] })
  response.end(JSON.stringify({ method, url, headers, body }))
}

function isStatus(reply: Reply, code: number, reason: string, message?: string | RegExp): void {
  assert.is(reply.code, code, reply.text)
  assert.is(reply.json.reason, reason)
  if (message !== undefined) assert.match(reply.json.message, message)
}
const web = `${pods}/web/proxy`

test('every method goes on with path, query, headers and body, over both versions of HTTP', async () => {
  for (const call of [server.call, server.call2]) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const body =
        method === 'GET' || method === 'OPTIONS' ? {} : { body: 'some text', headers: { 'content-type': 'text/plain' } }
      const { code, text: sent, headers } = await call(`${web}/a%2Fb//c/?q=1&q=2&labelSelector=!!`, { method, ...body })
      assert.equal([method, code, sent.slice(0, 2)], [method, 200, '{"'])
      const json = JSON.parse(sent)
      assert.is(json.method, method)
      assert.is(json.url, '/a%2Fb//c/?q=1&q=2&labelSelector=!!')
      assert.is(json.body, 'body' in body ? 'some text' : '')
      if ('body' in body) assert.is(json.headers['content-type'], 'text/plain')
      assert.equal(headers['set-cookie'], ['a=1', 'b=2'])
    }
    const head = await call(`${web}/x`, { method: 'HEAD' })
    assert.equal([head.code, head.text], [200, ''])
  }
})

test('who asks is told by address, his credentials are kept', async () => {
  const headers = { connection: 'x-secret', 'x-secret': 'hop', 'x-other': 'end', 'x-forwarded-for': '192.0.2.1', te: 'trailers' }
  const { json } = await server.call(`${web}/x/`, {
    headers: { ...headers, 'impersonate-user': 'system:admin', 'impersonate-group': 'system:masters' },
  })
  const got = json.headers
  assert.is(got.authorization, undefined)
  assert.is(got['impersonate-user'], undefined)
  assert.is(got['x-secret'], undefined)
  assert.is(got.te, undefined)
  assert.is(got['x-other'], 'end')
  assert.match(got['x-forwarded-for'], /^192\.0\.2\.1, (::ffff:)?127\.0\.0\.1$/)
  assert.is(got['x-forwarded-uri'], `${web}/x/`)
  assert.is(got['x-forwarded-proto'], 'https')
  assert.is(got['x-forwarded-host'], `127.0.0.1:${server.address.port}`)
  assert.is(got.host, `127.0.0.1:${server.address.port}`)
})

test("the server's own codes and headers come back, those of the connection do not", async () => {
  for (const code of [204, 304, 404, 418, 500]) {
    const reply = await server.call(`${web}/code/${code}`)
    assert.is(reply.code, code)
    assert.is(reply.headers['x-own'], 'yes')
    assert.is(reply.headers['x-hop'], undefined)
  }
  assert.is((await server.call2(`${web}/code/404`)).code, 404)
})

test('names of pods: port and scheme, and the first declared port', async () => {
  assert.is((await server.call(`${pods}/web:${port}/proxy/x`)).json.url, '/x')
  assert.is((await server.call(`${pods}/http:web:${port}/proxy/x`)).json.url, '/x')
  assert.is((await server.call(`${pods}/https:web:${securePort}/proxy/x`)).json.url, '/x')
  isStatus(await server.call(`${pods}/ftp:web:80/proxy/x`), 400, 'BadRequest', /^invalid pod request "ftp:web:80"$/)
  isStatus(await server.call(`${pods}/a:b:c:d/proxy/x`), 400, 'BadRequest')
  isStatus(await server.call(`${pods}/missing/proxy/x`), 404, 'NotFound', /^pods "missing" not found$/)
  isStatus(await server.call(`${pods}/web:1/proxy/x`), 503, 'ServiceUnavailable', /ECONNREFUSED/)
  isStatus(await server.call(`${pods}/web:99999/proxy/x`), 503, 'ServiceUnavailable')
  isStatus(
    await server.call(`${pods}/http:web:${securePort}/proxy/x`),
    503,
    'ServiceUnavailable',
    /^error trying to reach service: /,
  )
  isStatus(await server.call(`${pods}/https:web:${port}/proxy/x`), 503, 'ServiceUnavailable')
})

test('never to an address of this machine', async () => {
  for (const name of ['inside', 'metadata', 'addressless']) {
    isStatus(await server.call(`${pods}/${name}/proxy/x`), 400, 'BadRequest', /^address not allowed$/)
  }
  isStatus(await server.call(`${pods}/lost/proxy/x`), 503, 'ServiceUnavailable', /agent of node two/)
})

test('services: by port name or number, to pods that are ready', async () => {
  for (const name of ['web:http', 'web:80', 'http:web:80']) {
    for (let count = 0; count < 5; count++) assert.is((await server.call(`${services}/${name}/proxy/x?y`)).json.url, '/x?y')
  }
  for (const name of ['https:web:443', 'https:web:safe'])
    assert.is((await server.call(`${services}/${name}/proxy/x`)).json.url, '/x')
  isStatus(
    await server.call(`${services}/web:81/proxy/`),
    503,
    'ServiceUnavailable',
    /^no service port 81 found for service "web"$/,
  )
  isStatus(await server.call(`${services}/web/proxy/`), 503, 'ServiceUnavailable', /^no endpoints available for service "web"$/)
  isStatus(
    await server.call(`${services}/empty:80/proxy/`),
    503,
    'ServiceUnavailable',
    /^no endpoints available for service "empty:80"$/,
  )
  isStatus(await server.call(`${services}/missing:80/proxy/`), 404, 'NotFound', /^services "missing" not found$/)
})

test('an endpoint that is not the address of its pod is not dialled', async () => {
  isStatus(await server.call(`${services}/forged:80/proxy/`), 503, 'ServiceUnavailable', /^no endpoints available/)
})

test('nodes: an agent that is not there is not reached, other ports are those of the node', async () => {
  const body = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n' },
    status: { daemonEndpoints: { kubeletEndpoint: { Port: 10250 } }, addresses: [{ type: 'InternalIP', address: '127.0.0.1' }] },
  }
  assert.is((await server.call('/api/v1/nodes', { method: 'POST', body })).code, 201)
  for (const name of ['n', 'n:10250', 'https:n:10250']) {
    isStatus(
      await server.call(`/api/v1/nodes/${name}/proxy/metrics`),
      503,
      'ServiceUnavailable',
      /^node n cannot be reached: |^error trying to reach service: /,
    )
  }
  isStatus(await server.call(`/api/v1/nodes/n:${port}/proxy/x`), 400, 'BadRequest', /^address not allowed$/)
  isStatus(await server.call('/api/v1/nodes/missing/proxy/x'), 404, 'NotFound')
})

test('redirects and links lead to the proxy again', async () => {
  const bare = await server.call(`${web}?a=b`)
  assert.equal([bare.code, bare.headers.location], [301, `${web}/?a=b`])
  assert.is((await server.call(web, { method: 'POST', body: 'x' })).json.url, '/')
  assert.is((await server.call(`${web}/redirect`)).headers.location, `${web}/there?x=1`)
  assert.is((await server.call(`${web}/away`)).headers.location, 'http://elsewhere/x')
  for (const call of [server.call, server.call2]) {
    const page = await call(`${web}/page`)
    assert.is(page.text, `<a href="${web}/x">x</a>`)
    assert.is(page.headers['content-type'], 'text/html; charset=utf-8')
  }
  const packed = await raw(`${web}/packed`)
  assert.is(gunzipSync(packed).toString(), `<a href="${web}/x">x</a>`)
})

async function raw(path: string): Promise<Buffer> {
  const outgoing = request(server.options(path)).end()
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

test('bodies stream in both directions, beyond the limit of the API', async (t) => {
  const outgoing = request(server.options(`${web}/echo`, { method: 'POST' }))
  t.defer(() => void outgoing.destroy())
  outgoing.write('first')
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  const [chunk] = (await once(incoming, 'data')) as [Buffer]
  assert.is(chunk.toString(), 'first', 'the answer begins before the request is over')
  let size = 0
  incoming.on('data', (part: Buffer) => (size += part.length))
  const block = Buffer.alloc(1024 * 1024, 'x')
  for (let count = 0; count < 8; count++) if (!outgoing.write(block)) await once(outgoing, 'drain')
  outgoing.end()
  await once(incoming, 'end')
  assert.is(size, 8 * block.length)
  const over2 = await server.call2(`${web}/echo`, { method: 'POST', body: Buffer.alloc(5 * 1024 * 1024, 'y') })
  assert.is(over2.text.length, 5 * 1024 * 1024)
})

test('a server that goes away half-way is not taken for one that has said all', async () => {
  isStatus(await server.call(`${web}/cut`), 503, 'ServiceUnavailable', /^error trying to reach service: /)
  isStatus(await server.call2(`${web}/cut`, { method: 'POST', body: 'x' }), 503, 'ServiceUnavailable')
  const broken = server.call(`${web}/break`)
  // The backend's reply has begun; now its connections end.
  const timer = setInterval(() => backend.closeAllConnections(), 50)
  await assert.rejects(broken)
  clearInterval(timer)
  const early = await server.call2(`${web}/early`, { method: 'POST', body: Buffer.alloc(2 * 1024 * 1024) })
  assert.equal([early.code, early.text], [413, 'no more'])
})

test('a client that leaves ends the request at the server', async (t) => {
  const outgoing = request(server.options(`${web}/break`)).end()
  t.defer(() => void outgoing.destroy())
  const accepted = once(backend, 'request')
  outgoing.on('error', () => {})
  const [incoming] = (await accepted) as [IncomingMessage]
  const closed = once(incoming.socket, 'close')
  outgoing.destroy()
  await closed
})

test('WebSockets', async (t) => {
  const url = `${server.address.url.replace('https', 'wss')}${services}/web:http/proxy/socket?x=y`
  const socket = new WebSocket(url, { ca: server.address.ca, headers: { authorization: `Bearer ${adminToken}` } })
  t.defer(() => socket.terminate())
  const [hello] = (await once(socket, 'message')) as [Buffer]
  assert.is(hello.toString(), 'hello /socket?x=y undefined')
  socket.send('ping')
  const [echo] = (await once(socket, 'message')) as [Buffer]
  assert.is(echo.toString(), 'ping')
  socket.close()
  await once(socket, 'close')
})

test('an upgrade that the server refuses comes back as its answer', async () => {
  const headers = { connection: 'Upgrade', upgrade: 'other' }
  const reply = await server.call(`${web}/code/404`, { headers })
  assert.equal([reply.code, reply.text], [400, 'Invalid Upgrade header'], 'the words of the library at the other end')
})

test('who may, by the verb of the method', async () => {
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const refused = await server.call(`${web}/x`, { method, token: userToken })
    isStatus(refused, 403, 'Forbidden')
    const verb = { GET: 'get', POST: 'create', PUT: 'update', DELETE: 'delete', OPTIONS: '' }[method]
    assert.match(refused.json.message, `User "alice" cannot ${verb} resource "pods/proxy"`)
  }
  isStatus(await server.call(`${web}/x`, { token: '' }), 401, 'Unauthorized')
  isStatus(await server.call(`${web}/x`, { method: 'TRACE' }), 405, 'MethodNotAllowed')
  isStatus(await server.call('/apis/apps/v1/namespaces/default/deployments/x/proxy/y'), 404, 'NotFound')
})

test('admission is asked about the connection', async () => {
  asked.length = 0
  denied.add('web')
  isStatus(await server.call(`${web}/x`, { method: 'POST', body: 'x' }), 403, 'Forbidden', /not this one/)
  denied.clear()
  assert.equal(asked, ['pods/proxy web'])
})

test('with a client certificate as well', async () => {
  const { key, cert } = await clientCertificate(server)
  const { agent: _agent, ...options } = server.options(`${web}/x`, { token: '' })
  const reply = await send({ ...options, key, cert, agent: false })
  assert.is(reply.json.url, '/x')
})

test('many at once', async () => {
  const replies = await Promise.all(
    Array.from({ length: 40 }, (_unused, index) => (index % 2 ? server.call : server.call2)(`${web}/x?${index}`)),
  )
  assert.equal(
    replies.map(({ json }) => json.url),
    replies.map((_reply, index) => `/x?${index}`),
  )
})
