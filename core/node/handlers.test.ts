import { createServer as createHttpServer } from 'node:http'
import { createServer as createGrpcServer } from 'node:http2'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { createClock } from '../kernel/clock.js'
import type { LifecycleHandler } from '../kinds/contract.js'
import { assert, suite, type TestContext } from '../testing/contract.js'
import type { ExecResult, Runtime } from './contract.js'
import { portNumber, runHandler, type Target } from './handlers.js'
import { container } from './testing.js'

const test = suite('handlers')

/** Only what handlers call. */
function target(more: Partial<Target> = {}, exec: Partial<ExecResult> = {}): Target {
  const none = new Uint8Array()
  const execSync = async (): Promise<ExecResult> => ({ exitCode: 0, stdout: none, stderr: none, timedOut: false, ...exec })
  const runtime = { execSync } as unknown as Runtime
  return { runtime, clock: createClock(), container: container('main'), containerId: 'c', host: '127.0.0.1', ...more }
}

async function listening(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.defer(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as AddressInfo).port
}
const messageOf = async (handler: LifecycleHandler, of: Target, timeoutMs = 2_000): Promise<string> => {
  const outcome = await runHandler(handler, of, timeoutMs)
  return outcome.ok ? 'ok' : outcome.message
}

test('exec: the exit code decides, what it prints is the message', async () => {
  const exec = { command: ['check', 'it'] }
  assert.is(await messageOf({ exec }, target()), 'ok')
  assert.is(
    await messageOf({ exec }, target({}, { exitCode: 1, stdout: Buffer.from('out '), stderr: Buffer.from('err\n') })),
    'out err',
  )
  assert.is(await messageOf({ exec }, target({}, { exitCode: 3 })), 'command exited with 3')
  assert.is(
    await messageOf({ exec }, target({}, { timedOut: true, exitCode: 137 })),
    'command timed out: "check it" timed out after 2s',
  )
})

test('exec: a runtime that fails is a failure of the probe', async () => {
  const runtime = { execSync: () => Promise.reject(new Error('no daemon')) } as unknown as Runtime
  assert.is(await messageOf({ exec: { command: ['x'] } }, target({ runtime })), 'no daemon')
})

test('http: 200 to 399 succeed; path, headers and host reach the server', async (t) => {
  const seen: unknown[] = []
  const server = createHttpServer((request, response) => {
    seen.push([request.method, request.url, request.headers['x-a'], request.headers['user-agent']])
    response.writeHead(Number(request.url?.slice(1) ?? 200), { location: 'http://elsewhere.invalid/' }).end('text')
  })
  const port = await listening(t, server)
  const get = (path: string) => messageOf({ httpGet: { path, port, httpHeaders: [{ name: 'X-A', value: 'b' }] } }, target())
  for (const code of [200, 204, 302, 399]) assert.is(await get(`/${code}`), 'ok')
  for (const code of [400, 404, 500, 503]) assert.is(await get(String(code)), `HTTP probe failed with statuscode: ${code}`)
  assert.equal(seen[0], ['GET', '/200', 'b', 'kube-probe/1.33'])
})

test('http: a redirect to the same host is followed to its end, and not for ever', async (t) => {
  const server = createHttpServer((request, response) => {
    const [, to = '', ...more] = (request.url ?? '').split('/')
    if (to === 'round') response.writeHead(302, { location: '/round' }).end()
    else if (more.length > 0) response.writeHead(301, { location: `/${more.join('/')}` }).end()
    else response.writeHead(Number(to)).end()
  })
  const port = await listening(t, server)
  const get = (path: string) => messageOf({ httpGet: { path, port } }, target())
  assert.is(await get('/x/y/200'), 'ok')
  assert.is(await get('/x/500'), 'HTTP probe failed with statuscode: 500')
  assert.is(await get('/round'), 'stopped after 10 redirects')
})

test('http: an answer whose lines end as small servers end them is an answer', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end('HTTP/1.0 200 OK\nContent-Type: text/plain\n\nfine\n'))
  })
  assert.is(await messageOf({ httpGet: { port: await listening(t, server) } }, target()), 'ok')
})

test('http: nobody there, and nobody who answers', async (t) => {
  const closed = createServer()
  const port = await listening(t, closed)
  await new Promise((resolve) => closed.close(resolve))
  assert.match(await messageOf({ httpGet: { port } }, target()), 'ECONNREFUSED')
  const silent = createServer((socket) => socket.on('error', () => {}).resume())
  const silentPort = await listening(t, silent)
  assert.match(await messageOf({ httpGet: { port: silentPort } }, target(), 100), 'no answer within 0.1s')
})

test('tcp: a connection is enough', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}).resume())
  const port = await listening(t, server)
  assert.is(await messageOf({ tcpSocket: { port } }, target()), 'ok')
  assert.is(await messageOf({ tcpSocket: { port, host: '127.0.0.1' } }, target({ host: '192.0.2.1' })), 'ok')
  assert.match(await messageOf({ tcpSocket: { port: 1 } }, target()), 'ECONNREFUSED')
})

test('grpc: what the health service says of the service decides', async (t) => {
  const asked: string[] = []
  const server = createGrpcServer()
  server.on('session', (session) => t.defer(() => session.destroy()))
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', () => {})
    stream.on('end', () => {
      const message = Buffer.concat(chunks).subarray(5)
      const service = message.subarray(message.length > 129 ? 3 : 2).toString()
      asked.push(`${headers[':path']} ${service.slice(0, 9)}`)
      if (service === 'empty') return void stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true })
      if (service === 'unknown') return void stream.respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true })
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      const status = service === 'down' ? [0x08, 2] : service === 'shy' ? [] : [0x08, 1]
      stream.end(Buffer.from([0, 0, 0, 0, status.length, ...status]))
    })
  })
  const port = await listening(t, server as unknown as Server)
  const check = (service?: string) =>
    messageOf({ grpc: { port, ...(service === undefined ? {} : { service }) } } as LifecycleHandler, target())
  assert.is(await check(), 'ok')
  assert.is(await check('x'.repeat(200)), 'ok')
  assert.is(await check('down'), 'service unhealthy (responded with "NOT_SERVING")')
  assert.is(await check('shy'), 'service unhealthy (responded with "UNKNOWN")')
  assert.is(await check('empty'), 'service unhealthy (responded with "UNKNOWN")')
  assert.is(await check('unknown'), 'the health service answered with gRPC status 5')
  assert.equal(
    asked,
    ['', 'xxxxxxxxx', 'down', 'shy', 'empty', 'unknown'].map((service) => `/grpc.health.v1.Health/Check ${service}`),
  )
})

test('grpc: who does not speak it, or nothing at all, is unhealthy', async (t) => {
  const ends = createServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  )
  const silent = createServer((socket) => socket.on('error', () => {}).resume())
  const [rude, mute] = [await listening(t, ends), await listening(t, silent)]
  assert.is.not(await messageOf({ grpc: { port: rude } } as LifecycleHandler, target()), 'ok')
  assert.match(await messageOf({ grpc: { port: mute } } as LifecycleHandler, target(), 100), 'no answer within 0.1s')
})

test('ports may be named', () => {
  const named = container('main', { ports: [{ name: 'web', containerPort: 8080 }] })
  assert.equal([portNumber('web', named), portNumber(80, named), portNumber('81', named)], [8080, 80, 81])
  for (const bad of ['none', 0, 70_000, '']) assert.fails(() => portNumber(bad, named), "couldn't find port")
})

test('a simulated container is dialled rather than connected to', async () => {
  let dialled = 0
  const dial = async (port: number): Promise<never> => {
    dialled = port
    throw new Error('refused')
  }
  assert.is(await messageOf({ tcpSocket: { port: 80 } }, target({ dial })), 'refused')
  assert.is(dialled, 80)
})

test('a handler without an action succeeds', async () => assert.is(await messageOf({}, target()), 'ok'))
