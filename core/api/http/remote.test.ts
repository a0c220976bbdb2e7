import { once } from 'node:events'
import { request } from 'node:https'
import { type RawData, WebSocket } from 'ws'
import { assert, type TestContext, test } from '../../testing/contract.js'
import { bytesOf } from './remote-websocket.js'
import { adminToken, pod, pods, startServer, type TestServer, userToken } from './testing.js'
import { createTestNode, nodePlugin } from './testing-node.js'

let server: TestServer
const node = createTestNode()
const spec = {
  nodeName: 'one',
  containers: [
    { name: 'main', image: 'i' },
    { name: 'side', image: 'i' },
  ],
  initContainers: [{ name: 'first', image: 'i' }],
}

test.before(async () => {
  server = await startServer({ plugins: [nodePlugin('one', node)] })
  const created = [
    pod('single', { spec: { nodeName: 'one', containers: [{ name: 'main', image: 'i' }] } }),
    pod('several', { spec }),
    pod('nowhere'),
  ]
  created.push(pod('lost', { spec: { nodeName: 'two', containers: [{ name: 'main', image: 'i' }] } }))
  for (const body of created) await server.call(pods, { method: 'POST', body })
})
test.after(() => server.stop())

function lastAsked(): (typeof node.asked)[number] {
  const asked = node.asked.at(-1)
  if (asked === undefined) throw new Error('the node was not asked')
  return asked
}

interface Session {
  readonly socket: WebSocket
  /** What came on each channel, once the server has closed. */
  readonly done: Promise<Map<number, string>>
}
async function open(t: TestContext, path: string, protocols: string[]): Promise<Session> {
  const url = `${server.address.url.replace('https', 'wss')}${pods}/${path}`
  const socket = new WebSocket(url, protocols, { ca: server.address.ca, headers: { authorization: `Bearer ${adminToken}` } })
  t.defer(() => socket.terminate())
  const channels = new Map<number, Buffer[]>()
  const base64 = protocols[0]?.includes('base64') ?? false
  socket.on('message', (data: RawData) => {
    const message = bytesOf(data)
    const number = base64 ? Number(message.toString('latin1', 0, 1)) : (message[0] as number)
    const content = base64 ? Buffer.from(message.toString('latin1', 1), 'base64') : message.subarray(1)
    channels.set(number, [...(channels.get(number) ?? []), content])
  })
  const text = (): Map<number, string> =>
    new Map([...channels].map(([number, parts]) => [number, Buffer.concat(parts).toString()]))
  const done = once(socket, 'close').then(text)
  await Promise.race([once(socket, 'open'), once(socket, 'error').then(([error]) => Promise.reject(error as Error))])
  return { socket, done }
}
const command = (...words: string[]): string => words.map((word) => `&command=${encodeURIComponent(word)}`).join('')

test('exec: outputs on their channels, and the exit code as a Status', async (t) => {
  const path = `single/exec?stdout=1&stderr=1${command('sh', '-c', 'echo out; echo err >&2; exit 3')}`
  for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io']) {
    const session = await open(t, path, [protocol])
    assert.is(session.socket.protocol, protocol)
    const channels = await session.done
    assert.is(channels.get(1), 'out\n')
    assert.is(channels.get(2), 'err\n')
    const status = JSON.parse(channels.get(3) ?? '')
    assert.is(status.reason, 'NonZeroExitCode')
    assert.equal(status.details.causes, [{ reason: 'ExitCode', message: '3' }])
  }
})

test('exec: the first protocol says nothing where all went well', async (t) => {
  const good = await (await open(t, `single/exec?stdout=1${command('echo', 'hi')}`, ['channel.k8s.io'])).done
  assert.equal([...good], [[1, 'hi\n']])
  const bad = await (await open(t, `single/exec?stdout=1${command('false')}`, ['base64.channel.k8s.io'])).done
  assert.match(bad.get(3) ?? '', 'exit status 1')
  const newest = await (await open(t, `single/exec?stdout=1${command('true')}`, ['v5.channel.k8s.io'])).done
  assert.is(JSON.parse(newest.get(3) ?? '').status, 'Success')
})

test('exec: input arrives whole, and its end with it', async (t) => {
  const { socket, done } = await open(t, `single/exec?stdin=1&stdout=1${command('cat')}`, ['v5.channel.k8s.io'])
  const blob = Buffer.alloc(3_000_000, 'davit ')
  for (let at = 0; at < blob.length; at += 65_536) socket.send(Buffer.concat([Uint8Array.of(0), blob.subarray(at, at + 65_536)]))
  socket.send(Uint8Array.of(255, 0))
  assert.is((await done).get(1), blob.toString())
})

test('exec: the size of the terminal', async (t) => {
  const { socket, done } = await open(t, `single/exec?stdin=1&stdout=1&tty=1${command('cat')}`, ['v5.channel.k8s.io'])
  socket.send(Buffer.concat([Uint8Array.of(4), Buffer.from('{"Width":120,"Height":40}')]))
  socket.send(Buffer.concat([Uint8Array.of(4), Buffer.from('nonsense')]))
  socket.send(Uint8Array.of(255, 0))
  await done
  assert.equal(node.sizes.at(-1), { width: 120, height: 40 })
})

test('exec: a command that is not there fails in words', async (t) => {
  const channels = await (await open(t, `single/exec?stdout=1${command('no-such-command')}`, ['v5.channel.k8s.io'])).done
  const status = JSON.parse(channels.get(3) ?? '')
  assert.is(status.status, 'Failure')
  assert.match(status.message, 'no-such-command')
})

test('exec: a client that leaves ends the command', async (t) => {
  const { socket } = await open(t, `single/exec?stdout=1${command('sleep', '60')}`, ['v5.channel.k8s.io'])
  const running = async (): Promise<boolean> => /verb="EXEC"\} 1/.test((await server.call('/metrics')).text)
  assert.ok(await running())
  socket.terminate()
  while (await running()) await server.call('/version')
  assert.equal(
    server.lines.filter(({ level }) => level === 'warn' || level === 'error'),
    [],
    'to leave is no fault',
  )
})

test('attach: input and output of what runs', async (t) => {
  const { socket, done } = await open(t, 'single/attach?stdin=1&stdout=1', ['v5.channel.k8s.io'])
  socket.send(Buffer.concat([Uint8Array.of(0), Buffer.from('echo')]))
  socket.send(Uint8Array.of(255, 0))
  assert.is((await done).get(1), 'echo')
})

const refusals: readonly [string, number, RegExp][] = [
  ['single/exec?stdout=1&command=a', 400, /Upgrade request required/],
  [
    'several/exec?stdout=1&command=a',
    400,
    /a container name must be specified for pod several, choose one of: \[main side\] or one of the init containers: \[first\]/,
  ],
  ['several/exec?stdout=1&command=a&container=none', 400, /container none is not valid for pod several/],
  ['single/exec?command=a', 400, /at least 1 of stdin, stdout, stderr/],
  ['single/exec?stdout=1', 422, /command: Required value/],
  ['nowhere/exec?stdout=1&command=a', 400, /does not have a host assigned/],
  ['lost/exec?stdout=1&command=a', 400, /Upgrade request required/],
  ['lost/log?tailLines=-1', 422, /must be greater than or equal to 0/],
  ['lost/log', 503, /node two is not connected/],
  ['missing/exec?stdout=1&command=a', 404, /pods "missing" not found/],
  ['single/portforward', 400, /Upgrade request required/],
  ['several/log', 400, /choose one of: \[main side\]/],
  ['single/log?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 422, /at most one of/],
  ['single/log?tailLines=-1', 422, /tailLines: Invalid value: -1: must be greater than or equal to 0/],
  ['single/log?limitBytes=0', 422, /must be greater than 0/],
  ['single/log?tailLines=x', 400, /must be an integer/],
  ['single/log?sinceTime=yesterday', 400, /sinceTime is no time/],
  ['single/log?previous=1', 400, /previous terminated container/],
  ['missing/log', 404, /not found/],
]
for (const [path, code, text] of refusals) {
  test(`${path} is refused`, async () => {
    const reply = await server.call(`${pods}/${path}`)
    assert.is(reply.code, code, reply.text)
    assert.match(reply.json.message, text)
  })
}

test('streams want the right to them', async () => {
  for (const path of ['single/log', 'single/exec?stdout=1&command=a', 'single/portforward']) {
    const reply = await server.call(`${pods}/${path}`, { token: userToken })
    assert.is(reply.code, 403)
    assert.match(reply.json.message, /cannot get resource "pods\/(log|exec|portforward)"/)
  }
})

test('a log comes as text, with the options that were asked for', async () => {
  node.lines.push('one', 'two', 'three')
  assert.is((await server.call(`${pods}/nowhere/log`)).text, '')
  const reply = await server.call(
    `${pods}/several/log?container=side&tailLines=2&timestamps=true&limitBytes=100&sinceTime=2026-01-01T00:00:00Z`,
  )
  assert.is(reply.text, 'two\nthree\n')
  assert.match(String(reply.headers['content-type']), 'text/plain')
  const { pod: asked, options } = lastAsked()
  assert.is(asked.name, 'several')
  const { signal: _signal, ...rest } = options
  const expected = { container: 'side', follow: false, previous: false, timestamps: true, tailLines: 2, limitBytes: 100 }
  assert.equal(rest, { ...expected, sinceTime: Date.parse('2026-01-01T00:00:00Z') })
})

test('a followed log flushes each line, and ends with the container or the client', async (t) => {
  const outgoing = request({ ...server.options(`${pods}/single/log?follow=true&tailLines=0`), agent: false })
  t.defer(() => outgoing.destroy())
  outgoing.end()
  const [reply] = (await once(outgoing, 'response')) as [import('node:http').IncomingMessage]
  const next = async (): Promise<string> => String((await once(reply, 'data'))[0])
  let line = next()
  node.add('four')
  assert.is(await line, 'four\n')
  line = next()
  node.add('five')
  assert.is(await line, 'five\n')
  outgoing.destroy()
  const { options } = lastAsked()
  if (!options.signal.aborted) await once(options.signal, 'abort')
})

test('a log over WebSocket', async (t) => {
  const url = `${server.address.url.replace('https', 'wss')}${pods}/single/log?tailLines=1`
  for (const protocol of ['binary.k8s.io', 'base64.binary.k8s.io']) {
    const socket = new WebSocket(url, [protocol], { ca: server.address.ca, headers: { authorization: `Bearer ${adminToken}` } })
    t.defer(() => socket.terminate())
    const [data] = (await once(socket, 'message')) as [Buffer]
    assert.is(
      protocol.startsWith('base64') ? Buffer.from(String(data), 'base64').toString() : String(data),
      `${node.lines.at(-1)}\n`,
    )
    await once(socket, 'close')
  }
})

test('a container that waits says why', async () => {
  const status = {
    containerStatuses: [
      { name: 'main', ready: false, restartCount: 0, image: 'i', imageID: '', state: { waiting: { reason: 'ErrImagePull' } } },
    ],
  }
  const headers = { 'content-type': 'application/merge-patch+json' }
  await server.call(`${pods}/single/status`, { method: 'PATCH', headers, body: { status } })
  const reply = await server.call(`${pods}/single/log`)
  assert.is(reply.code, 400)
  assert.is(reply.json.message, 'container "main" in pod "single" is waiting to start: ErrImagePull')
})
