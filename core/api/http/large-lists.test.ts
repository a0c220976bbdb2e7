/** Lists of many pieces: whoever reads at the same time, slowly or not to the end, gets what is his and nothing else. */
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { assert, type TestContext, test } from '../../testing/contract.js'
import { adminToken, startServer, type TestServer } from './testing.js'

const pathOf = (namespace: string): string => `/api/v1/namespaces/${namespace}/configmaps`
const places = ['default', 'kube-public'] as const
/** The last one is larger than a piece. */
const sizes = [...Array.from({ length: 12 }, (_, index) => 80_000 + index * 1000), 400_000]

async function start(t: TestContext): Promise<TestServer> {
  const server = await startServer()
  t.defer(() => server.stop())
  const made = places.flatMap((namespace) =>
    sizes.map(async (size, index) => {
      const name = `map-${String(index).padStart(2, '0')}`
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { blob: `${namespace} `.repeat(size / 10) } }
      assert.is((await server.call(pathOf(namespace), { method: 'POST', body })).code, 201)
    }),
  )
  await Promise.all(made)
  return server
}

interface Read {
  /** Called after each chunk. */
  readonly pause?: () => Promise<void>
  /** Gives up after so many bytes. */
  readonly upTo?: number
}
async function read(stream: AsyncIterable<Buffer>, { pause, upTo = Number.POSITIVE_INFINITY }: Read): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= upTo) break
    await pause?.()
  }
  return Buffer.concat(chunks)
}

async function read1(server: TestServer, path: string, how: Read = {}): Promise<Buffer> {
  const outgoing = request({ ...server.options(path, {}), agent: false })
  outgoing.on('error', () => {})
  outgoing.end()
  const [reply] = (await once(outgoing, 'response')) as [import('node:http').IncomingMessage]
  return read(reply, how)
}

async function read2(t: TestContext, server: TestServer, path: string, how: Read = {}): Promise<Buffer> {
  const session = connectHttp2(server.address.url, { ca: server.address.ca })
  t.defer(() => session.destroy())
  const stream = session.request({ ':path': path, authorization: `Bearer ${adminToken}` })
  stream.on('error', () => {})
  return read(stream as AsyncIterable<Buffer>, how)
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('many at once, over both versions of HTTP', async (t) => {
  const server = await start(t)
  const alone = new Map<string, Buffer>()
  for (const namespace of places) {
    const bytes = await read1(server, pathOf(namespace))
    const { items } = JSON.parse(bytes.toString()) as { items: { metadata: { name: string }; data?: { blob?: string } }[] }
    const own = items.filter(({ metadata }) => metadata.name.startsWith('map-'))
    assert.equal(
      own.map(({ data }) => data?.blob),
      sizes.map((size) => `${namespace} `.repeat(size / 10)),
    )
    alone.set(namespace, bytes)
  }
  const begun = places.flatMap((namespace) => {
    const path = pathOf(namespace)
    // Slower than the server: its pieces wait in the middle.
    const pause = async (): Promise<void> => {
      for (let count = 0; count < 5; count += 1) await turn()
    }
    const whole = [read1(server, path), read1(server, path, { pause }), read2(t, server, path), read2(t, server, path, { pause })]
    const broken = [read1(server, path, { upTo: 300_000 }), read2(t, server, path, { upTo: 300_000 })]
    return [...whole, ...broken].map(async (bytes) => ({ namespace, bytes: await bytes }))
  })
  for (const { namespace, bytes } of await Promise.all(begun)) {
    const expected = alone.get(namespace) as Buffer
    assert.ok(bytes.equals(expected.subarray(0, bytes.length)), namespace)
    assert.ok(bytes.length >= 300_000)
  }
  const lengths = (await Promise.all(begun)).map(({ namespace, bytes }) => bytes.length === alone.get(namespace)?.length)
  assert.is(lengths.filter(Boolean).length >= 4 * places.length, true, 'who reads to the end has all of it')
  for (const namespace of places) assert.ok((await read1(server, pathOf(namespace))).equals(alone.get(namespace) as Buffer))
  const { headers, text } = await server.call(pathOf('default'), { method: 'HEAD' })
  assert.equal(
    [text, Number(headers['content-length'])],
    ['', alone.get('default')?.length],
    'the head alone says how long it is',
  )
})
