/** The limiter in front of a real server. */
import { Worker } from 'node:worker_threads'
import { ApiHooksToken } from '@davit/core/api'
import { otherToken, startServer, type TestServer, userToken } from '@davit/core/api/testkit'
import { definePlugin } from '@davit/core/kernel'
import { assert, createVirtualClock, type TestContext, test } from '@davit/core/testing'
import type { LimiterConfig } from './config.js'
import plugin from './index.js'
import { FairLimiter } from './limiter.js'

const config: LimiterConfig = { reads: 2, writes: 1, turn: 100, queue: 1, waitSeconds: 1, exemptGroups: ['system:masters'] }
const asked = (name: string, verb: string, more: object = {}) => ({
  ...{ user: { name, groups: ['dev'] }, verb, group: '', resource: 'pods', namespace: 'default', path: '', closed: () => false },
  ...more,
})

test('reads and writes are bounded apart; what is too much gets 429 with a time to come again', async () => {
  const clock = createVirtualClock()
  const limiter = new FairLimiter(config, clock)
  const passes = [limiter.enter(asked('a', 'get')), limiter.enter(asked('a', 'get'))]
  const write = limiter.enter(asked('a', 'create'))
  assert.type(write, 'function')
  const waiting = limiter.enter(asked('a', 'get')) as Promise<() => void>
  assert.throws(
    () => limiter.enter(asked('a', 'list')),
    (error: Error & { code?: number; status?: { details?: { retryAfterSeconds?: number } } }) =>
      error.code === 429 && error.status?.details?.retryAfterSeconds === 1,
  )
  const others = limiter.enter(asked('b', 'get')) as Promise<() => void>
  ;(passes[0] as () => void)()
  ;(passes[1] as () => void)()
  await clock.settle()
  assert.type(await waiting, 'function')
  assert.type(await others, 'function')
  assert.equal(limiter.state(), { reads: { inFlight: 2, waiting: 0 }, writes: { inFlight: 1, waiting: 0 }, refused: 1 })
  const late = limiter.enter(asked('a', 'get')) as Promise<() => void>
  const refusal = assert.rejects(late, 'too many requests')
  await clock.advance(1100)
  await refusal
})

test('never held back: whoever may help, and whether the server lives', async () => {
  const limiter = new FairLimiter({ ...config, reads: 1 }, createVirtualClock())
  assert.type(limiter.enter(asked('a', 'get')), 'function')
  assert.is(limiter.enter(asked('root', 'get', { user: { name: 'root', groups: ['system:masters'] } })), undefined)
  assert.is(limiter.enter(asked('a', 'get', { resource: '', path: '/readyz' })), undefined)
  const held = limiter.enter(asked('a', 'get', { resource: '', path: '/apis' })) as Promise<unknown>
  const refusal = assert.rejects(held, 'too many requests')
  limiter.close()
  await refusal
})

const allow = definePlugin({
  id: 'test-allow',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.authorize, (_request) => ({ allowed: true, reason: '' }))
    return {}
  },
})
async function start(t: TestContext, config?: object): Promise<TestServer> {
  const entries = config === undefined ? [{ plugin }] : [{ plugin, config }]
  const server = await startServer({ plugins: [allow], entries })
  t.defer(() => server.stop())
  return server
}

test('watches give their place back when they have begun; a client that leaves does, too', async (t) => {
  const server = await start(t)
  const path = '/api/v1/namespaces/default/pods'
  const state = async () => (await server.call('/davit/v1/limiter')).json
  const watching = server.call(`${path}?watch=1&timeoutSeconds=1`, { token: userToken })
  assert.is((await server.call(path, { token: userToken })).code, 200)
  assert.equal((await state()).reads, { inFlight: 0, waiting: 0 })
  assert.is((await watching).code, 200)
  assert.is((await server.call(`${path}/missing`, { token: userToken })).code, 404)
  assert.is((await server.call(path, { method: 'POST', body: {}, token: userToken })).code, 422)
  assert.equal(await state(), { reads: { inFlight: 0, waiting: 0 }, writes: { inFlight: 0, waiting: 0 }, refused: 0 })
})

/** So many connections that ask again as soon as they are answered, in a thread of their own. */
const load = `
const { parentPort, workerData } = require('node:worker_threads')
const { Agent, get } = require('node:https')
const { url, ca, token, connections, asks } = workerData
const agent = new Agent({ keepAlive: true, maxSockets: connections, ca })
const times = []
let [open, stopped] = [connections, false]
parentPort.on('message', () => { stopped = true })
const ask = () => {
  if (stopped || (asks > 0 && times.length >= asks)) {
    open -= 1
    if (open === 0) { parentPort.postMessage(times); agent.destroy(); parentPort.close() }
    return
  }
  const began = performance.now()
  get(url, { agent, headers: { authorization: 'Bearer ' + token } }, (reply) => {
    reply.resume()
    reply.on('end', () => { times.push(performance.now() - began); if (times.length === connections) parentPort.postMessage('busy'); ask() })
  }).on('error', ask)
}
for (let count = 0; count < connections; count += 1) ask()
`
interface Load {
  readonly busy: Promise<void>
  readonly times: Promise<number[]>
  stop(): void
}
function run(t: TestContext, server: TestServer, token: string, connections: number, asks: number): Load {
  const { url, ca } = server.address
  const path = `${url}/api/v1/namespaces/default/pods/x`
  const worker = new Worker(load, { eval: true, workerData: { url: path, ca, token, connections, asks } })
  t.defer(() => worker.terminate())
  let settle: { busy(): void; times(times: number[]): void } | undefined
  const busy = new Promise<void>((resolve) => {
    settle = { busy: resolve, times: () => {} }
  })
  const times = new Promise<number[]>((resolve, reject) => {
    worker.on('message', (message) => (message === 'busy' ? settle?.busy() : resolve(message as number[])))
    worker.on('error', reject)
  })
  return { busy, times, stop: () => worker.postMessage('stop') }
}

test('two hundred connections of one do not make another wait for long', async (t) => {
  const server = await start(t)
  const greedy = run(t, server, userToken, 200, 0)
  await greedy.busy
  // Somebody else: the flow is the user's name, so the administrator's would be exempt.
  const polite = run(t, server, otherToken, 1, 300)
  const times = (await polite.times).sort((a, b) => a - b)
  greedy.stop()
  assert.ok((await greedy.times).length > 200, 'the greedy one was served all the time')
  const p99 = times[Math.floor(times.length * 0.99)] ?? 0
  // One turn of the loop is some 5 ms; the rest is for machines that are busy with other things.
  assert.ok(p99 < 250, `p99 ${p99.toFixed(1)} ms`)
})

test('a greedy client is told to come again later, and a modest one never', async (t) => {
  const server = await start(t, { reads: 4, turn: 4, queue: 20 })
  const list = '/api/v1/namespaces/default/pods'
  const flood = Array.from({ length: 200 }, () => server.call(list, { token: userToken }))
  const modest: number[] = []
  for (let turn = 0; turn < 20; turn++) modest.push((await server.call(list, { token: otherToken })).code)
  const replies = await Promise.all(flood)
  assert.equal(new Set(modest), new Set([200]))
  const refused = replies.filter(({ code }) => code === 429)
  assert.ok(refused.length > 0, 'some of two hundred at once are too many')
  assert.ok(replies.length - refused.length >= 20, 'the greedy one has its share nevertheless')
  for (const { headers, json } of refused) {
    assert.equal([headers['retry-after'], json.reason, json.details.retryAfterSeconds], ['1', 'TooManyRequests', 1])
  }
})
