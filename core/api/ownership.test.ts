import type { KubeObject } from '../kinds/contract.js'
import { assert, type TestContext, test } from '../testing/contract.js'
import { type Api, configMap, deployment, pod, type Rest, startApi } from './testing.js'

type Managers = NonNullable<KubeObject['metadata']['managedFields']>
const managers = (object: KubeObject): Managers => object.metadata.managedFields ?? []
/** "test Update v1 2024-01-01T00:00:00Z" of each entry. */
const names = (object: KubeObject): string[] =>
  managers(object).map(({ manager, operation, apiVersion, subresource }) =>
    [manager, operation, apiVersion, ...(subresource ? [subresource] : [])].join(' '),
  )
const as = (fieldManager: string, rest: Rest = {}): Rest => ({ ...rest, query: { ...rest.query, fieldManager } })
const fieldsOf = (object: KubeObject, manager: string): unknown =>
  managers(object).find((entry) => entry.manager === manager)?.fieldsV1
const data = (...keys: string[]): object => ({ 'f:data': Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) })

async function startWith(t: TestContext, object: KubeObject, resource = 'configmaps'): Promise<Api> {
  const api = await startApi(t)
  await api.create(resource, object)
  return api
}

test('a create gives the writer what it sent', async (t) => {
  const api = await startApi(t)
  const made = await api.create('configmaps', configMap('a', { b: '1' }), as('me'))
  assert.equal(managers(made), [
    {
      manager: 'me',
      operation: 'Update',
      apiVersion: 'v1',
      time: '2024-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { '.': {}, 'f:b': {} } },
    },
  ])
  const { item, object } = await api.reply('get', 'configmaps', { name: 'a' })
  assert.equal(JSON.parse(item?.bytes.toString() ?? ''), object)
})

test('without a name the manager is the product of the User-Agent', async (t) => {
  const api = await startApi(t)
  const agents: [userAgent: string, manager: string][] = [
    ['kubectl/v1.33.0 (linux/amd64) kubernetes/abc', 'kubectl'],
    ['', 'unknown'],
    ['/x', 'unknown'],
    ['a\u0000b\u0007 c/1', 'ab c'],
    ['é'.repeat(100), 'é'.repeat(64)],
  ]
  for (const [index, [userAgent, manager]] of agents.entries()) {
    const made = await api.create('configmaps', configMap(`a${index}`, { b: '1' }), { userAgent })
    assert.equal(names(made), [`${manager} Update v1`])
  }
})

test('a name of a manager must be short and printable', async (t) => {
  const api = await startApi(t)
  const long = await api.refused('create', 'configmaps', { body: configMap('a'), query: { fieldManager: 'x'.repeat(129) } })
  assert.is(long.code, 422)
  const odd = await api.refused('create', 'configmaps', { body: configMap('a'), query: { fieldManager: 'a\tb' } })
  assert.is(odd.code, 422)
  assert.match(odd.message, 'should only contain printable characters (invalid character at position 1)')
})

test('PUT and the three patches move what they change', async (t) => {
  const api = await startWith(t, configMap('a', { b: '1', c: '1', d: '1', e: '1' }))
  const put = await api.update('configmaps', configMap('a', { b: '2', c: '1', d: '1', e: '1' }), as('put'))
  assert.equal(fieldsOf(put, 'put'), data('b'))
  await api.merge('configmaps', 'a', { data: { c: '2' } }, as('merge'))
  const strategic = as('strategic', { name: 'a', patchType: 'strategic', body: { data: { d: '2', f: '1' } } })
  await api.object('patch', 'configmaps', strategic)
  const body = [{ op: 'remove', path: '/data/e' }]
  const last = await api.object('patch', 'configmaps', as('json', { name: 'a', patchType: 'json', body }))
  assert.equal(fieldsOf(last, 'test'), { 'f:data': {} })
  assert.equal(fieldsOf(last, 'merge'), data('c'))
  assert.equal(fieldsOf(last, 'strategic'), data('d', 'f'))
  assert.is(fieldsOf(last, 'json'), undefined)
})

test('times move with what is changed, and only with that', async (t) => {
  const api = await startWith(t, configMap('a', { b: '1' }))
  await api.plane.clock.advance(5000)
  const other = await api.merge('configmaps', 'a', { data: { c: '1' } }, as('other'))
  assert.equal(
    managers(other).map(({ manager, time }) => `${manager} ${time}`),
    ['test 2024-01-01T00:00:00Z', 'other 2024-01-01T00:00:05Z'],
  )
  await api.plane.clock.advance(5000)
  const same = await api.merge('configmaps', 'a', { data: { c: '1' } }, as('other'))
  assert.is(same.metadata.resourceVersion, other.metadata.resourceVersion, 'nothing to write')
  assert.equal(managers(same), managers(other))
  const put = await api.update('configmaps', { ...other, data: { b: '1', c: '1' } }, as('third'))
  assert.is(put.metadata.resourceVersion, other.metadata.resourceVersion)
  const again = await api.merge('configmaps', 'a', { data: { b: '2' } }, as('test'))
  assert.equal(
    managers(again).map(({ time }) => time),
    ['2024-01-01T00:00:05Z', '2024-01-01T00:00:10Z'],
  )
})

test('writes of the status and of other subresources have entries of their own', async (t) => {
  const api = await startWith(t, deployment('a', { replicas: 1 }), 'apps/v1/deployments')
  const body = { status: { replicas: 3, conditions: [{ type: 'A', status: 'True' }] }, spec: { replicas: 9 } }
  const status = await api.merge('apps/v1/deployments/status', 'a', body, as('ctl'))
  assert.equal(names(status), ['ctl Update apps/v1 status', 'test Update apps/v1'])
  assert.equal(fieldsOf(status, 'ctl'), {
    'f:status': { 'f:conditions': { '.': {}, 'k:{"type":"A"}': { '.': {}, 'f:status': {}, 'f:type': {} } }, 'f:replicas': {} },
  })
  await api.merge('apps/v1/deployments/scale', 'a', { spec: { replicas: 4 } }, as('scaler'))
  const scaled = await api.get('apps/v1/deployments', 'a')
  assert.ok(names(scaled).includes('scaler Update apps/v1 scale'))
  assert.equal(fieldsOf(scaled, 'scaler'), { 'f:spec': { 'f:replicas': {} } })
  assert.is((fieldsOf(scaled, 'test') as Record<string, Record<string, unknown>>)['f:spec']?.['f:replicas'], undefined)
})

test('a status in the body of the object is nobody’s, and what the server writes by itself neither', async (t) => {
  const api = await startApi(t)
  const made = await api.create('pods', { ...pod('a'), status: { phase: 'Running' } })
  assert.is((fieldsOf(made, 'test') as Record<string, unknown>)['f:status'], undefined)
  await api.create('pods/binding', { target: { kind: 'Node', name: 'n' } }, { name: 'a' })
  const bound = await api.get('pods', 'a')
  assert.equal(managers(bound), managers(made))
  const put = await api.update('pods', { ...bound, status: { phase: 'Failed' } }, as('other'))
  assert.equal(managers(put), managers(made))
})

test('what admission adds is nobody’s', async (t) => {
  const api = await startApi(t)
  const made = await api.create('pods', pod('a'))
  const spec = (fieldsOf(made, 'test') as Record<string, Record<string, unknown>>)['f:spec'] ?? {}
  assert.not.ok(Object.keys(made.spec as object).every((field) => Object.hasOwn(spec, `f:${field}`)))
  assert.ok(Object.hasOwn(spec, 'f:restartPolicy'), 'defaults are the writer’s')
})

test('one empty entry takes all managers away, and nothing is tracked until somebody applies', async (t) => {
  const api = await startWith(t, configMap('a', { b: '1' }))
  const reset = await api.merge('configmaps', 'a', { metadata: { managedFields: [{}] } })
  assert.is(reset.metadata.managedFields, undefined)
  const after = await api.merge('configmaps', 'a', { data: { c: '1' } })
  assert.is(after.metadata.managedFields, undefined)
  const body = { ...configMap('a', { d: '1' }) }
  const applied = await api.object('patch', 'configmaps', as('me', { name: 'a', patchType: 'apply', body }))
  assert.equal(names(applied), ['me Apply v1', 'before-first-apply Update v1'])
  assert.equal(fieldsOf(applied, 'before-first-apply'), { 'f:data': { '.': {}, 'f:b': {}, 'f:c': {} } })
})

test('an empty list, none at all and what cannot be read change no managers', async (t) => {
  const api = await startWith(t, configMap('a', { b: '1' }))
  const before = managers(await api.get('configmaps', 'a'))
  const wrong = [[], null, [{ manager: 'x' }], [{}, {}], [{ ...before[0], operation: 'Steal' }], [{ ...before[0], fieldsV1: 1 }]]
  for (const [index, managedFields] of wrong.entries()) {
    const body = { metadata: { managedFields }, data: { b: String(index + 2) } }
    assert.equal(names(await api.merge('configmaps', 'a', body)), ['test Update v1'])
  }
})

test('a client may rewrite the managers', async (t) => {
  const api = await startWith(t, configMap('a', { b: '1' }))
  const { resourceVersion } = (await api.get('configmaps', 'a')).metadata
  const entry = { manager: 'mine', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: data('b') }
  const body = [
    { op: 'replace', path: '/metadata/managedFields', value: [entry] },
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
  ]
  const after = await api.object('patch', 'configmaps', { name: 'a', patchType: 'json', body })
  assert.equal(managers(after), [entry] as never)
  assert.is.not(after.metadata.resourceVersion, resourceVersion)
  const refused = await api.refused('patch', 'configmaps', { name: 'a', patchType: 'json', body })
  assert.is(refused.code, 409)
  const status = { metadata: { managedFields: [{}] }, status: { phase: 'Active' } }
  await api.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x', labels: { a: 'b' } } })
  const space = await api.merge('namespaces/status', 'x', status)
  assert.ok(managers(space).length > 0, 'not through a subresource')
})

test('a dry run shows managers and stores none', async (t) => {
  const api = await startWith(t, configMap('a', { b: '1' }))
  const dry = await api.merge('configmaps', 'a', { data: { b: '2' } }, { query: { dryRun: 'All', fieldManager: 'dry' } })
  assert.ok(names(dry).includes('dry Update v1'))
  assert.equal(names(await api.get('configmaps', 'a')), ['test Update v1'])
})

test('an event tells of the managers as the reply did', async (t) => {
  const api = await startWith(t, configMap('a', { b: '1' }))
  const watched = await api.watch('configmaps', { resourceVersion: '0' })
  t.defer(() => watched.close())
  const written = await api.merge('configmaps', 'a', { data: { c: '1' } }, as('other'))
  await watched.heard(2)
  assert.equal(watched.events.at(-1)?.item.object, written)
})

test('many who write at once each have what they wrote', async (t) => {
  const api = await startWith(t, configMap('a', { z: '1' }))
  const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  await Promise.all(keys.map((key) => api.merge('configmaps', 'a', { data: { [key]: '1' } }, as(`m-${key}`))))
  const object = await api.get('configmaps', 'a')
  for (const key of keys) assert.equal(fieldsOf(object, `m-${key}`), data(key))
})
