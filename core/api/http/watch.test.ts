import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { WebSocket } from 'ws'
import { assert, type TestContext, test } from '../../testing/contract.js'
import { adminToken, type CallOptions, pod, pods, startServer, type TestServer } from './testing.js'

let server: TestServer
test.before(async () => {
  server = await startServer({ config: { watchBacklogBytes: 200_000 } })
})
test.after(() => server.stop())

interface Event {
  readonly type: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into objects of every form.
  readonly object: any
}
interface Watcher {
  readonly code: number
  /** The next `count` events. */
  next(count: number): Promise<Event[]>
  /** Resolves with all events once the server has ended the watch. */
  readonly ended: Promise<Event[]>
  close(): void
  readonly reply: IncomingMessage
}

function watch(t: TestContext, path: string, options: CallOptions = {}, from = server): Promise<Watcher> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...from.options(path, options), agent: false }, (reply) => resolve(watcherOf(reply, outgoing)))
    outgoing.on('error', reject)
    outgoing.end()
    t.defer(() => outgoing.destroy())
  })
}

function watcherOf(reply: IncomingMessage, outgoing: { destroy(): void }): Watcher {
  const events: Event[] = []
  let taken = 0
  let rest = ''
  let wake: () => void = () => {}
  reply.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n')
    rest = lines.pop() ?? ''
    events.push(...lines.map((line) => JSON.parse(line) as Event))
    wake()
  })
  const ended = new Promise<Event[]>((resolve, reject) => {
    reply.on('end', () => resolve(events))
    reply.on('error', reject)
  })
  ended.catch(() => {})
  return {
    code: reply.statusCode ?? 0,
    reply,
    ended,
    close: () => outgoing.destroy(),
    async next(count) {
      while (events.length < taken + count) await new Promise<void>((resolve) => (wake = resolve))
      taken += count
      return events.slice(taken - count, taken)
    },
  }
}

const create = (name: string): Promise<unknown> => server.call(pods, { method: 'POST', body: pod(name) })
const drop = (name: string): Promise<unknown> => server.call(`${pods}/${name}?gracePeriodSeconds=0`, { method: 'DELETE' })
const version = async (): Promise<string> => (await server.call(pods)).json.metadata.resourceVersion
const label = (name: string, value: string): Promise<unknown> => {
  const headers = { 'content-type': 'application/merge-patch+json' }
  return server.call(`${pods}/${name}`, { method: 'PATCH', headers, body: { metadata: { labels: { tier: value } } } })
}
const shape = (events: readonly Event[]): string[] => events.map(({ type, object }) => `${type} ${object.metadata.name}`)

test('headers come at once, events as they happen', async (t) => {
  const watcher = await watch(t, `${pods}?watch=1&resourceVersion=${await version()}`)
  assert.is(watcher.code, 200)
  assert.is(watcher.reply.headers['content-type'], 'application/json')
  await create('a')
  await label('a', 'x')
  await drop('a')
  const events = await watcher.next(3)
  assert.equal(shape(events), ['ADDED a', 'MODIFIED a', 'DELETED a'])
  const versions = events.map(({ object }) => Number(object.metadata.resourceVersion))
  assert.equal(
    versions,
    [...versions].sort((x, y) => x - y),
  )
  assert.is(new Set(versions).size, 3)
})

test('a watch without a version begins with what is there', async (t) => {
  await create('there')
  const watcher = await watch(t, `${pods}?watch=true&fieldSelector=metadata.name%3Dthere`)
  assert.equal(shape(await watcher.next(1)), ['ADDED there'])
  await drop('there')
  assert.equal(shape(await watcher.next(1)), ['DELETED there'])
})

test('a hundred watchers see the same', async (t) => {
  const from = await version()
  const watchers = await Promise.all(Array.from({ length: 100 }, () => watch(t, `${pods}?watch=1&resourceVersion=${from}`)))
  const names = Array.from({ length: 30 }, (_, index) => `many-${index}`)
  await Promise.all(names.map(create))
  const seen = await Promise.all(watchers.map((watcher) => watcher.next(30)))
  const first = shape(seen[0] ?? [])
  assert.equal([...first].sort(), names.map((name) => `ADDED ${name}`).sort())
  for (const events of seen) assert.equal(shape(events), first)
})

test('a table has its columns in the first event only', async (t) => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  const watcher = await watch(t, `${pods}?watch=1&resourceVersion=${await version()}`, { headers: { accept } })
  await create('t1')
  await create('t2')
  const [first, second] = await watcher.next(2)
  assert.is(first?.object.kind, 'Table')
  assert.is(first?.object.columnDefinitions[0].name, 'Name')
  assert.is(first?.object.rows[0].cells[0], 't1')
  assert.is(second?.object.columnDefinitions, null)
  assert.is(second?.object.rows[0].cells[0], 't2')
})

test('metadata alone', async (t) => {
  const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
  const watcher = await watch(t, `${pods}?watch=1&resourceVersion=${await version()}`, { headers: { accept } })
  await create('meta')
  const [event] = await watcher.next(1)
  assert.is(event?.object.kind, 'PartialObjectMetadata')
  assert.equal(Object.keys(event?.object).sort(), ['apiVersion', 'kind', 'metadata'])
})

test('a streamed list ends with a bookmark that says so', async (t) => {
  const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
  for (const as of ['', ';as=PartialObjectMetadata;v=v1;g=meta.k8s.io']) {
    const accept = `application/json${as}`
    const watcher = await watch(t, `/api/v1/namespaces?${query}`, { headers: { accept } })
    const events = await watcher.next(5)
    assert.equal(
      shape(events.slice(0, 4)).sort(),
      ['default', 'kube-node-lease', 'kube-public', 'kube-system'].map((name) => `ADDED ${name}`),
    )
    assert.is(events[4]?.type, 'BOOKMARK')
    assert.is(events[4]?.object.metadata.annotations['k8s.io/initial-events-end'], 'true')
    assert.ok(Number(events[4]?.object.metadata.resourceVersion) > 0)
  }
})

test('a watch ends cleanly after timeoutSeconds, over HTTP/2 with its stream alone', async (t) => {
  const path = `${pods}?watch=1&timeoutSeconds=1&resourceVersion=${await version()}`
  const [watcher, second] = await Promise.all([watch(t, path), server.call2(path)])
  assert.equal(await watcher.ended, [])
  assert.ok(watcher.reply.complete)
  assert.is(second.code, 200)
  assert.is((await server.call2('/version')).code, 200)
})

test('a watch that cannot begin says so in a Status', async () => {
  const reply = await server.call(`${pods}?watch=1&labelSelector=%3D%3D`)
  assert.is(reply.code, 400)
  assert.is(reply.json.kind, 'Status')
})

test('over WebSocket each event is one message', async (t) => {
  const url = `${server.address.url.replace('https', 'wss')}${pods}?watch=1&resourceVersion=${await version()}`
  const socket = new WebSocket(url, { ca: server.address.ca, headers: { authorization: `Bearer ${adminToken}` } })
  t.defer(() => socket.terminate())
  const messages: string[] = []
  const three = new Promise<void>((resolve) => {
    socket.on('message', (data, binary) => {
      assert.not(binary)
      if (messages.push(String(data)) === 3) resolve()
    })
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  await Promise.all(['w1', 'w2', 'w3'].map(create))
  await three
  assert.equal(messages.map((text) => JSON.parse(text).object.metadata.name).sort(), ['w1', 'w2', 'w3'])
})

test('a browser brings its token as a protocol', async (t) => {
  const url = `${server.address.url.replace('https', 'wss')}${pods}?watch=1`
  const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(adminToken).toString('base64url')}`
  const socket = new WebSocket(url, [protocol], { ca: server.address.ca })
  t.defer(() => socket.terminate())
  // The server must not choose the token as the protocol, so this client gives up; it was let in all the same.
  const [, response] = await new Promise<[unknown, IncomingMessage]>((resolve) => {
    socket.once('upgrade', (reply) => resolve([undefined, reply]))
    socket.once('unexpected-response', (_request, reply) => resolve([undefined, reply]))
    socket.on('error', () => {})
  })
  assert.is(response.statusCode, 101)
})

test('a WebSocket without credentials gets its 401 in words', async () => {
  const socket = new WebSocket(`${server.address.url.replace('https', 'wss')}${pods}?watch=1`, { ca: server.address.ca })
  const reply = await new Promise<IncomingMessage>((resolve) => {
    socket.once('unexpected-response', (_request, response) => resolve(response))
    socket.on('error', () => {})
  })
  assert.is(reply.statusCode, 401)
  const chunks: Buffer[] = []
  for await (const chunk of reply) chunks.push(chunk as Buffer)
  assert.is(JSON.parse(Buffer.concat(chunks).toString()).reason, 'Unauthorized')
})

test('a watcher that does not read is cut off, and nobody else', async (t) => {
  const from = await version()
  const slow = await watch(t, `/api/v1/configmaps?watch=1&resourceVersion=${from}`)
  const fast = await watch(t, `/api/v1/configmaps?watch=1&resourceVersion=${from}`)
  slow.reply.pause()
  const cut = new Promise<void>((resolve) => slow.reply.socket.once('close', () => resolve()))
  const blob = 'x'.repeat(100_000)
  let count = 0
  const open = async (): Promise<number> =>
    Number(/longrunning_requests\{verb="WATCH"\} (\d+)/.exec((await server.call('/metrics')).text)?.[1])
  const before = await open()
  while ((await open()) === before && count < 400) {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `blob-${count++}` }, data: { blob } }
    await server.call('/api/v1/namespaces/default/configmaps', { method: 'POST', body })
  }
  assert.is(await open(), before - 1)
  assert.is((await fast.next(count)).length, count)
  slow.reply.resume()
  await assert.rejects(slow.ended)
  await cut
})

test('a stop ends open watches cleanly', async (t) => {
  const own = await startServer()
  const watcher = await watch(t, `${pods}?watch=1&resourceVersion=1`, {}, own)
  const ended = watcher.ended
  await own.stop()
  await ended
  assert.ok(watcher.reply.complete)
})

test('a client that goes away leaves nothing behind', async (t) => {
  const gauge = async (): Promise<number> =>
    Number(/apiserver_open_streams (\d+)/.exec((await server.call('/metrics')).text)?.[1])
  const before = await gauge()
  const watcher = await watch(t, `${pods}?watch=1`)
  assert.is(await gauge(), before + 1)
  watcher.close()
  while ((await gauge()) > before) await server.call('/version')
  assert.is(await gauge(), before)
})
