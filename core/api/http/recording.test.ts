import { assert, type TestContext, test } from '../../testing/contract.js'
import { ApiHooksToken, ApiPipelineToken, type RequestRecord, type RequestStage } from '../contract.js'
import { adminToken, pod, pods, startServer, type TestServer, userToken } from './testing.js'

interface Seen {
  readonly stage: RequestStage
  readonly record: RequestRecord
}
async function start(t: TestContext): Promise<{ server: TestServer; seen: Seen[]; when(stages: string): Promise<Seen> }> {
  const server = await startServer()
  t.defer(() => server.stop())
  const seen: Seen[] = []
  const wakers = new Set<() => void>()
  const remove = server.kernel.get(ApiHooksToken).requests.tap('test', (stage, record) => {
    seen.push({ stage, record: { ...record } })
    for (const wake of wakers) wake()
  })
  t.defer(remove)
  return {
    server,
    seen,
    /** The first that ends so. */
    async when(stage) {
      for (;;) {
        const found = seen.find((one) => one.stage === stage)
        if (found) return found
        await new Promise<void>((resolve) => wakers.add(resolve))
      }
    },
  }
}
const stages = (seen: readonly Seen[]): string[] => seen.map(({ stage, record }) => `${stage} ${record.verb} ${record.code}`)

test('without a tap no request has an id; with one each has its own, or the one that it brought', async (t) => {
  const quiet = await startServer()
  t.defer(() => quiet.stop())
  assert.is((await quiet.call(pods)).headers['audit-id'], undefined)
  const { server, seen } = await start(t)
  const [one, two] = [await server.call(pods), await server.call2(pods)]
  assert.match(String(one.headers['audit-id']), /^[0-9a-f-]{36}$/)
  assert.not.equal(one.headers['audit-id'], two.headers['audit-id'])
  const own = await server.call(pods, { headers: { 'audit-id': 'mine' } })
  assert.is(own.headers['audit-id'], 'mine')
  assert.is(seen.at(-1)?.record.id, 'mine')
})

test('a write: what was sent, who sent it, what came of it', async (t) => {
  const { server, seen } = await start(t)
  await server.call(`${pods}?fieldManager=me`, { method: 'POST', body: pod('a'), headers: { 'user-agent': 'tests/1' } })
  assert.equal(stages(seen), ['RequestReceived create 0', 'ResponseComplete create 201'])
  const { record } = seen[1] as Seen
  assert.is(record.uri, `${pods}?fieldManager=me`)
  assert.is(record.user?.name, 'admin')
  assert.is(record.userAgent, 'tests/1')
  assert.equal(record.sourceIPs, ['127.0.0.1'])
  assert.is(record.decision?.allowed, true)
  assert.is(record.target?.resource, 'pods')
  assert.is((record.body as { metadata: { name: string } }).metadata.name, 'a')
  assert.is(record.result?.type === 'object' && record.result.object.metadata.name, 'a')
})

test('refusals of every kind are recorded', async (t) => {
  const { server, seen } = await start(t)
  await server.call(`${pods}/missing`)
  await server.call(pods, { token: userToken })
  await server.call(pods, { token: 'nobody' })
  await server.call(pods, { token: 'nobody', method: 'POST', body: pod('a') })
  await server.call('/apis/none/v1/things')
  await server.call('/metrics', { token: userToken })
  await server.call(pods, { token: userToken, headers: { 'impersonate-user': 'root' } })
  const done = seen.filter(({ stage }) => stage === 'ResponseComplete').map(({ record }) => record)
  assert.equal(
    done.map(({ code, user }) => `${code} ${user?.name ?? ''}`),
    ['404 admin', '403 alice', '401 ', '401 ', '404 admin', '403 alice', '403 alice'],
  )
  assert.is(done[1]?.decision?.allowed, false)
  assert.is(done[1]?.failure?.reason, 'Forbidden')
  assert.is(done[5]?.target, undefined)
})

test('who acts as somebody else is recorded as himself, too', async (t) => {
  const { server, seen } = await start(t)
  await server.call(pods, { headers: { 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' } })
  const { record } = seen.at(-1) as Seen
  assert.is(record.user?.name, 'admin')
  assert.equal(record.impersonated, { name: 'bob', groups: ['system:masters', 'system:authenticated'] })
})

test('a watch has a stage for its beginning', async (t) => {
  const { server, seen, when } = await start(t)
  await server.call(`${pods}?watch=1&timeoutSeconds=1`)
  await when('ResponseComplete')
  assert.equal(stages(seen), ['RequestReceived watch 0', 'ResponseStarted watch 200', 'ResponseComplete watch 200'])
})

test('clients of this process are recorded, each request once', async (t) => {
  const { server, seen } = await start(t)
  const user = { name: 'inside', groups: ['system:masters'] }
  const where = { group: '', version: 'v1', resource: 'pods', namespace: 'default', name: 'x', query: {} }
  const call = server.kernel.get(ApiPipelineToken).handle({ verb: 'get', ...where, user, userAgent: 'inside' })
  await assert.rejects(call, 'not found')
  assert.equal(stages(seen), ['RequestReceived get 0', 'ResponseComplete get 404'])
  assert.is(seen[1]?.record.uri, '/api/v1/namespaces/default/pods/x')
  assert.equal(seen[1]?.record.sourceIPs, [])
})

test('addresses that proxies tell come first, and only what is one', async (t) => {
  const { server, seen } = await start(t)
  const headers = { 'x-forwarded-for': '10.0.0.1, evil"\n, ::1'.replace('\n', ''), 'x-real-ip': '10.0.0.2' }
  await server.call('/version', { headers, token: adminToken })
  assert.equal(seen.at(-1)?.record.sourceIPs, ['10.0.0.1', '::1', '10.0.0.2', '127.0.0.1'])
})
