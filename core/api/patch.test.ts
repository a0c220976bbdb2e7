import type { Deployment, Pod } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import { configMap, deployment, pod, startApi } from './testing.js'

test('merge, JSON and strategic patches', async (t) => {
  const api = await startApi(t)
  await api.create('apps/v1/deployments', deployment('a'))
  const merged = await api.merge<Deployment>('apps/v1/deployments', 'a', { spec: { replicas: 2 } })
  assert.is(merged.spec?.replicas, 2)
  const operations = [{ op: 'replace', path: '/spec/replicas', value: 4 }]
  const json = await api.object<Deployment>('patch', 'apps/v1/deployments', { name: 'a', patchType: 'json', body: operations })
  assert.is(json.spec?.replicas, 4)
  const containers = [{ name: 'side', image: 'log:1' }]
  const body = { spec: { template: { spec: { containers } } } }
  const strategic = await api.object<Deployment>('patch', 'apps/v1/deployments', { name: 'a', patchType: 'strategic', body })
  assert.equal(strategic.spec?.template.spec?.containers.map(({ name }) => name).sort(), ['main', 'side'])
})

test('bad syntax is 400, an operation that fails 422, over 10,000 operations 413', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', configMap('a'))
  const json = (body: unknown) => api.refused('patch', 'configmaps', { name: 'a', patchType: 'json', body })
  assert.is((await json({ op: 'add' })).code, 400)
  assert.is((await json([{ op: 'jump', path: '/data' }])).code, 400)
  assert.is((await json([{ op: 'test', path: '/data/x', value: 'y' }])).code, 422)
  assert.is((await json([{ op: 'remove', path: '/data/x' }])).code, 422)
  const many = Array.from({ length: 10_001 }, () => ({ op: 'add', path: '/data/x', value: 'y' }))
  assert.is((await json(many)).code, 413)
  assert.is((await api.refused('patch', 'configmaps', { name: 'a', patchType: 'merge', body: [] })).code, 400)
})

test('a patch of no kind is 415 with the types that are served', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', configMap('a'))
  const status = await api.refused('patch', 'configmaps', { name: 'a', body: configMap('a') })
  assert.is(status.code, 415)
  assert.is(status.reason, 'UnsupportedMediaType')
  assert.match(status.message, 'application/apply-patch+yaml')
})

test('a resourceVersion in the patch is a precondition', async (t) => {
  const api = await startApi(t)
  const { resourceVersion } = (await api.create('configmaps', configMap('a'))).metadata
  await api.merge('configmaps', 'a', { metadata: { resourceVersion }, data: { n: '1' } })
  const body = { metadata: { resourceVersion }, data: { n: '2' } }
  assert.is((await api.refused('patch', 'configmaps', { name: 'a', patchType: 'merge', body })).code, 409)
})

test('patches without one are made again after a conflict', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', configMap('a'))
  const keys = Array.from({ length: 32 }, (_, index) => `k${index}`)
  await Promise.all(keys.map((key) => api.merge('configmaps', 'a', { data: { [key]: '1' } })))
  assert.equal(Object.keys((await api.get('configmaps', 'a')).data as object).sort(), keys.sort())
})

test('a patch never creates, and never renames', async (t) => {
  const api = await startApi(t)
  assert.is((await api.refused('patch', 'configmaps', { name: 'a', patchType: 'merge', body: {} })).code, 404)
  await api.create('configmaps', configMap('a'))
  const body = { metadata: { name: 'b' } }
  assert.is((await api.refused('patch', 'configmaps', { name: 'a', patchType: 'merge', body })).code, 400)
})

test('what a patch makes is validated and checked strictly', async (t) => {
  const api = await startApi(t)
  await api.create('pods', pod('a'))
  const strict = { name: 'a', patchType: 'merge', body: { spec: { extra: 1 } }, query: { fieldValidation: 'Strict' } } as const
  assert.match((await api.refused('patch', 'pods', strict)).message, 'strict decoding error: unknown field "spec.extra"')
  const rename = { name: 'a', patchType: 'merge', body: { spec: { nodeName: 'n' } } } as const
  assert.is((await api.refused('patch', 'pods', rename)).code, 422)
  const image = { spec: { containers: [{ name: 'main', image: 'web:2' }] } }
  const patched = await api.object<Pod>('patch', 'pods', { name: 'a', patchType: 'strategic', body: image })
  assert.is(patched.spec?.containers[0]?.image, 'web:2')
})

test('force is for apply alone', async (t) => {
  const api = await startApi(t)
  await api.create('configmaps', configMap('a'))
  const request = { name: 'a', patchType: 'merge', body: {}, query: { force: 'true' } } as const
  assert.is((await api.refused('patch', 'configmaps', request)).code, 422)
})
