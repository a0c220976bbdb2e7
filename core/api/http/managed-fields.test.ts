/**
 * What clients that know nothing of managers send for `metadata.managedFields`, over the wire and by every verb: an
 * empty list takes no owner away, one empty entry takes all.
 */
import { assert, type TestContext, test } from '../../testing/contract.js'
import { type Reply, startServer, type TestServer } from './testing.js'

const maps = '/api/v1/namespaces/default/configmaps'
const deployments = '/apis/apps/v1/namespaces/default/deployments'
const merge = 'application/merge-patch+json'
const strategic = 'application/strategic-merge-patch+json'
const json = 'application/json-patch+json'
const apply = 'application/apply-patch+yaml'

interface Entry {
  readonly manager: string
  readonly operation: string
  readonly subresource?: string
  readonly fieldsV1: Readonly<Record<string, object>>
}
const entries = (reply: Reply): readonly Entry[] => reply.json.metadata.managedFields ?? []
const names = (reply: Reply): readonly string[] => entries(reply).map(({ manager, operation }) => `${manager} ${operation}`)

async function start(t: TestContext): Promise<TestServer> {
  const server = await startServer()
  t.defer(() => server.stop())
  return server
}
const map = (data: object, managedFields?: unknown): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...(managedFields === undefined ? {} : { managedFields }) },
  data,
})
function change(server: TestServer, path: string, type: string, body: unknown): Promise<Reply> {
  return server.call(path, { method: 'PATCH', headers: { 'content-type': type }, body })
}
async function ok(call: Promise<Reply>): Promise<Reply> {
  const reply = await call
  assert.ok(reply.code < 300, reply.text)
  return reply
}

test('a create with an empty list is tracked as any other', async (t) => {
  const server = await start(t)
  for (const sent of [[], null, undefined]) {
    const made = await ok(server.call(`${maps}?fieldManager=maker`, { method: 'POST', body: map({ b: '1' }, sent) }))
    assert.equal(names(made), ['maker Update'])
    await ok(server.call(`${maps}/a`, { method: 'DELETE' }))
  }
})

test('PUT and the three patches with an empty list keep every owner, and give the writer what it changed', async (t) => {
  const server = await start(t)
  await ok(server.call(`${maps}?fieldManager=maker`, { method: 'POST', body: map({ b: '1', c: '1' }) }))
  await ok(change(server, `${maps}/a?fieldManager=applier`, apply, map({ d: '1' })))
  const all = ['applier Apply', 'maker Update', 'writer Update']
  const put = map({ b: '1', c: '1', d: '1', e: 'put' }, [])
  assert.equal(names(await ok(server.call(`${maps}/a?fieldManager=writer`, { method: 'PUT', body: put }))), all)
  for (const type of [merge, strategic]) {
    const patched = await ok(
      change(server, `${maps}/a?fieldManager=writer`, type, { metadata: { managedFields: [] }, data: { e: type } }),
    )
    assert.equal(names(patched), all, type)
  }
  const body = [
    { op: 'replace', path: '/metadata/managedFields', value: [] },
    { op: 'replace', path: '/data/e', value: 'json' },
  ]
  const last = await ok(change(server, `${maps}/a?fieldManager=writer`, json, body))
  assert.equal(names(last), all)
  assert.equal(entries(last).find(({ manager }) => manager === 'writer')?.fieldsV1, { 'f:data': { 'f:e': {} } })
  assert.equal(entries(await server.call(`${maps}/a`)), entries(last), 'so it is stored')
})

test('a client that reads without managers and writes back what it read changes nothing', async (t) => {
  const server = await start(t)
  await ok(server.call(maps, { method: 'POST', body: map({ b: '1' }) }))
  const read = await server.call(`${maps}/a`)
  const { managedFields: _left, ...metadata } = read.json.metadata
  for (const sent of [
    { ...read.json, metadata: { ...metadata, managedFields: [] } },
    { ...read.json, metadata },
  ]) {
    const put = await ok(server.call(`${maps}/a?fieldManager=other`, { method: 'PUT', body: sent }))
    assert.is(put.json.metadata.resourceVersion, read.json.metadata.resourceVersion, 'nothing is written')
    assert.equal(entries(put), entries(read))
  }
})

test('one empty entry takes all owners away, by every verb', async (t) => {
  const server = await start(t)
  const bodies: [type: string, body: unknown][] = [
    [merge, { metadata: { managedFields: [{}] } }],
    [strategic, { metadata: { managedFields: [{}] } }],
    [json, [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }]],
  ]
  for (const [type, body] of bodies) {
    await ok(server.call(maps, { method: 'POST', body: map({ b: '1' }) }))
    assert.is((await ok(change(server, `${maps}/a`, type, body))).json.metadata.managedFields, undefined, type)
    const empty = await ok(change(server, `${maps}/a`, merge, { metadata: { managedFields: [] }, data: { b: '2' } }))
    assert.is(empty.json.metadata.managedFields, undefined, 'an empty list brings nobody back either')
    await ok(server.call(`${maps}/a`, { method: 'DELETE' }))
  }
  await ok(server.call(maps, { method: 'POST', body: map({ b: '1' }) }))
  const put = await ok(server.call(`${maps}/a`, { method: 'PUT', body: map({ b: '1' }, [{}]) }))
  assert.is(put.json.metadata.managedFields, undefined)
})

test('an apply names no managers, not even an empty list of them', async (t) => {
  const server = await start(t)
  for (const sent of [[], [{}]]) {
    const refused = await change(server, `${maps}/a?fieldManager=me`, apply, map({ b: '1' }, sent))
    assert.is(refused.code, 400)
    assert.is(refused.json.reason, 'BadRequest')
    assert.is(refused.json.message, 'metadata.managedFields must be nil')
  }
  assert.is((await server.call(`${maps}/a`)).code, 404)
  await ok(change(server, `${maps}/a?fieldManager=me`, apply, map({ b: '1' }, null)))
})

test('a status that is sent with an empty list or an empty entry keeps every owner', async (t) => {
  const server = await start(t)
  const labels = { app: 'a' }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  const body = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: { selector: { matchLabels: labels }, template },
  }
  await ok(server.call(`${deployments}?fieldManager=maker`, { method: 'POST', body }))
  for (const [index, managedFields] of [[], [{}]].entries()) {
    const sent = { metadata: { managedFields }, status: { replicas: index + 1 } }
    const patched = await ok(change(server, `${deployments}/a/status?fieldManager=controller`, merge, sent))
    // Older entries come first, and a second may have passed.
    assert.equal([...names(patched)].sort(), ['controller Update', 'maker Update'])
    assert.is(entries(patched).find(({ manager }) => manager === 'controller')?.subresource, 'status')
  }
})

test('many who send empty lists at once: nobody loses what he wrote', async (t) => {
  const server = await start(t)
  await ok(server.call(`${maps}?fieldManager=maker`, { method: 'POST', body: map({ b: '1' }) }))
  const writers = Array.from({ length: 8 }, (_, index) => `w${index}`)
  const sent = (name: string): object => ({ metadata: { managedFields: [] }, data: { [name]: '1' } })
  await Promise.all(writers.map((name) => ok(change(server, `${maps}/a?fieldManager=${name}`, merge, sent(name)))))
  const owned = new Map(entries(await server.call(`${maps}/a`)).map(({ manager, fieldsV1 }) => [manager, fieldsV1]))
  for (const name of writers) assert.equal(owned.get(name), { 'f:data': { [`f:${name}`]: {} } })
  assert.equal(owned.get('maker'), { 'f:data': { '.': {}, 'f:b': {} } })
})
