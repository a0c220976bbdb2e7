import { createRegistry } from '../../kinds/contract.js'
import { assert, test } from '../../testing/contract.js'
import type { ApiRequest } from '../contract.js'
import { apiRequestOf, verbOf } from './api-request.js'
import type { Exchange } from './exchange.js'
import { parseQuery } from './query.js'
import { parseTarget, type ResourceTarget } from './target.js'

const kinds = createRegistry()
const user = { name: 'alice', groups: [] }

interface Sent {
  readonly method?: string
  readonly type?: string
  readonly body?: string
}
function exchangeOf(url: string, { method = 'GET', type, body }: Sent): Exchange {
  const [path = '', query = ''] = url.split('?')
  const headers = { 'user-agent': 'test/1', ...(type === undefined ? {} : { 'content-type': type }) }
  return {
    method,
    path,
    query: parseQuery(query),
    body: body === undefined ? undefined : Buffer.from(body),
    request: { headers },
    response: { on: () => undefined },
  } as unknown as Exchange
}
async function requestOf(url: string, sent: Sent = {}): Promise<ApiRequest> {
  const exchange = exchangeOf(url, sent)
  const target = parseTarget(exchange.path) as ResourceTarget
  return apiRequestOf(exchange, target, verbOf(exchange, target), user, kinds)
}

const verbs: readonly [string, string, string][] = [
  ['GET', '/api/v1/pods', 'list'],
  ['HEAD', '/api/v1/pods', 'list'],
  ['GET', '/api/v1/pods?watch=1', 'watch'],
  ['GET', '/api/v1/pods?watch=true', 'watch'],
  ['GET', '/api/v1/pods?watch', 'watch'],
  ['GET', '/api/v1/pods?watch=false', 'list'],
  ['GET', '/api/v1/watch/pods', 'watch'],
  ['GET', '/api/v1/nodes/a', 'get'],
  ['POST', '/api/v1/nodes', 'create'],
  ['POST', '/api/v1/namespaces/a/pods/b/binding', 'create'],
  ['PUT', '/api/v1/nodes/a', 'update'],
  ['PATCH', '/api/v1/nodes/a/status', 'patch'],
  ['DELETE', '/api/v1/nodes/a', 'delete'],
  ['DELETE', '/api/v1/nodes', 'deletecollection'],
]
for (const [method, url, verb] of verbs) {
  test(`${method} ${url} is ${verb}`, async () => {
    const type = method === 'PATCH' ? { type: 'application/merge-patch+json' } : {}
    assert.is((await requestOf(url, { method, ...type })).verb, verb)
  })
}

test('an object’s name belongs into a POST’s body', () =>
  assert.rejects(requestOf('/api/v1/nodes/a', { method: 'POST' }), (error) => (error as { code?: number }).code === 405))

test('the old way to watch one object becomes a field selector', async () => {
  const request = await requestOf('/api/v1/watch/namespaces/a/pods/b?resourceVersion=7')
  assert.is(request.name, '')
  assert.is(request.namespace, 'a')
  assert.equal({ ...request.query }, { resourceVersion: '7', fieldSelector: 'metadata.name=b' })
})

test('each type of patch is told apart, and apply may be YAML', async () => {
  const send = (type: string, body: string): Promise<ApiRequest> => requestOf('/api/v1/nodes/a', { method: 'PATCH', type, body })
  assert.is((await send('application/merge-patch+json', '{}')).patchType, 'merge')
  assert.is((await send('application/strategic-merge-patch+json; charset=utf-8', '{}')).patchType, 'strategic')
  assert.equal((await send('application/json-patch+json', '[{"op":"test"}]')).body, [{ op: 'test' }])
  const applied = await send('application/apply-patch+yaml', 'kind: Node\nmetadata: {labels: {answer: "no"}}')
  assert.is(applied.patchType, 'apply')
  assert.equal(applied.body, { kind: 'Node', metadata: { labels: { answer: 'no' } } })
})

test('duplicates are looked for unless the client does not care', async () => {
  const body = '{"spec":{"a":1,"a":2}}'
  const post = (query: string): Promise<ApiRequest> => requestOf(`/api/v1/nodes${query}`, { method: 'POST', body })
  assert.equal((await post('')).duplicates, ['spec.a'])
  assert.equal((await post('?fieldValidation=Strict')).duplicates, ['spec.a'])
  assert.is((await post('?fieldValidation=Ignore')).duplicates, undefined)
  assert.is((await requestOf('/api/v1/nodes', { method: 'POST', body: '{"a":{"b":1},"c":{"b":1}}' })).duplicates, undefined)
})

test('a request without a body has none', async () => {
  assert.not('body' in (await requestOf('/api/v1/nodes', { method: 'POST' })))
  assert.not('body' in (await requestOf('/api/v1/nodes/a', { method: 'DELETE', body: '' })))
})
