import { endpointSlices, nodes as nodeResource, services } from '../client/contract.js'
import { definePlugin } from '../kernel/contract.js'
import { assert, boot, type TestContext, test } from '../testing/contract.js'
import { ProxyModeToken } from './contract.js'
import { proxyHost } from './host.js'
import { endpoint, type Recorder, recorder, service, slice } from './testing.js'

async function hosted(t: TestContext, config: object, ...drivers: Recorder[]) {
  const modes = definePlugin({
    id: 'test-modes',
    api: '^1.0',
    provides: { modes: ProxyModeToken },
    setup: async () => ({ provides: { modes: drivers } }),
  })
  const plane = await boot({ plugins: [{ plugin: modes }, { plugin: proxyHost, config }] })
  t.defer(() => plane.stop())
  return plane
}

test('the first usable mode of the first node that has one is opened, with what the node is', async (t) => {
  const [broken, good] = [recorder('broken', 'no kernel'), recorder('good')]
  const nodes = [
    { name: 'zero', proxy: [] },
    { name: 'one', proxy: ['broken', 'good'] },
    { name: 'two', proxy: ['good'] },
  ]
  await hosted(t, { nodes, addresses: ['192.0.2.1'], clusterCidr: '10.1.0.0/16' }, broken, good)
  assert.equal(broken.opened, [])
  assert.equal(good.opened, [{ nodeName: 'one', addresses: ['192.0.2.1'], clusterCidr: '10.1.0.0/16' }])
})

test('where none is usable a node goes without, and says why', async (t) => {
  const { lines } = await hosted(t, { nodes: [{ name: 'one', proxy: ['broken', 'gone'] }] }, recorder('broken', 'no kernel'))
  const told = lines.filter(({ level }) => level === 'warn').map(({ message }) => message)
  assert.equal(told, [
    'no proxy mode of node "one" is usable (broken: no kernel; gone: there is no such proxy plugin); services have no addresses on it',
  ])
})

test('where it must have one it does not start', async (t) => {
  const nodes = [{ name: 'one', proxy: ['broken'], required: true }]
  await assert.rejects(
    hosted(t, { nodes }, recorder('broken', 'no kernel')),
    /no proxy mode of node "one" is usable \(broken: no kernel\)/,
  )
})

test('a mode that cannot be opened says which and why', async (t) => {
  const driver = recorder('mode')
  driver.open = () => Promise.reject(new Error('read-only file system'))
  const nodes = [{ name: 'one', proxy: ['mode'] }]
  await assert.rejects(hosted(t, { nodes }, driver), /"mode" cannot work for node "one": read-only file system/)
})

test('the first state is whole, and changes follow', async (t) => {
  const driver = recorder()
  const store = { level: await t.directory() }
  const before = await boot({ store })
  await before.client.create(services, { ...service('web'), spec: { ports: [{ port: 80 }] } })
  await before.client.create(endpointSlices, slice('web-1', 'web', [endpoint('10.0.0.1', {}, 'one')]))
  await before.stop()

  const modes = definePlugin({
    id: 'test-modes',
    api: '^1.0',
    provides: { modes: ProxyModeToken },
    setup: async () => ({ provides: { modes: driver } }),
  })
  const config = { nodes: [{ name: 'one', proxy: ['test-mode'] }] }
  const { client, clock, stop } = await boot({ store, plugins: [{ plugin: modes }, { plugin: proxyHost, config }] })
  t.defer(stop)
  await clock.advance(5)
  const endpoints = () =>
    driver.states.map((state) => state.services.find((port) => port.service === 'web')?.endpoints.map((each) => each.address))
  assert.equal(endpoints(), [['10.0.0.1']], 'never an empty state before it: that would cut off what runs')
  assert.ok(driver.states[0]?.services.find((port) => port.service === 'web')?.endpoints[0]?.local)
  await client.delete(endpointSlices, 'default', 'web-1')
  await clock.advance(100)
  assert.equal(endpoints(), [['10.0.0.1'], []])
  await clock.advance(600_000)
  assert.is(driver.states.length, 2, 'idle means idle')
  await stop()
  assert.is(driver.closed, 1)
})

test('endpoints that are meant for zones are chosen by the zone of the node, which may change', async (t) => {
  const driver = recorder()
  const { client, clock } = await hosted(t, { nodes: [{ name: 'one', proxy: ['test-mode'] }] }, driver)
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {} }
  await client.create(nodeResource, node)
  await client.create(services, { ...service('web'), spec: { ports: [{ port: 80 }] } })
  const meant = ['a', 'b'].map((zone, index) => ({ ...endpoint(`10.0.0.${index}`), hints: { forZones: [{ name: zone }] } }))
  await client.create(endpointSlices, slice('web-1', 'web', meant))
  const shown = async () => {
    for (let turn = 0; turn < 5; turn += 1) await clock.advance(1000)
    const web = driver.states.at(-1)?.services.find(({ service: name }) => name === 'web')
    return web?.endpoints.map(({ address }) => address)
  }
  assert.equal(await shown(), ['10.0.0.0', '10.0.0.1'])
  const label = (zone: string | null) => {
    const labels = { 'topology.kubernetes.io/zone': zone }
    return client.patch(nodeResource, '', 'one', 'merge', { metadata: { labels } })
  }
  await label('b')
  assert.equal(await shown(), ['10.0.0.1'])
  await label('a')
  assert.equal(await shown(), ['10.0.0.0'])
  await client.delete(nodeResource, '', 'one')
  assert.equal(await shown(), ['10.0.0.0', '10.0.0.1'])
  await client.create(nodeResource, { ...node, metadata: { ...node.metadata, labels: { 'topology.kubernetes.io/zone': 'a' } } })
  assert.equal(await shown(), ['10.0.0.0'])
  await label(null)
  assert.equal(await shown(), ['10.0.0.0', '10.0.0.1'])
})
