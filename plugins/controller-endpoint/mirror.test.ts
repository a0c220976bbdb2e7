import { endpointSlices, endpoints, services } from '@davit/core/client'
import type { Endpoints } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { isMirrored, mirroredSlices } from './mirrored-slices.js'
import { makeService, plane } from './testing.js'

function written(subsets: Endpoints['subsets'], metadata: object = {}): Endpoints {
  return { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'web', namespace: 'default', ...metadata }, subsets }
}
const ports = [{ name: 'db', port: 5432, protocol: 'TCP' }]

test('Endpoints that a user writes are mirrored, and follow', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  const subsets = [{ addresses: [{ ip: '192.168.1.1' }], notReadyAddresses: [{ ip: '192.168.1.2', hostname: 'b' }], ports }]
  const object = await client.create(endpoints, written(subsets, { labels: { tier: 'data' }, annotations: { note: 'x' } }))
  await cluster.quiet()
  assert.equal(await cluster.slices(), [], 'there is no Service yet')
  await client.create(services, makeService('web', { selector: {} }))
  await cluster.quiet()
  const [slice, ...others] = await cluster.slices()
  assert.equal(others, [])
  assert.equal(slice?.metadata.labels, {
    'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
    'kubernetes.io/service-name': 'web',
    tier: 'data',
  })
  assert.equal(slice?.metadata.annotations, { note: 'x' })
  assert.is(slice?.metadata.ownerReferences?.[0]?.uid, object.metadata.uid)
  assert.equal(slice?.ports, ports)
  assert.equal(slice?.endpoints, [
    { addresses: ['192.168.1.1'], conditions: { ready: true } },
    { addresses: ['192.168.1.2'], conditions: { ready: false }, hostname: 'b' },
  ])
  cluster.writes()
  await client.patch(endpoints, 'default', 'web', 'merge', { subsets: [{ addresses: [{ ip: '192.168.1.3' }], ports }] })
  await cluster.quiet()
  assert.equal(
    (await cluster.slices()).map((each) => each.endpoints.map(({ addresses }) => addresses)),
    [[['192.168.1.3']]],
  )
  assert.is(cluster.writes().length, 1)
  await client.patch(services, 'default', 'web', 'merge', { spec: { selector: { app: 'web' } } })
  await cluster.quiet()
  const manager = 'endpointslice.kubernetes.io/managed-by'
  assert.equal(
    (await cluster.slices()).map(({ metadata }) => metadata.labels?.[manager]),
    ['endpointslice-controller.k8s.io'],
  )
})

test('the mirror goes with what it shows, and with the Service', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  await client.create(services, makeService('web', { selector: {} }))
  await client.create(endpoints, written([{ addresses: [{ ip: '192.168.1.1' }], ports }]))
  await cluster.quiet()
  assert.is((await cluster.slices()).length, 1)
  await client.delete(endpoints, 'default', 'web')
  await cluster.quiet()
  assert.equal(await cluster.slices(), [])
  await client.create(endpoints, written([{ addresses: [{ ip: '192.168.1.1' }], ports }]))
  await cluster.quiet()
  await client.delete(services, 'default', 'web')
  await cluster.quiet()
  assert.equal((await client.list(endpointSlices, { namespace: 'default' })).items, [])
  assert.equal((await client.list(endpoints, { namespace: 'default' })).items, [], 'Endpoints go with their Service')
})

test('which Endpoints are mirrored', () => {
  const open = makeService('web', { selector: {} })
  assert.ok(isMirrored(written([]), open))
  assert.not.ok(isMirrored(written([]), undefined))
  assert.not.ok(isMirrored(undefined, open))
  assert.not.ok(isMirrored(written([]), makeService('web')))
  assert.not.ok(isMirrored(written([], { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }), open))
  assert.not.ok(isMirrored(written([], { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }), open))
  assert.not.ok(isMirrored(written([]), makeService('web', { selector: {}, type: 'ExternalName' })))
})

test('families are told apart, and subsets on the same ports are one', () => {
  const { groups } = mirroredSlices(
    written([
      { addresses: [{ ip: '192.168.1.1' }, { ip: 'fd00::1' }], ports },
      { addresses: [{ ip: '192.168.1.2' }], ports },
    ]),
  )
  const seen = groups.map(({ addressType, endpoints }) => [addressType, endpoints.map(({ addresses }) => addresses[0])])
  assert.equal(seen, [
    ['IPv4', ['192.168.1.1', '192.168.1.2']],
    ['IPv6', ['fd00::1']],
  ])
})
