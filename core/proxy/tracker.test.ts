import { endpointSlices, services } from '../client/contract.js'
import { assert, boot, type TestContext, test } from '../testing/contract.js'
import { endpoint, service, slice } from './testing.js'
import { ServiceTracker } from './tracker.js'

async function tracked(t: TestContext, before: readonly string[] = []) {
  const plane = await boot()
  t.defer(() => plane.stop())
  const { client, clients, clock } = plane
  const add = (name: string, ...ips: string[]) =>
    client.create(services, { ...service(name), spec: { ports: [{ port: 80 }] } }).then(() => addSlice(`${name}-1`, name, ...ips))
  const addSlice = (name: string, of: string, ...ips: string[]) =>
    client.create(
      endpointSlices,
      slice(
        name,
        of,
        ips.map((ip) => endpoint(ip)),
      ),
    )
  for (const name of before) await add(name, '10.0.0.1')
  const [serviceInformer, sliceInformer] = [clients.informer(services), clients.informer(endpointSlices)]
  const tracker = new ServiceTracker(
    serviceInformer,
    sliceInformer,
    () => false,
    () => zone,
  )
  let zone: string | undefined
  await Promise.all([serviceInformer.whenSynced(), sliceInformer.whenSynced()])
  let changes = 0
  t.defer(tracker.follow(() => void changes++))
  const state = () =>
    tracker.state().services.filter(({ namespace, service: name }) => namespace === 'default' && name !== 'kubernetes')
  const shown = () => state().map(({ key, endpoints }) => `${key} ${endpoints.map(({ address }) => address)}`)
  const rest = async () => {
    for (let turn = 0; turn < 5; turn += 1) await clock.settle()
  }
  const move = (to: string | undefined) => {
    zone = to
    tracker.zoneChanged()
  }
  return { client, tracker, add, addSlice, state, shown, rest, move, changes: () => changes }
}

test('knows at once what is there already', async (t) => {
  const { shown } = await tracked(t, ['a', 'b'])
  assert.equal(shown(), ['default/a: 10.0.0.1', 'default/b: 10.0.0.1'])
})

test('is in order of key, whatever came first', async (t) => {
  const { add, shown, rest } = await tracked(t)
  for (const name of ['b', 'a', 'a-b']) await add(name, '10.0.0.1')
  await rest()
  assert.equal(
    shown().map((line) => line.split(' ')[0]),
    ['default/a-b:', 'default/a:', 'default/b:'],
  )
})

test('a machine that moves to another zone looks at everything again, and changes what differs alone', async (t) => {
  const { client, tracker, state, shown, rest, move } = await tracked(t, ['a', 'b'])
  await rest()
  const meant = [endpoint('10.0.0.1'), endpoint('10.0.0.2')].map((each, index) => ({
    ...each,
    hints: { forZones: [{ name: `z${index}` }] },
  }))
  const stored = await client.get(endpointSlices, 'default', 'b-1')
  await client.update(endpointSlices, { ...stored, endpoints: meant })
  await rest()
  assert.equal(shown(), ['default/a: 10.0.0.1', 'default/b: 10.0.0.1,10.0.0.2'])
  const [a] = state()
  move('z1')
  assert.equal(shown(), ['default/a: 10.0.0.1', 'default/b: 10.0.0.2'])
  assert.is(state()[0], a)
  const before = tracker.state()
  move('z1')
  assert.is(tracker.state(), before)
  move('z7')
  assert.equal(shown()[1], 'default/b: 10.0.0.1,10.0.0.2')
})

test('is the same object while nothing changed, and shares what did not', async (t) => {
  const { tracker, state, rest, addSlice } = await tracked(t, ['a', 'b'])
  await rest()
  const before = tracker.state()
  assert.is(tracker.state(), before)
  const [a, b] = state()
  await addSlice('b-2', 'b', '10.0.0.2')
  await rest()
  const after = tracker.state()
  assert.is(after.revision, before.revision + 1)
  assert.is(state()[0], a)
  assert.is.not(state()[1], b)
  assert.ok(Object.isFrozen(after) && Object.isFrozen(after.services) && Object.isFrozen(state()[1]?.endpoints))
})

test('a change that makes no difference makes none', async (t) => {
  const { tracker, client, rest, changes } = await tracked(t, ['a'])
  await rest()
  const before = tracker.state()
  const told = changes()
  await client.patch(services, 'default', 'a', 'merge', { metadata: { labels: { app: 'a' } } })
  await rest()
  assert.is(changes(), told + 1)
  assert.is(tracker.state(), before)
})

test('a slice that moves to another service leaves the first', async (t) => {
  const { client, shown, rest } = await tracked(t, ['a', 'b'])
  await rest()
  const labels = { 'kubernetes.io/service-name': 'b' }
  await client.patch(endpointSlices, 'default', 'a-1', 'merge', { metadata: { labels } })
  await rest()
  assert.equal(shown(), ['default/a: ', 'default/b: 10.0.0.1'])
})

test('what goes is gone: a slice, then its service', async (t) => {
  const { client, shown, rest } = await tracked(t, ['a', 'b'])
  await client.delete(endpointSlices, 'default', 'a-1')
  await rest()
  assert.equal(shown(), ['default/a: ', 'default/b: 10.0.0.1'])
  await client.delete(services, 'default', 'a')
  await rest()
  assert.equal(shown(), ['default/b: 10.0.0.1'])
})

test('a slice may come before its service', async (t) => {
  const { client, addSlice, shown, rest } = await tracked(t)
  await addSlice('a-1', 'a', '10.0.0.1')
  await rest()
  assert.equal(shown(), [])
  await client.create(services, { ...service('a'), spec: { ports: [{ port: 80 }] } })
  await rest()
  assert.equal(shown(), ['default/a: 10.0.0.1'])
})
