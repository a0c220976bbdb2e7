/** What admission says of a stream beside its verdict: to whoever asked for it, and to the audit log. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { definePlugin } from '../../kernel/contract.js'
import { assert, type TestContext, test } from '../../testing/contract.js'
import { ApiHooksToken, type RequestRecord, type RequestStage } from '../contract.js'
import { adminToken, pod, pods, type Reply, startServer, type TestServer, userToken } from './testing.js'
import { createTestNode, nodePlugin } from './testing-node.js'

/** Speaks by both slots of every connection, and denies what is named so. */
const speaker = definePlugin({
  id: 'test-speaker',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.mutate, (_object, { operation, warn, audit, subresource }) => {
      if (operation !== 'CONNECT') return undefined
      warn(`mutate ${subresource}`)
      audit('test/mutate', subresource)
      return undefined
    })
    context.tap(hooks.validate, ({ operation, warn, audit, name }) => {
      if (operation !== 'CONNECT') return undefined
      warn(`"validate" ${name}`)
      audit('test/validate', name)
      return name === 'denied' ? { code: 403, reason: 'Forbidden', message: 'not this one' } : undefined
    })
    return {}
  },
})

interface Started {
  readonly server: TestServer
  /** Records as they were at each stage, in order. */
  readonly seen: { readonly stage: RequestStage; readonly code: number; readonly notes: Readonly<Record<string, string>> }[]
  /** Resolves once that many have come. */
  whenSeen(count: number): Promise<void>
}
async function start(t: TestContext): Promise<Started> {
  const server = await startServer({ plugins: [nodePlugin('one', createTestNode()), speaker] })
  t.defer(() => server.stop())
  for (const name of ['web', 'denied', 'nowhere']) {
    const spec = { containers: [{ name: 'main', image: 'i' }], ...(name === 'nowhere' ? {} : { nodeName: 'one' }) }
    await server.call(pods, { method: 'POST', body: pod(name, { spec }) })
    const headers = { 'content-type': 'application/merge-patch+json' }
    const status = { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] }
    if (name !== 'nowhere') await server.call(`${pods}/${name}/status`, { method: 'PATCH', headers, body: { status } })
  }
  const seen: Started['seen'] = []
  const wakers = new Set<() => void>()
  const remove = server.kernel.get(ApiHooksToken).requests.tap('test', (stage, { code, notes, sourceIPs }: RequestRecord) => {
    // The server reads the pod by itself as well.
    if (sourceIPs.length === 0) return
    seen.push({ stage, code, notes: Object.fromEntries(notes?.annotations ?? []) })
    for (const wake of wakers) wake()
  })
  t.defer(remove)
  return {
    server,
    seen,
    async whenSeen(count) {
      while (seen.length < count) await new Promise<void>((resolve) => wakers.add(resolve))
    },
  }
}

/** Its port; it warns itself at /warn. */
async function backend(t: TestContext): Promise<number> {
  const one: Server = createServer((incoming, response) => {
    if (incoming.url === '/warn') response.setHeader('warning', ['299 - "theirs"', '299 - "too"'])
    response.end('hello')
  })
  new WebSocketServer({ server: one }).on('connection', (socket) => socket.close())
  one.listen(0, '127.0.0.1')
  await once(one, 'listening')
  t.defer(async () => {
    one.closeAllConnections()
    await new Promise((resolve) => one.close(resolve))
  })
  return (one.address() as AddressInfo).port
}

const warnings = ({ headers }: Reply): string => [headers.warning ?? []].flat().join(', ')

/** Headers of the change of protocol, or of the refusal. */
async function upgrade(server: TestServer, path: string): Promise<{ code: number; warning: string }> {
  const url = `${server.address.url.replace('https', 'wss')}${pods}/${path}`
  const headers = { authorization: `Bearer ${adminToken}` }
  const socket = new WebSocket(url, ['v5.channel.k8s.io'], { ca: server.address.ca, headers })
  socket.on('error', () => {})
  const answered = Promise.race([once(socket, 'upgrade'), once(socket, 'unexpected-response').then(([, answer]) => [answer])])
  const [answer] = (await answered) as [{ statusCode: number; headers: Record<string, string | undefined> }]
  if (answer.statusCode === 101) await once(socket, 'close')
  else socket.terminate()
  return { code: answer.statusCode, warning: answer.headers.warning ?? '' }
}

test('proxy: warnings come with the answer of the other server, beside its own, over both versions of HTTP', async (t) => {
  const { server, seen } = await start(t)
  const port = await backend(t)
  const ours = `299 - "mutate proxy", 299 - "\\"validate\\" web:${port}"`
  for (const call of [server.call, server.call2]) {
    const plain = await call(`${pods}/web:${port}/proxy/`)
    assert.is(plain.text, 'hello')
    assert.is(warnings(plain), ours)
    assert.is(warnings(await call(`${pods}/web:${port}/proxy/warn`)), `${ours}, 299 - "theirs", 299 - "too"`)
  }
  const moved = await server.call(`${pods}/web:${port}/proxy`)
  assert.is(moved.code, 301)
  assert.is(warnings(moved), ours)
  const notes = { 'test/mutate': 'proxy', 'test/validate': `web:${port}` }
  assert.equal(seen.slice(0, 3), [
    { stage: 'RequestReceived', code: 0, notes: {} },
    { stage: 'ResponseStarted', code: 200, notes },
    { stage: 'ResponseComplete', code: 200, notes },
  ])
})

test('a refusal carries the warnings that led to it, and its annotations', async (t) => {
  const { server, seen } = await start(t)
  for (const subresource of ['exec?command=true&stdout=1', 'attach?stdout=1', 'portforward?ports=1', 'proxy/']) {
    seen.length = 0
    const [name = ''] = subresource.split(/[?/]/)
    const refused = await server.call(`${pods}/denied/${subresource}`)
    assert.is(refused.code, 403, refused.text)
    assert.is(warnings(refused), `299 - "mutate ${name}", 299 - "\\"validate\\" denied"`)
    const notes = { 'test/mutate': name, 'test/validate': 'denied' }
    assert.equal(seen.at(-1), { stage: 'ResponseComplete', code: 403, notes })
    const upgraded = await upgrade(server, `denied/${subresource}`)
    assert.equal(upgraded, { code: 403, warning: warnings(refused) })
  }
})

test('what fails behind admission says no less', async (t) => {
  const { server, seen } = await start(t)
  const refused = await server.call(`${pods}/nowhere/exec?command=true&stdout=1`)
  assert.is(refused.code, 400, refused.text)
  assert.match(warnings(refused), '"mutate exec"')
  assert.equal(seen.at(-1)?.notes, { 'test/mutate': 'exec', 'test/validate': 'nowhere' })
})

test('a change of protocol has no warnings, but its annotations from its first stage on', async (t) => {
  const { server, seen, whenSeen } = await start(t)
  const exec = await upgrade(server, 'web/exec?command=true&stdout=1')
  assert.equal(exec, { code: 101, warning: '' })
  await whenSeen(3)
  const execNotes = { 'test/mutate': 'exec', 'test/validate': 'web' }
  assert.equal(seen, [
    { stage: 'RequestReceived', code: 0, notes: {} },
    { stage: 'ResponseStarted', code: 101, notes: execNotes },
    { stage: 'ResponseComplete', code: 101, notes: execNotes },
  ])
  seen.length = 0
  const port = await backend(t)
  assert.equal(await upgrade(server, `web:${port}/proxy/`), { code: 101, warning: '' })
  await whenSeen(3)
  assert.equal(seen[2]?.notes, { 'test/mutate': 'proxy', 'test/validate': `web:${port}` })
})

test('nothing is admitted, and nothing said, where the right is missing; a log asks nobody', async (t) => {
  const { server, seen } = await start(t)
  const foreign = await server.call(`${pods}/web/exec?command=true&stdout=1`, { token: userToken })
  assert.is(foreign.code, 403)
  assert.is(warnings(foreign), '')
  const log = await server.call(`${pods}/web/log`)
  assert.is(log.code, 200)
  assert.is(warnings(log), '')
  assert.equal(
    seen.map(({ notes }) => notes),
    seen.map(() => ({})),
  )
})

test('requests at once do not hear of each other', async (t) => {
  const { server } = await start(t)
  const port = await backend(t)
  const all = Array.from({ length: 20 }, (_, index) =>
    index % 2 === 0 ? server.call(`${pods}/web:${port}/proxy/`) : server.call(`${pods}/denied/attach?stdout=1`),
  )
  for (const [index, reply] of (await Promise.all(all)).entries()) {
    const expected =
      index % 2 === 0 ? `mutate proxy", 299 - "\\"validate\\" web:${port}"` : 'mutate attach", 299 - "\\"validate\\" denied"'
    assert.is(warnings(reply), `299 - "${expected}`)
  }
})
