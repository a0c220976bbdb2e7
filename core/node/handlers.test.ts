import { createServer as createHttpServer } from 'node:http'
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
