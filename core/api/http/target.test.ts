import { assert, test } from '../../testing/contract.js'
import { isTrue, parseQuery } from './query.js'
import { parseTarget, type ResourceTarget } from './target.js'

const base = {
  type: 'resource',
  group: '',
  version: 'v1',
  subresource: '',
  namespace: '',
  name: '',
  watch: false,
  rest: '',
} as const
const target = (parts: Partial<ResourceTarget>): ResourceTarget => ({ ...base, resource: '', ...parts })

const cases: readonly [string, Partial<ResourceTarget>][] = [
  ['/api/v1/pods', { resource: 'pods' }],
  ['/api/v1/pods/', { resource: 'pods' }],
  ['/api/v1/nodes/one', { resource: 'nodes', name: 'one' }],
  ['/api/v1/nodes/one/status', { resource: 'nodes', name: 'one', subresource: 'status' }],
  ['/api/v1/namespaces', { resource: 'namespaces' }],
  ['/api/v1/namespaces/a', { resource: 'namespaces', name: 'a' }],
  ['/api/v1/namespaces/a/status', { resource: 'namespaces', name: 'a', subresource: 'status' }],
  ['/api/v1/namespaces/a/finalize', { resource: 'namespaces', name: 'a', subresource: 'finalize' }],
  ['/api/v1/namespaces/a/pods', { resource: 'pods', namespace: 'a' }],
  ['/api/v1/namespaces/a/pods/b', { resource: 'pods', namespace: 'a', name: 'b' }],
  ['/api/v1/namespaces/a/pods/b/log', { resource: 'pods', namespace: 'a', name: 'b', subresource: 'log' }],
  [
    '/apis/apps/v1/namespaces/a/deployments/b/scale',
    { group: 'apps', resource: 'deployments', namespace: 'a', name: 'b', subresource: 'scale' },
  ],
  [
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode',
    { group: 'rbac.authorization.k8s.io', resource: 'clusterroles', name: 'system:node' },
  ],
  ['/api/v1/watch/pods', { resource: 'pods', watch: true }],
  ['/api/v1/watch/namespaces/a/pods/b', { resource: 'pods', namespace: 'a', name: 'b', watch: true }],
  [
    '/api/v1/namespaces/a/services/http:b:80/proxy',
    { resource: 'services', namespace: 'a', name: 'http:b:80', subresource: 'proxy' },
  ],
  [
    '/api/v1/namespaces/a/services/b/proxy/x/%2Fy/',
    { resource: 'services', namespace: 'a', name: 'b', subresource: 'proxy', rest: '/x/%2Fy/' },
  ],
  ['/api/v1/nodes/n/proxy/metrics', { resource: 'nodes', name: 'n', subresource: 'proxy', rest: '/metrics' }],
]
for (const [path, expected] of cases) test(`path ${path}`, () => assert.equal(parseTarget(path), target(expected)))

for (const path of ['/', '/healthz', '/api', '/api/v1', '/apis', '/apis/apps', '/apis/apps/v1', '/openapi/v3/apis/apps/v1']) {
  test(`path ${path} names no object`, () => assert.equal(parseTarget(path), { type: 'other', path }))
}
test('a slash at the end changes nothing', () =>
  assert.equal(parseTarget('/apis/apps/v1/'), { type: 'other', path: '/apis/apps/v1' }))

const refused: readonly [string, number][] = [
  ['/api/v1/namespaces/a/pods/%2E%2E', 400],
  ['/api/v1/namespaces/a/pods/..', 400],
  ['/api/v1/namespaces/a/pods/b%2Fc', 400],
  ['/api/v1/namespaces/a%2Fb/pods', 400],
  ['/api/v1/namespaces/a/pods/b%00', 400],
  ['/api/v1/namespaces/a/pods/%zz', 400],
  ['/api/v1/namespaces/a/pods/b%25', 400],
  ['/api/v1//pods', 404],
  ['/api/v1/namespaces//pods', 404],
  ['/api/v1/namespaces/a/pods/b/log/more', 404],
  ['api/v1/pods', 400],
  ['*', 400],
]
for (const [path, code] of refused) {
  test(`path ${path} is refused with ${code}`, () => {
    assert.fails(
      () => parseTarget(path),
      (error) => (error as { code?: number }).code === code,
    )
  })
}

test('a query gives the first value of a key, and all where asked', () => {
  const query = parseQuery('command=sh&command=-c&tty=true&empty=&__proto__=x&plus=a+b%20c')
  assert.is(query.first.command, 'sh')
  assert.equal(query.all('command'), ['sh', '-c'])
  assert.is(query.first.empty, '')
  assert.is(query.first.plus, 'a b c')
  assert.is(query.first.missing, undefined)
  assert.is(query.first.constructor, undefined)
  assert.is(parseQuery('').first.watch, undefined)
  assert.equal(parseQuery('').all('x'), [])
})

test('what does not say no in a query says yes', () => {
  for (const value of ['1', 't', 'true', 'TRUE', '', 'yes', 'x']) assert.ok(isTrue(value), value)
  for (const value of ['0', 'false', 'False', undefined]) assert.not(isTrue(value))
})
