import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:tls'
import { createSeededRandom } from '../../kernel/host.js'
import { assert, test } from '../../testing/contract.js'
import { adminToken, type CallOptions, pod, pods, startServer, type TestServer } from './testing.js'

/** DAVIT_FUZZ=10000 for the long run; DAVIT_FUZZ_SEED repeats one that failed. */
const total = Number(process.env.DAVIT_FUZZ ?? 3000)
const seed = process.env.DAVIT_FUZZ_SEED ?? String(Math.floor(Math.random() * 1e9))
const random = createSeededRandom(seed)
const timeoutMs = 20_000 + total * 20

const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)] as T
const noise = (length: number): string => Array.from({ length }, () => String.fromCharCode(random.integer(256))).join('')
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']
const types = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/merge-patch+json',
  'application/json-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'text/plain',
  ';;;',
  'application/json; charset=utf-16',
]
const parts = [
  'api',
  'apis',
  'v1',
  'apps',
  'namespaces',
  'default',
  'pods',
  'deployments',
  'x',
  'status',
  'log',
  'exec',
  'watch',
  '..',
  '.',
  '',
  '%2F',
  '%00',
  '%zz',
  '%',
  'ü',
  '*',
  'proxy',
  'a'.repeat(300),
]
const keys = [
  'limit',
  'continue',
  'resourceVersion',
  'resourceVersionMatch',
  'labelSelector',
  'fieldSelector',
  'dryRun',
  'fieldValidation',
  'timeoutSeconds',
  'pretty',
  'includeObject',
  'fieldManager',
  'force',
  'gracePeriodSeconds',
  'propagationPolicy',
  '__proto__',
  'tailLines',
  'container',
  'command',
  'allowWatchBookmarks',
  'sendInitialEvents',
]
const values = [
  '',
  '0',
  '-1',
  '1',
  '99999999999999999999',
  'true',
  'All',
  'Strict',
  'x',
  'a=b',
  'a in (',
  '!',
  '%zz',
  'metadata.name=',
  '{}',
  'null',
  'eyJ2IjoxfQ',
  '\u{1F6A2}',
]
const accepts = [
  'application/json',
  '*/*',
  'text/html',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/yaml',
  ';;,,',
  'application/json;as=;g=',
  'a/b;q=x',
]

function query(): string {
  const count = random.integer(4)
  // Watches are left out: an answer to one has no end.
  return Array.from({ length: count }, () => `${pick(keys)}=${encodeURIComponent(pick(values)).replace('%25zz', '%zz')}`).join(
    '&',
  )
}
function path(): string {
  if (random.integer(3) === 0) return `${pods}${pick(['', '/fuzz', '/fuzz/status', '/none'])}?${query()}`
  return `/${Array.from({ length: 1 + random.integer(7) }, () => pick(parts))
    .join('/')
    .replaceAll('ü', '%C3%BC')}?${query()}`
}

/** A valid object with one thing changed, cut, doubled or replaced by noise. */
function body(): Buffer | string {
  const text = JSON.stringify(pod(pick(['fuzz', '', 'UPPER', 'a'.repeat(400), '..'])))
  const at = random.integer(text.length)
  switch (random.integer(8)) {
    case 0:
      return text.slice(0, at)
    case 1:
      return text.slice(0, at) + noise(1 + random.integer(8)) + text.slice(at)
    case 2:
      return Buffer.from(noise(random.integer(300)), 'latin1')
    case 3:
      return Buffer.concat([Buffer.from('k8s\0'), Buffer.from(noise(random.integer(200)), 'latin1')])
    case 4:
      return pick(['[', '{"a":', '- ', '{a: ']).repeat(random.integer(20_000)) + pick(['', ']'.repeat(300)])
    case 5:
      return text.replace(/"[^"]*"/g, (found) =>
        random.integer(6) === 0 ? pick(['null', '[]', '{}', '1e999', '-1', 'true', '""', '"\\ud800"']) : found,
      )
    case 6:
      return pick([
        'null',
        '0',
        '"x"',
        '[]',
        '{}',
        '[null]',
        '[{"op":"replace","path":"/spec","value":null}]',
        '{"metadata":null}',
        '{"spec":{"containers":[{"$patch":"delete"}]}}',
        '{"__proto__":{"a":1},"constructor":{"prototype":{"b":1}}}',
        '&a [*a]',
        'a: &a [*a, *a]',
        '<<: 1',
      ])
    default:
      return text.replace(/"spec":\{/, `"spec":{${JSON.stringify(noise(5))}:${'['.repeat(random.integer(50))}`)
  }
}
function malformed(): [string, CallOptions] {
  const method = pick(methods)
  const headers = { 'content-type': pick(types), accept: pick(accepts) }
  const token = random.integer(20) === 0 ? noise(10).replace(/[^!-~]/g, '') : adminToken
  const withBody = method !== 'GET' && method !== 'HEAD' && random.integer(5) > 0
  return [path(), { method, headers, token, ...(withBody ? { body: body() } : {}) }]
}

let server: TestServer
test.before(async () => {
  server = await startServer({ config: { headersTimeoutMs: 2000 } })
})
test.after(() => server.stop())

async function alive(): Promise<void> {
  assert.is((await server.call('/readyz')).text, 'ok', `seed ${seed}`)
}

test(
  'malformed requests are refused, and nothing else happens',
  async () => {
    const failures: string[] = []
    let left = Math.floor(total * 0.8)
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const [where, options] = malformed()
        const call = random.integer(4) === 0 ? server.call2 : server.call
        const reply = await call(where, options)
        const deliberate = reply.code === 504 && /Too large resource version/.test(reply.text)
        if (reply.code >= 500 && !deliberate)
          failures.push(`${options.method} ${where} ${JSON.stringify(options)}: ${reply.text.slice(0, 300)}`)
      }
    }
    await Promise.all(Array.from({ length: 8 }, worker))
    assert.equal(failures, [], `seed ${seed}`)
    await alive()
  },
  { timeoutMs },
)

test(
  'broken HTTP/1.1 gets a refusal or the end of its connection',
  async () => {
    const lines = [
      'GET / HTTP/1.1',
      'POST /api/v1/pods HTTP/1.1',
      'GET /api HTTP/9.9',
      'FOO / HTTP/1.1',
      'GET  HTTP/1.1',
      'GET /\u0001 HTTP/1.1',
      'PRI * HTTP/2.0',
      'CONNECT a:1 HTTP/1.1',
      'OPTIONS * HTTP/1.1',
    ]
    const headers = [
      'Host: x',
      'Host: x\r\nHost: y',
      'Content-Length: -1',
      'Content-Length: 5\r\nTransfer-Encoding: chunked',
      'Transfer-Encoding: gzip',
      'Upgrade: websocket\r\nConnection: Upgrade',
      'Upgrade: SPDY/3.1\r\nConnection: Upgrade',
      'Connection: close',
      'A: b\r\n folded',
      ': empty',
      'no colon',
      'X: \u0000',
      `Authorization: Bearer ${adminToken}`,
      'Expect: 100-continue',
      'Sec-WebSocket-Key: x',
    ]
    const bodies = ['', 'zz\r\n', '5\r\nab', '0\r\n\r\n', noise(40)]
    for (let count = Math.floor(total * 0.15); count > 0; count--) {
      const text = `${pick(lines)}\r\n${Array.from({ length: random.integer(5) }, () => pick(headers)).join('\r\n')}\r\n\r\n${pick(bodies)}`
      const reply = await exchangeRaw(random.integer(5) === 0 ? noise(200) : text)
      const code = Number(/^HTTP\/1\.[01] (\d+)/.exec(reply)?.[1] ?? 0)
      assert.ok(code < 500, `seed ${seed}: ${JSON.stringify(text)} got ${reply.slice(0, 200)}`)
    }
    await alive()
  },
  { timeoutMs },
)

async function exchangeRaw(text: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: server.address.port, ca: server.address.ca, ALPNProtocols: ['http/1.1'] })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  // The half-close tells the server that no more comes, so that it need not wait for the rest.
  socket.end(Buffer.from(text, 'latin1'))
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

test(
  'broken HTTP/2 ends its own connection alone',
  async (t) => {
    const good = connectHttp2(server.address.url, { ca: server.address.ca })
    t.defer(() => good.destroy())
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
    for (let count = Math.ceil(total * 0.05); count > 0; count--) {
      const socket = connect({ host: '127.0.0.1', port: server.address.port, ca: server.address.ca, ALPNProtocols: ['h2'] })
      socket.on('error', () => {})
      socket.resume()
      await once(socket, 'secureConnect')
      const frame = Buffer.from(noise(9 + random.integer(60)), 'latin1')
      frame.writeUIntBE(frame.length - 9, 0, 3)
      frame[3] = random.integer(12)
      socket.end(random.integer(4) === 0 ? frame : Buffer.concat([preface, Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), frame]))
      await once(socket, 'close')
    }
    const stream = good.request({ ':path': '/readyz' })
    stream.resume()
    const [headers] = await once(stream, 'response')
    assert.is(headers[':status'], 200)
    await alive()
  },
  { timeoutMs },
)

test(
  'nothing of it stays in memory',
  async () => {
    const collect = (globalThis as { gc?: () => void }).gc
    const round = async (): Promise<number> => {
      for (let count = 0; count < 300; count++) await server.call(...malformed())
      collect?.()
      return process.memoryUsage().heapUsed
    }
    await round()
    const before = await round()
    await round()
    const after = await round()
    // Without a collection on demand the figure swings by what has not been collected yet.
    const slack = collect ? 8e6 : 80e6
    assert.ok(after - before < slack, `heap grew by ${Math.round((after - before) / 1e6)} MB, seed ${seed}`)
  },
  { timeoutMs },
)
