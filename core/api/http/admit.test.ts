/** What a stranger can make the server do: as little as possible, over the real wire. */
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { assert, type TestContext, test } from '../../testing/contract.js'
import { adminToken, pod, pods, startServer, type TestServer, userToken } from './testing.js'

async function start(t: TestContext, config: object = {}): Promise<TestServer> {
  const server = await startServer({ config })
  t.defer(() => server.stop())
  return server
}
async function secure(t: TestContext, server: TestServer): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: server.address.port, ca: server.address.ca, ALPNProtocols: ['http/1.1'] })
  t.defer(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}
async function heard(socket: Socket, until: RegExp): Promise<string> {
  let text = ''
  for await (const chunk of socket) {
    text += String(chunk)
    if (until.test(text)) break
  }
  return text
}
const post = (token: string, length: number | 'chunked'): string => {
  const size = length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
  return `POST ${pods} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\n${size}\r\n\r\n`
}

test('a stranger gets his 401 before he has sent a body, and cannot go on sending', async (t) => {
  const server = await start(t)
  for (const length of [3_000_000, 'chunked'] as const) {
    const socket = await secure(t, server)
    socket.write(post('nobody', length))
    const text = await heard(socket, /"code":401/)
    assert.match(text, /^HTTP\/1\.1 401 Unauthorized\r\n/)
    assert.match(text, /connection: close/i)
    assert.match(text, /"message":"Unauthorized"/)
  }
})

test('a small body of a stranger is passed over, and the connection lives on', async (t) => {
  const server = await start(t)
  const socket = await secure(t, server)
  const body = JSON.stringify(pod('never'))
  socket.write(`${post('nobody', Buffer.byteLength(body))}${body}`)
  socket.write(`GET ${pods} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\n\r\n`)
  const text = await heard(socket, /PodList/)
  assert.match(text, /401 Unauthorized[\s\S]*200 OK/)
  assert.is((await server.call(pods)).json.items.length, 0)
})

test('over HTTP/2 as well, and the other streams of the connection live on', async (t) => {
  const server = await start(t)
  const session = connectHttp2(server.address.url, { ca: server.address.ca })
  t.defer(() => session.destroy())
  const stream = session.request({ ':method': 'POST', ':path': pods, authorization: 'Bearer nobody' })
  stream.on('error', () => {})
  stream.write('{"kind":')
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
  assert.is(headers[':status'], 401)
  const good = session.request({ ':path': '/version', authorization: `Bearer ${userToken}` })
  const [version] = (await once(good, 'response')) as [Record<string, unknown>]
  assert.is(version[':status'], 200)
})

test('who is known writes as before: JSON, empty bodies, deletes with options', async (t) => {
  const server = await start(t)
  assert.is((await server.call(pods, { method: 'POST', body: pod('a') })).code, 201)
  assert.is((await server.call2(pods, { method: 'POST', body: pod('b') })).code, 201)
  assert.is((await server.call(`${pods}/a`, { method: 'DELETE', body: { gracePeriodSeconds: 0 } })).code, 200)
  assert.is((await server.call2(`${pods}/b`, { method: 'DELETE' })).code, 200)
  assert.is((await server.call(pods, { method: 'POST' })).code, 400)
  assert.is((await server.call(pods, { method: 'POST', body: pod('c'), token: userToken })).code, 403)
  assert.is((await server.call(pods, { method: 'POST', body: pod('c'), token: '' })).code, 401)
})

test('what is said of a refusal is no more than Kubernetes says', async (t) => {
  const server = await start(t)
  const unknown = await server.call(`${pods}/there`, { token: 'guess' })
  assert.equal(unknown.json, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Unauthorized',
    reason: 'Unauthorized',
    code: 401,
  })
  await server.call(pods, { method: 'POST', body: pod('there') })
  const [there, missing] = [
    await server.call(`${pods}/there`, { token: userToken }),
    await server.call(`${pods}/missing`, { token: userToken }),
  ]
  assert.is(there.code, 403)
  assert.is(there.text.replaceAll('there', 'x'), missing.text.replaceAll('missing', 'x'), 'whether it is there cannot be told')
})

test('nothing answers without TLS', async (t) => {
  const server = await start(t)
  const socket = connectPlain(server.address.port, '127.0.0.1')
  t.defer(() => socket.destroy())
  socket.on('error', () => {})
  socket.write('GET /version HTTP/1.1\r\nHost: x\r\n\r\n')
  let bytes = ''
  socket.on('data', (chunk) => {
    bytes += String(chunk)
  })
  await once(socket, 'close')
  assert.not.match(bytes, 'HTTP/1.1 200')
  assert.not.match(bytes, 'gitVersion')
})

test('headers and bodies that trickle in are cut, over HTTP/1.1', async (t) => {
  const server = await start(t, { headersTimeoutMs: 200, requestTimeoutMs: 300 })
  const silent = await secure(t, server)
  const halfHead = await secure(t, server)
  halfHead.write('GET /version HTTP/1.1\r\nHost: x\r\n')
  const halfBody = await secure(t, server)
  halfBody.write(`${post(adminToken, 1000)}{"kind":`)
  const trickles = [silent, halfHead, halfBody]
  for (const socket of trickles) socket.resume()
  await Promise.all(trickles.map((socket) => once(socket, 'close')))
  assert.is((await server.call('/readyz')).code, 200)
})

test('very many connections of strangers shut out nobody else', async (t) => {
  const server = await start(t, { strangers: 20 })
  const known = await secure(t, server)
  const ask = async (): Promise<void> => {
    known.write(`GET /version HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\n\r\n`)
    const [chunk] = (await once(known, 'data')) as [Buffer]
    assert.match(String(chunk), /^HTTP\/1\.1 200/)
  }
  await ask()
  const strangers: Socket[] = []
  let closed = 0
  for (let count = 0; count < 60; count += 1) {
    const socket = connectPlain(server.address.port, '127.0.0.1')
    t.defer(() => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => {
      closed += 1
    })
    strangers.push(socket)
    await once(socket, 'connect')
  }
  while (closed < 40) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(
    strangers.slice(40).some((socket) => !socket.destroyed),
    'the newest are still there',
  )
  await ask()
  assert.is((await server.call('/version')).code, 200, 'and one who comes anew gets in')
})
