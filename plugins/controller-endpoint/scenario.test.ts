import { endpointSlices, endpoints, nodes, pods, services } from '@davit/core/client'
import { assert, test } from '@davit/core/testing'
import { containers, makePod, makeService, plane } from './testing.js'

const targetOf = (name: string, uid: string | undefined) => ({ kind: 'Pod', namespace: 'default', name, uid })

test('a Pod becomes ready, turns unready, and leaves', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  const service = await client.create(services, makeService('web'))
  await cluster.quiet()
  const [empty] = await cluster.slices()
  assert.equal([empty?.endpoints ?? [], empty?.ports ?? [], empty?.addressType], [[], [], 'IPv4'])
  assert.equal((await cluster.endpoints()).subsets ?? [], [])

  const pod = await cluster.run('a', '10.0.0.1', false)
  await cluster.quiet()
  const conditions = { ready: false, serving: false, terminating: false }
  const endpoint = { addresses: ['10.0.0.1'], conditions, targetRef: targetOf('a', pod.metadata.uid), nodeName: 'one' }
  const [slice, ...others] = await cluster.slices()
  assert.equal(others, [])
  assert.is(slice?.metadata.name, empty?.metadata.name, 'the empty slice is filled')
  assert.match(slice?.metadata.name ?? '', /^web-[a-z0-9]{5}$/)
  assert.equal(slice?.metadata.labels, {
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    'kubernetes.io/service-name': 'web',
    team: 'blue',
  })
  const reference = { apiVersion: 'v1', kind: 'Service', name: 'web', uid: service.metadata.uid }
  assert.equal(slice?.metadata.ownerReferences, [{ ...reference, controller: true, blockOwnerDeletion: true }])
  assert.equal(slice?.ports, [{ name: '', protocol: 'TCP', port: 8080 }])
  assert.equal(slice?.endpoints, [endpoint])
  const address = { ip: '10.0.0.1', nodeName: 'one', targetRef: targetOf('a', pod.metadata.uid) }
  const ports = [{ port: 8080, protocol: 'TCP' }]
  assert.equal((await cluster.endpoints()).subsets, [{ notReadyAddresses: [address], ports }])

  await cluster.turn('a', true)
  await cluster.quiet()
  assert.equal((await cluster.slices())[0]?.endpoints, [
    { ...endpoint, conditions: { ...conditions, ready: true, serving: true } },
  ])
  const ready = await cluster.endpoints()
  assert.equal(ready.subsets, [{ addresses: [address], ports }])
  assert.equal(ready.metadata.labels, { team: 'blue' })
  assert.equal(ready.metadata.annotations, { 'endpoints.kubernetes.io/last-change-trigger-time': '2024-01-01T00:01:00Z' })

  await client.delete(pods, 'default', 'a')
  await cluster.quiet()
  const terminating = { ready: false, serving: true, terminating: true }
  assert.equal((await cluster.slices())[0]?.endpoints, [{ ...endpoint, conditions: terminating }])
  assert.equal((await cluster.endpoints()).subsets ?? [], [], 'a terminating Pod stands in no Endpoints')

  await client.delete(pods, 'default', 'a', { gracePeriodSeconds: 0 })
  await cluster.quiet()
  assert.equal(
    (await cluster.slices()).map((each) => each.endpoints ?? []),
    [[]],
  )

  await client.delete(services, 'default', 'web')
  await cluster.quiet()
  assert.equal(await cluster.slices(), [])
  await assert.rejects(cluster.endpoints())
})

test('nothing is written where nothing changed', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  await client.create(services, makeService('web'))
  await cluster.run('a', '10.0.0.1')
  await cluster.quiet()
  cluster.writes()
  const pod = await client.get(pods, 'default', 'a')
  const status = { ...pod.status, message: 'nothing to a Service', hostIP: '192.168.0.1' }
  await client.updateStatus(pods, { ...pod, status })
  await client.patch(services, 'default', 'web', 'merge', { metadata: { annotations: { note: 'new' } } })
  await cluster.client.create(pods, makePod('stranger', {}, { app: 'other' }))
  await cluster.pass(3_600_000)
  assert.equal(cluster.writes(), [])
})

test('250 endpoints are three slices, and one change of a Pod writes one', async (t) => {
  const cluster = await plane(t)
  await cluster.client.create(services, makeService('web'))
  for (let index = 0; index < 250; index += 1) await cluster.run(`pod-${index}`, `10.0.${index >> 7}.${index & 127}`)
  await cluster.quiet()
  const sizes = (await cluster.slices()).map((slice) => slice.endpoints.length).sort()
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    250,
  )
  assert.is(sizes.length, 3, sizes.join())
  assert.ok(sizes.every((size) => size <= 100))
  cluster.writes()
  await cluster.turn('pod-120', false)
  await cluster.quiet()
  const writes = cluster
    .writes()
    .map(({ kind, verb }) => `${verb} ${kind.resource}`)
    .sort()
  assert.equal(writes, ['update endpoints', 'update endpointslices'])
  await cluster.client.delete(pods, 'default', 'pod-7', { gracePeriodSeconds: 0 })
  await cluster.quiet()
  assert.equal(cluster.writes().filter(({ kind }) => kind.resource === 'endpointslices').length, 1)
})

test('a named port that differs from Pod to Pod makes a slice and a subset of each', async (t) => {
  const cluster = await plane(t)
  await cluster.client.create(services, makeService('web'))
  const other = containers.map((container) => ({ ...container, ports: [{ name: 'http', containerPort: 9090 }] }))
  await cluster.run('a', '10.0.0.1')
  await cluster.run('b', '10.0.0.2', true, { containers: other })
  await cluster.quiet()
  const slices = await cluster.slices()
  const seen = slices.map(({ ports, endpoints }) => [ports?.[0]?.port, endpoints.map(({ addresses }) => addresses[0])])
  assert.equal(seen.sort(), [
    [8080, ['10.0.0.1']],
    [9090, ['10.0.0.2']],
  ])
  const subsets = (await cluster.endpoints()).subsets ?? []
  assert.equal(
    subsets.map(({ ports, addresses }) => [ports?.[0]?.port, addresses?.[0]?.ip]),
    [
      [8080, '10.0.0.1'],
      [9090, '10.0.0.2'],
    ],
  )
})

test('a headless Service: hostnames, the label, and unready Pods where it publishes them', async (t) => {
  const cluster = await plane(t)
  await cluster.client.create(services, makeService('web', { clusterIP: 'None', publishNotReadyAddresses: true }))
  await cluster.run('a', '10.0.0.1', false, { hostname: 'first', subdomain: 'web' })
  await cluster.run('b', '10.0.0.2', false, { hostname: 'second', subdomain: 'elsewhere' })
  await cluster.quiet()
  const [slice] = await cluster.slices()
  assert.is(slice?.metadata.labels?.['service.kubernetes.io/headless'], '')
  const told = slice?.endpoints.map(({ hostname, conditions }) => [hostname, conditions?.ready, conditions?.serving])
  assert.equal(told, [
    ['first', true, false],
    [undefined, true, false],
  ])
  const object = await cluster.endpoints()
  assert.is(object.metadata.labels?.['service.kubernetes.io/headless'], '')
  assert.equal(
    object.subsets?.[0]?.addresses?.map(({ ip, hostname }) => [ip, hostname]),
    [
      ['10.0.0.1', 'first'],
      ['10.0.0.2', undefined],
    ],
  )
  await cluster.client.delete(pods, 'default', 'a')
  await cluster.quiet()
  assert.is((await cluster.endpoints()).subsets?.[0]?.addresses?.length, 2, 'also one that is on its way out')
})

test('a Pod follows its labels, and the zone of its node is told', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  const metadata = { name: 'one', labels: { 'topology.kubernetes.io/zone': 'z1' } }
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata, spec: {}, status: {} })
  await client.create(services, makeService('web'))
  await client.create(services, makeService('blue', { selector: { app: 'web', colour: 'blue' } }))
  await cluster.run('a', '10.0.0.1')
  await cluster.quiet()
  assert.is((await cluster.slices())[0]?.endpoints[0]?.zone, 'z1')
  assert.equal(
    (await cluster.slices('blue')).map((slice) => slice.endpoints ?? []),
    [[]],
  )
  await client.patch(pods, 'default', 'a', 'merge', { metadata: { labels: { colour: 'blue' } } })
  await cluster.quiet()
  assert.equal(
    (await cluster.slices('blue')).map((slice) => slice.endpoints.length),
    [1],
  )
  await client.patch(pods, 'default', 'a', 'merge', { metadata: { labels: { app: null } } })
  await cluster.quiet()
  assert.equal(
    (await cluster.slices()).map((slice) => slice.endpoints?.length ?? 0),
    [0],
  )
  assert.equal(
    (await cluster.slices('blue')).map((slice) => slice.endpoints?.length ?? 0),
    [0],
  )
})

test('finished Pods and Pods without an address stand in nothing', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  await client.create(services, makeService('web'))
  const pod = await cluster.run('a', '10.0.0.1')
  await client.create(pods, makePod('b'))
  await cluster.quiet()
  assert.equal(
    (await cluster.slices()).map((slice) => slice.endpoints.length),
    [1],
  )
  const now = await client.get(pods, 'default', pod.metadata.name)
  await client.updateStatus(pods, { ...now, status: { ...now.status, phase: 'Succeeded' } })
  await cluster.quiet()
  assert.equal(
    (await cluster.slices()).map((slice) => slice.endpoints?.length ?? 0),
    [0],
  )
  assert.equal((await cluster.endpoints()).subsets ?? [], [])
})

test('what others change or delete is put back', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  await client.create(services, makeService('web'))
  await cluster.run('a', '10.0.0.1')
  await cluster.quiet()
  const [slice] = await cluster.slices()
  const name = slice?.metadata.name ?? ''
  await client.patch(endpointSlices, 'default', name, 'merge', { endpoints: [] })
  await client.patch(endpoints, 'default', 'web', 'merge', { subsets: [] })
  await cluster.quiet()
  assert.equal((await cluster.slices())[0]?.endpoints, slice?.endpoints)
  assert.is((await cluster.endpoints()).subsets?.length, 1)
  await client.delete(endpointSlices, 'default', name)
  await client.delete(endpoints, 'default', 'web')
  await cluster.quiet()
  const again = await cluster.slices()
  assert.equal(
    again.map(({ endpoints }) => endpoints),
    [slice?.endpoints],
  )
  assert.is.not(again[0]?.metadata.name, name)
  assert.is((await cluster.endpoints()).subsets?.length, 1)
})

test('a Service without a selector is left to its user', async (t) => {
  const cluster = await plane(t)
  await cluster.client.create(services, makeService('web', { selector: {} }))
  await cluster.run('a', '10.0.0.1')
  await cluster.quiet()
  assert.equal(await cluster.slices(), [])
  await assert.rejects(cluster.endpoints())
})
