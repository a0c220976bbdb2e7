import type { EndpointSlice, Endpoints } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import { addressed, startApi } from './testing.js'

test('four namespaces from the start', async (t) => {
  const api = await startApi(t)
  const list = await api.list('namespaces')
  assert.equal(
    list.items.map(({ name }) => name),
    ['default', 'kube-node-lease', 'kube-public', 'kube-system'],
  )
})

test('what is there is left alone at the next start', async (t) => {
  const store = { level: await t.directory() }
  const first = await startApi(t, { store })
  await first.merge('services', 'kubernetes', { metadata: { labels: { mine: 'yes' } } })
  const before = await first.list('services')
  await first.plane.stop()
  const second = await startApi(t, { store })
  const after = await second.list('services')
  assert.equal(
    after.items.map(({ object }) => object),
    before.items.map(({ object }) => object),
  )
})

test('the endpoints of default/kubernetes are where the server listens, also after a move', async (t) => {
  const store = { level: await t.directory() }
  const first = await startApi(t, { store, plugins: addressed('10.1.2.3', 6443) })
  const endpoints = await first.get<Endpoints>('endpoints', 'kubernetes')
  assert.equal(endpoints.subsets?.[0]?.addresses?.[0]?.ip, '10.1.2.3')
  await first.plane.stop()
  const second = await startApi(t, { store, plugins: addressed('10.1.2.4', 7443) })
  const moved = await second.get<EndpointSlice>('discovery.k8s.io/v1/endpointslices', 'kubernetes')
  assert.equal([moved.endpoints[0]?.addresses, moved.ports?.[0]?.port], [['10.1.2.4'], 7443])
  const { metadata } = moved
  await second.plane.stop()
  const third = await startApi(t, { store, plugins: addressed('10.1.2.4', 7443) })
  assert.equal((await third.get('discovery.k8s.io/v1/endpointslices', 'kubernetes')).metadata, metadata)
})

test('where Pods do not reach the server nothing is published, and what was is taken back', async (t) => {
  const store = { level: await t.directory() }
  const first = await startApi(t, { store, plugins: addressed('10.1.2.3', 6443) })
  await first.plane.stop()
  const api = await startApi(t, { store, plugins: addressed('', 0) })
  assert.is((await api.refused('get', 'endpoints', { name: 'kubernetes' })).code, 404)
  assert.is((await api.refused('get', 'discovery.k8s.io/v1/endpointslices', { name: 'kubernetes' })).code, 404)
})

test('every namespace of the start has its account at once', async (t) => {
  const api = await startApi(t)
  const { items } = await api.list('serviceaccounts', {}, { namespace: '' })
  assert.equal(
    items.map(({ namespace, name }) => `${namespace}/${name}`),
    ['default/default', 'kube-node-lease/default', 'kube-public/default', 'kube-system/default'],
  )
})
