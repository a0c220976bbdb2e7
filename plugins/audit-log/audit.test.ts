/** What is written of requests over HTTPS. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiHooksToken } from '@davit/core/api'
import { startServer, type TestServer, userToken } from '@davit/core/api/testkit'
import { assert, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const pods = '/api/v1/namespaces/default/pods'
const secrets = '/api/v1/namespaces/default/secrets'
interface Event {
  readonly [field: string]: unknown
  readonly stage: string
  readonly level: string
}

/** `rules` as YAML. `events` stops the server, so that all is written. */
async function start(t: TestContext, rules: string): Promise<{ server: TestServer; events(): Promise<Event[]> }> {
  const directory = await t.directory()
  const policyFile = join(directory, 'policy.yaml')
  const path = join(directory, 'audit.log')
  await writeFile(policyFile, `apiVersion: audit.k8s.io/v1\nkind: Policy\n${rules}`)
  const server = await startServer({ entries: [{ plugin, config: { policyFile, path, batchMs: 5 } }] })
  let stopped = false
  const stop = async (): Promise<void> => {
    if (!stopped) await server.stop()
    stopped = true
  }
  t.defer(stop)
  return {
    server,
    async events() {
      await stop()
      const lines = (await readFile(path, 'utf8')).split('\n').filter(Boolean)
      const own = lines.map((line) => JSON.parse(line) as Event)
      return own.filter(({ user }) => (user as { username?: string }).username !== 'system:apiserver')
    },
  }
}
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' } })

test('metadata: who did what to which object, and what came of it', async (t) => {
  const { server, events } = await start(t, 'omitStages: [RequestReceived]\nrules:\n  - level: Metadata\n')
  const { headers } = await server.call('/api/v1/namespaces/default/configmaps', { method: 'POST', body: configMap('a') })
  await server.call(`${pods}/missing`, { token: userToken })
  const [made, refused] = await events()
  const { requestReceivedTimestamp, stageTimestamp, userAgent: _agent, ...rest } = made ?? ({} as Event)
  assert.equal(JSON.parse(JSON.stringify(rest)), {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: headers['audit-id'],
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/default/configmaps',
    verb: 'create',
    user: { username: 'admin', uid: '1', groups: ['system:masters', 'system:authenticated'] },
    sourceIPs: ['127.0.0.1'],
    objectRef: { resource: 'configmaps', namespace: 'default', name: 'a', apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 201 },
    annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
  })
  for (const time of [requestReceivedTimestamp, stageTimestamp]) assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$/)
  assert.equal(refused?.annotations, { 'authorization.k8s.io/decision': 'forbid', 'authorization.k8s.io/reason': '' })
  assert.is((refused?.responseStatus as { code: number; reason: string } | undefined)?.reason, 'Forbidden')
  assert.is((refused?.responseStatus as { code: number } | undefined)?.code, 403)
})

test('bodies by level, and never where the policy says so', async (t) => {
  const rules = [
    'omitStages: [RequestReceived]',
    'omitManagedFields: true',
    'rules:',
    '  - { level: Metadata, resources: [{ group: "", resources: [secrets] }] }',
    '  - { level: Request, verbs: [create] }',
    '  - { level: RequestResponse, verbs: [get, list] }',
    '  - { level: None }',
  ]
  const { server, events } = await start(t, `${rules.join('\n')}\n`)
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { password: 'hidden' } }
  await server.call(secrets, { method: 'POST', body: secret })
  await server.call(`${secrets}/s`)
  await server.call('/api/v1/namespaces/default/configmaps', { method: 'POST', body: configMap('a') })
  await server.call('/api/v1/namespaces/default/configmaps/a')
  await server.call('/api/v1/namespaces/default/configmaps')
  await server.call('/api/v1/namespaces/default/configmaps/a', { method: 'DELETE' })
  const all = await events()
  assert.equal(
    all.map(({ level, verb }) => `${level} ${verb}`),
    ['Metadata create', 'Metadata get', 'Request create', 'RequestResponse get', 'RequestResponse list'],
  )
  assert.not.match(JSON.stringify(all), 'hidden')
  assert.not.match(JSON.stringify(all), Buffer.from('hidden').toString('base64'))
  assert.not.match(JSON.stringify(all), 'managedFields')
  const [, , created, got, listed] = all
  assert.equal((created?.requestObject as { data: object } | undefined)?.data, { a: 'b' })
  assert.is(created?.responseObject, undefined)
  assert.equal((got?.responseObject as { data: object } | undefined)?.data, { a: 'b' })
  assert.is((listed?.responseObject as { kind: string } | undefined)?.kind, 'ConfigMapList')
  assert.is((listed?.responseObject as { items: object[] } | undefined)?.items.length, 1)
})

test('stages of a request and of a watch; who acts for whom; notes of admission', async (t) => {
  const { server, events } = await start(t, 'rules:\n  - level: Metadata\n')
  const remove = server.kernel.get(ApiHooksToken).validate.tap('test', (request) => {
    request.audit('policy.example.com/seen', 'yes')
    return undefined
  })
  await server.call('/api/v1/namespaces/default/configmaps', {
    method: 'POST',
    body: configMap('a'),
    headers: { 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' },
  })
  remove()
  await server.call(`${pods}?watch=1&timeoutSeconds=1`)
  await server.call(pods, { token: 'nobody' })
  await server.call('/version')
  const all = await events()
  const of = (verb: string, uri: string): string[] =>
    all.filter((event) => event.verb === verb && String(event.requestURI).startsWith(uri)).map(({ stage }) => stage)
  assert.equal(of('create', '/api/v1/namespaces/default/configmaps'), ['RequestReceived', 'ResponseComplete'])
  assert.equal(of('watch', pods), ['RequestReceived', 'ResponseStarted', 'ResponseComplete'])
  assert.equal(of('get', '/version'), ['RequestReceived', 'ResponseComplete'])
  const done = all.find(({ verb, stage }) => verb === 'create' && stage === 'ResponseComplete')
  assert.is((done?.user as { username: string } | undefined)?.username, 'admin')
  assert.is((done?.impersonatedUser as { username: string } | undefined)?.username, 'bob')
  assert.is((done?.annotations as Record<string, string> | undefined)?.['policy.example.com/seen'], 'yes')
  const stranger = all.find(({ responseStatus }) => (responseStatus as { code?: number } | undefined)?.code === 401)
  assert.equal(stranger?.user, {})
  assert.is(stranger?.annotations, undefined)
})
