import { definePlugin, type PluginEntry } from '../kernel/contract.js'
import type { EndpointSlice, Endpoints } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import { ApiAddressToken } from './contract.js'
import { apiEndpoint } from './host.js'
import { startApi } from './testing.js'

const addressed = (host: string, port: number): PluginEntry[] => [
  { plugin: apiEndpoint },
  {
    plugin: definePlugin({
      id: 'test-address',
      api: '^1.0',
      provides: { address: ApiAddressToken },
      async setup() {
        return { provides: { address: { url: `https://${host}:${port}`, host, port, ca: '', kubeconfig: '' } } }
      },
    }),
  },
]

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

test('an address that nobody else can reach is not published', async (t) => {
  const api = await startApi(t, { plugins: addressed('127.0.0.1', 6443) })
  assert.is((await api.refused('get', 'endpoints', { name: 'kubernetes' })).code, 404)
})
