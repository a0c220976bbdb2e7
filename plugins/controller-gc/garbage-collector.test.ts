import { configMaps, deployments, namespaces, nodes, pods, replicaSets, secrets } from '@davit/core/client'
import { controlPlane } from '@davit/core/controller/testkit'
import type { Deployment, ReplicaSet } from '@davit/core/kinds'
import { assert, boot, test } from '@davit/core/testing'
import plugin from './index.js'
import { found, makePod, plane, reference } from './testing.js'

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
const spec = { replicas: 0, selector: { matchLabels: { app: 'web' } }, template }
const deployment: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec,
}
const replicaSet: ReplicaSet = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web-1', namespace: 'default' },
  spec,
}

test('what an owner owned goes after it, over several steps and kinds', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  const owner = await client.create(deployments, deployment)
  const child = { ...replicaSet, metadata: { ...replicaSet.metadata, ownerReferences: [reference(owner, { controller: true })] } }
  const set = await client.create(replicaSets, child)
  for (const name of ['a', 'b']) await client.create(pods, makePod(name, {}, { ownerReferences: [reference(set)] }))
  await client.create(pods, makePod('free'))
  await cluster.quiet()
  assert.equal(cluster.writes(), [], 'nothing to collect')
  await client.delete(deployments, 'default', 'web')
  await cluster.quiet()
  assert.is(await found(client, replicaSets, 'web-1'), undefined)
  assert.equal(
    (await client.list(pods)).items.map(({ metadata }) => metadata.name),
    ['free'],
  )
  const [cause] = cluster.writes().map((write) => write.cause)
  assert.match(cause?.actor ?? '', /^controller-gc@/)
})

test('foreground: the owner waits for those that block it, and for no others', async (t) => {
  const cluster = await plane(t)
  const owner = await cluster.make('owner')
  await cluster.make('blocking', [reference(owner, { blockOwnerDeletion: true })], { finalizers: ['test/hold'] })
  await cluster.make('loose', [reference(owner)], { finalizers: ['test/hold'] })
  await cluster.quiet()
  await cluster.client.delete(configMaps, 'default', 'owner', { propagationPolicy: 'Foreground' })
  await cluster.quiet()
  assert.equal(await cluster.names(), ['blocking†', 'loose†', 'owner†'])
  await cluster.client.patch(configMaps, 'default', 'blocking', 'merge', { metadata: { finalizers: [] } })
  await cluster.quiet()
  assert.equal(await cluster.names(), ['loose†'])
})

test('foreground without dependents is at once, and with a chain from the leaves up', async (t) => {
  const cluster = await plane(t)
  await cluster.make('alone')
  await cluster.quiet()
  await cluster.client.delete(configMaps, 'default', 'alone', { propagationPolicy: 'Foreground' })
  await cluster.quiet()
  assert.equal(await cluster.names(), [])
  const a = await cluster.make('a')
  const b = await cluster.make('b', [reference(a, { blockOwnerDeletion: true })])
  await cluster.make('c', [reference(b, { blockOwnerDeletion: true })], { finalizers: ['test/hold'] })
  await cluster.quiet()
  await cluster.client.delete(configMaps, 'default', 'a', { propagationPolicy: 'Foreground' })
  await cluster.quiet()
  assert.equal(await cluster.names(), ['a†', 'b†', 'c†'])
  await cluster.client.patch(configMaps, 'default', 'c', 'merge', { metadata: { finalizers: [] } })
  await cluster.quiet()
  assert.equal(await cluster.names(), [])
})

test('orphan: references go first, then the owner, and the dependents stay', async (t) => {
  const cluster = await plane(t)
  const owner = await cluster.make('owner')
  const other = await cluster.make('other')
  await cluster.make('child', [reference(owner)])
  await cluster.make('shared', [reference(owner), reference(other)])
  await cluster.quiet()
  await cluster.client.delete(configMaps, 'default', 'owner', { propagationPolicy: 'Orphan' })
  await cluster.quiet()
  assert.equal(await cluster.names(), ['child', 'other', 'shared'])
  assert.equal((await cluster.find('child'))?.metadata.ownerReferences ?? [], [])
  assert.equal(
    (await cluster.find('shared'))?.metadata.ownerReferences?.map(({ name }) => name),
    ['other'],
  )
})

test('one of several owners goes: its reference is taken off', async (t) => {
  const cluster = await plane(t)
  const [one, two] = [await cluster.make('one'), await cluster.make('two')]
  await cluster.make('child', [reference(one), reference(two)])
  await cluster.quiet()
  await cluster.client.delete(configMaps, 'default', 'one')
  await cluster.quiet()
  assert.equal(
    (await cluster.find('child'))?.metadata.ownerReferences?.map(({ name }) => name),
    ['two'],
  )
  await cluster.client.delete(configMaps, 'default', 'two', { propagationPolicy: 'Foreground' })
  await cluster.quiet()
  assert.equal(await cluster.names(), [])
})

test('an owner that waits does not keep one that somebody else owns', async (t) => {
  const cluster = await plane(t)
  const [one, two] = [await cluster.make('one'), await cluster.make('two')]
  await cluster.make('child', [reference(one, { blockOwnerDeletion: true }), reference(two)])
  await cluster.quiet()
  await cluster.client.delete(configMaps, 'default', 'one', { propagationPolicy: 'Foreground' })
  await cluster.quiet()
  assert.equal(await cluster.names(), ['child', 'two'])
})

test('circles go', async (t) => {
  for (const propagationPolicy of ['Background', 'Foreground'] as const) {
    const cluster = await plane(t)
    const block = { blockOwnerDeletion: true }
    const a = await cluster.make('a')
    const b = await cluster.make('b', [reference(a, block)])
    const c = await cluster.make('c', [reference(b, block)])
    await cluster.client.patch(configMaps, 'default', 'a', 'merge', { metadata: { ownerReferences: [reference(c, block)] } })
    await cluster.quiet()
    assert.equal(await cluster.names(), ['a', 'b', 'c'], 'as long as nobody deletes one')
    await cluster.client.delete(configMaps, 'default', 'a', { propagationPolicy })
    await cluster.quiet()
    assert.equal(await cluster.names(), [], propagationPolicy)
  }
})

test('an owner that never was, is another by now, or lives elsewhere counts as absent', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'far' }, spec: {}, status: {} })
  const owner = await cluster.make('owner')
  const far = await cluster.make('far', [], { namespace: 'far' })
  await cluster.make('never', [{ apiVersion: 'v1', kind: 'Secret', name: 'x', uid: 'no-such-uid' }])
  await cluster.make('replaced', [reference(owner, { uid: 'the-one-before' })])
  await cluster.make('abroad', [reference(far)])
  await cluster.quiet()
  assert.equal(await cluster.names(), ['owner'])
})

test('an owner of a kind that nobody serves is waited for, and one of the cluster owns in any namespace', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  const node = await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {}, status: {} })
  await cluster.make('of-a-stranger', [{ apiVersion: 'example.org/v1', kind: 'Thing', name: 'x', uid: 'u' }])
  await cluster.make('of-the-node', [reference(node)])
  const config = await cluster.make('config')
  const lost = { name: 'two', ownerReferences: [reference(config, { uid: 'elsewhere' })] }
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: lost, spec: {}, status: {} })
  await cluster.quiet()
  assert.equal(await cluster.names(), ['config', 'of-a-stranger', 'of-the-node'])
  assert.ok(await found(client, nodes, 'two'), 'nobody can say where its owner is')
  await client.delete(nodes, '', 'one')
  await cluster.quiet()
  assert.equal(await cluster.names(), ['config', 'of-a-stranger'])
})

test('what was left behind while nobody looked is found at the start', async (t) => {
  const store = { level: await t.directory() }
  const without = await boot({ store })
  t.defer(() => without.stop())
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Secret', name: 's', uid: 'gone' }]
  const metadata = { name: 'left', namespace: 'default', ownerReferences }
  await without.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
  await without.stop()
  const cluster = await controlPlane(t, [{ plugin }], { store })
  // A store on a disk takes its own time, up to the deadline of the test.
  while (await found(cluster.client, configMaps, 'left')) await cluster.quiet()
})

test('a finalizer holds a dependent, not the collector', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  const owner = await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' } })
  await cluster.make('held', [reference(owner)], { finalizers: ['test/hold'] })
  await cluster.quiet()
  await client.delete(secrets, 'default', 's')
  await cluster.quiet()
  assert.equal(await cluster.names(), ['held†'])
  cluster.writes()
  await cluster.pass(3_600_000)
  assert.equal(cluster.writes(), [], 'it is not asked again and again')
})

test('a thousand dependents go', async (t) => {
  const cluster = await plane(t)
  const owner = await cluster.make('owner')
  for (let index = 0; index < 1000; index += 1) await cluster.make(`child-${index}`, [reference(owner)])
  await cluster.quiet()
  await cluster.client.delete(configMaps, 'default', 'owner')
  await cluster.quiet()
  assert.equal(await cluster.names(), [])
})
