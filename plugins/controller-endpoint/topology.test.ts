import { events, nodes, pods, services } from '@davit/core/client'
import { assert, type TestContext, test } from '@davit/core/testing'
import { makeService, plane } from './testing.js'

const zone = 'topology.kubernetes.io/zone'

async function zones(t: TestContext) {
  const at = await plane(t)
  const { client } = at
  const node = async (name: string, of: string | undefined, cpu = '4') => {
    const labels = of === undefined ? {} : { [zone]: of }
    const made = await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {} })
    const conditions = [{ type: 'Ready', status: 'True' }]
    await client.updateStatus(nodes, { ...made, status: { allocatable: { cpu }, capacity: { cpu }, conditions } })
  }
  let ip = 0
  const run = async (name: string, nodeName: string) => at.run(name, `10.0.0.${++ip}`, true, { nodeName })
  const hints = async () => {
    await at.quiet()
    const all = (await at.slices()).flatMap(({ endpoints }) => endpoints)
    const texts = all.map(({ targetRef, hints: of }) => `${targetRef?.name}→${of?.forZones?.map(({ name }) => name) ?? ''}`)
    return texts.sort().join(' ')
  }
  const told = async () => {
    await at.pass(2000)
    const { items } = await client.list(events, { namespace: 'default' })
    return items
      .filter(({ involvedObject }) => involvedObject.kind === 'Service')
      .map(({ reason, message }) => `${reason}: ${message}`)
      .sort()
  }
  const annotate = (value: string | null) => {
    const annotations = { 'service.kubernetes.io/topology-mode': value }
    return client.patch(services, 'default', 'web', 'merge', { metadata: { annotations } })
  }
  await node('one', 'a')
  await node('two', 'b')
  return { ...at, node, run, hints, told, annotate }
}

test('PreferClose: each endpoint is for its zone, and is no more when the Service takes it back', async (t) => {
  const at = await zones(t)
  await at.client.create(services, makeService('web', { trafficDistribution: 'PreferClose' }))
  await at.run('p', 'one')
  await at.run('q', 'two')
  assert.is(await at.hints(), 'p→a q→b')
  await at.turn('q', false)
  assert.is(await at.hints(), 'p→a q→', 'one that is not ready is for nobody')
  await at.client.patch(services, 'default', 'web', 'merge', { spec: { trafficDistribution: null } })
  assert.is(await at.hints(), 'p→ q→')
  assert.equal(await at.told(), [])
})

test('the zone that a node gets later reaches its endpoints', async (t) => {
  const at = await zones(t)
  await at.node('three', undefined)
  await at.client.create(services, makeService('web', { trafficDistribution: 'PreferClose' }))
  await at.run('p', 'three')
  assert.is(await at.hints(), 'p→')
  await at.client.patch(nodes, '', 'three', 'merge', { metadata: { labels: { [zone]: 'c' } } })
  assert.is(await at.hints(), 'p→c')
})

test('Auto: endpoints are dealt out by what the zones can do, and events say when and why not', async (t) => {
  const at = await zones(t)
  await at.client.create(services, makeService('web'))
  await at.annotate('Auto')
  assert.is(await at.hints(), '')
  await at.run('p', 'one')
  assert.is(await at.hints(), 'p→')
  await at.run('q', 'one')
  assert.is(await at.hints(), 'p→b q→a', 'one of the two serves the zone that has none')
  const few = 'Insufficient number of endpoints'
  assert.equal(await at.told(), [
    `TopologyAwareHintsDisabled: ${few} (0 endpoints, 2 zones), addressType: IPv4`,
    `TopologyAwareHintsDisabled: ${few} (1 endpoints, 2 zones), addressType: IPv4`,
    'TopologyAwareHintsEnabled: Topology Aware Hints has been enabled, addressType: IPv4',
  ])
  at.writes()
  const { status } = await at.client.get(nodes, '', 'one')
  const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2024-01-01T00:00:00Z' }]
  await at.client.updateStatus(nodes, { ...(await at.client.get(nodes, '', 'one')), status: { ...status, conditions } })
  await at.pass(60_000)
  assert.equal(at.writes(), [], 'what is settled is not written')

  await at.node('three', 'c')
  assert.is(await at.hints(), 'p→ q→', 'three zones cannot be served by two')
  await at.client.delete(nodes, '', 'three')
  assert.is(await at.hints(), 'p→b q→a')
  await at.annotate(null)
  assert.is(await at.hints(), 'p→ q→')
  const last = 'TopologyAwareHintsDisabled: Topology Aware Hints has been disabled, addressType: IPv4'
  assert.ok((await at.told()).includes(last))
  await at.client.delete(services, 'default', 'web')
  await at.client.delete(pods, 'default', 'p', { gracePeriodSeconds: 0 })
  await at.quiet()
  assert.equal(await at.slices(), [])
})
