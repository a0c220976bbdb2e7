import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { gunzipSync } from 'node:zlib'
import { assert, type TestContext, test } from '../../testing/contract.js'
import type { AuthorizationRequest } from '../contract.js'
import { ApiAddressToken, ApiHooksToken } from '../contract.js'
import { apiServer } from './plugin.js'
import { adminToken, pod, pods, startServer, type TestServer } from './testing.js'

async function start(t: TestContext, config: object = {}): Promise<TestServer> {
  const server = await startServer({ config })
  t.defer(() => server.stop())
  return server
}
async function raw(t: TestContext, server: TestServer): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: server.address.port, ca: server.address.ca, ALPNProtocols: ['http/1.1'] })
  t.defer(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}
async function answer(socket: TLSSocket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}

test('what is no HTTP gets a 400 and the end', async (t) => {
  const server = await start(t)
  const socket = await raw(t, server)
  socket.write('HELLO THERE\r\n\r\n')
  const text = await answer(socket)
  assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.is(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))).kind, 'Status')
})

test('long headers are read, those without end are cut', async (t) => {
  const server = await start(t)
  const sent = async (length: number): Promise<string> => {
    const socket = await raw(t, server)
    socket.write(`GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nBig: ${'x'.repeat(length)}\r\n\r\n`)
    return answer(socket)
  }
  assert.match(await sent(200_000), /^HTTP\/1\.1 200 /)
  // The server closes while the rest is still on its way, so that the reply may be lost with it.
  const cut = await sent(1_200_000).catch((error: NodeJS.ErrnoException) => error.code)
  assert.match(String(cut), /^HTTP\/1\.1 431 |^ECONNRESET$|^EPIPE$/)
})

test('a body that stops half-way over HTTP/2 is given up', async (t) => {
  const server = await start(t, { requestTimeoutMs: 150 })
  const session = connectHttp2(server.address.url, { ca: server.address.ca })
  t.defer(() => session.destroy())
  const stream = session.request({
    ':method': 'POST',
    ':path': pods,
    authorization: `Bearer ${adminToken}`,
    'content-type': 'application/json',
    'content-length': 1000,
  })
  stream.on('error', () => {})
  stream.write('{"kind":')
  await once(stream, 'close')
  assert.is(stream.rstCode, 8)
})

test('a handshake that does not come is given up', async (t) => {
  const server = await start(t, { headersTimeoutMs: 150 })
  const { connect: connectPlain } = await import('node:net')
  const socket = connectPlain(server.address.port, '127.0.0.1')
  t.defer(() => socket.destroy())
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'close')
  assert.is((await server.call('/readyz')).code, 200)
})

test('connections without requests are closed, over both versions of HTTP', async (t) => {
  const server = await start(t, { idleTimeoutMs: 150 })
  const socket = await raw(t, server)
  socket.write(`GET /version HTTP/1.1\r\nHost: x\r\n\r\n`)
  assert.match(await answer(socket), /^HTTP\/1\.1 200/)
  const session = connectHttp2(server.address.url, { ca: server.address.ca })
  await once(session, 'close')
})

test('a watch keeps its HTTP/2 connection, however quiet it is', async (t) => {
  const server = await start(t, { idleTimeoutMs: 100 })
  const session = connectHttp2(server.address.url, { ca: server.address.ca })
  t.defer(() => session.destroy())
  const path = `${pods}?watch=1&timeoutSeconds=1&resourceVersion=1`
  const stream = session.request({ ':path': path, authorization: `Bearer ${adminToken}` })
  stream.resume()
  const [headers] = await once(stream, 'response')
  assert.is(headers[':status'], 200)
  await once(stream, 'end')
  assert.is(stream.rstCode, 0)
})

test('large replies to other machines are compressed, where they ask for it', async (t) => {
  const server = await start(t)
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'big' }, data: { blob: 'davit '.repeat(50_000) } }
  await server.call('/api/v1/namespaces/default/configmaps', { method: 'POST', body })
  const fetchList = async (headers: Record<string, string>): Promise<{ encoding: string | undefined; bytes: Buffer }> => {
    // Another address of this machine stands for another machine.
    const options = server.options('/api/v1/namespaces/default/configmaps', { headers })
    const outgoing = request({ ...options, localAddress: '127.0.0.2', agent: false })
    outgoing.end()
    const [reply] = (await once(outgoing, 'response')) as [import('node:http').IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of reply) chunks.push(chunk as Buffer)
    return { encoding: reply.headers['content-encoding'], bytes: Buffer.concat(chunks) }
  }
  const plain = await fetchList({})
  assert.is(plain.encoding, undefined)
  const compressed = await fetchList({ 'accept-encoding': 'gzip, deflate' })
  assert.is(compressed.encoding, 'gzip')
  assert.ok(compressed.bytes.length < plain.bytes.length / 10)
  assert.ok(gunzipSync(compressed.bytes).equals(plain.bytes))
})

test('a port that is taken is an error with a code', async (t) => {
  const taken = createServer()
  t.defer(() => taken.close())
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  const error = await assert.rejects(startServer({ config: { port } }))
  assert.is((error.cause as { code?: string }).code, 'DAVIT_API_ADDRESS')
})

test('a reload keeps the port and serves with the new configuration', async (t) => {
  const server = await start(t)
  const config = { port: 0, dataDirectory: server.directory, tokenFile: join(server.directory, 'tokens.csv') }
  await server.call(pods, { method: 'POST', body: pod('kept') })
  await server.kernel.reload('api-server', { plugin: apiServer, config: { ...config, bodyLimitBytes: 2000 } })
  assert.is(server.kernel.get(ApiAddressToken).port, server.address.port)
  assert.is((await server.call(`${pods}/kept`)).code, 200)
  const body = pod('large', { metadata: { name: 'large', annotations: { a: 'x'.repeat(3000) } } })
  assert.is((await server.call(pods, { method: 'POST', body })).code, 413)
})

test('ten lives of the server leave the process as it was', async (t) => {
  const server = await start(t)
  const config = { port: 0, dataDirectory: server.directory, tokenFile: join(server.directory, 'tokens.csv') }
  for (let count = 0; count < 10; count++) await server.kernel.reload('api-server', { plugin: apiServer, config })
  assert.is((await server.call('/readyz')).text, 'ok')
})

test('the kubeconfig and the address agree', async (t) => {
  const server = await start(t, { advertiseAddress: 'localhost' })
  assert.is(server.address.url, `https://localhost:${server.address.port}`)
  assert.match(await readFile(server.address.kubeconfig, 'utf8'), `server: ${server.address.url}\n`)
})

test('whoever decides is asked about paths too', async (t) => {
  const server = await start(t)
  const asked: AuthorizationRequest[] = []
  const hooks = server.kernel.get(ApiHooksToken)
  t.defer(
    hooks.authorize.tap('test', (wanted) => {
      asked.push(wanted)
      return wanted.path === '/metrics' ? { allowed: true, reason: '' } : { allowed: false, reason: 'closed today' }
    }),
  )
  const { userToken } = await import('./testing.js')
  assert.is((await server.call('/metrics', { token: userToken })).code, 200)
  const refused = await server.call('/apis', { token: userToken })
  assert.is(refused.code, 403)
  assert.match(refused.json.message, 'User "alice" cannot get path "/apis": closed today')
  assert.equal(
    asked.map(({ verb, path }) => `${verb} ${path}`),
    ['get /metrics', 'get /apis'],
  )
})

test('nothing that is installed brings tsyringe along', async () => {
  const lock = await readFile(new URL('../../../package-lock.json', import.meta.url), 'utf8')
  assert.match(lock, '"node_modules/fastify"')
  assert.not.match(lock, 'tsyringe')
  assert.not.match(lock, '@peculiar/x509')
})
