import { nodes, pods } from '@davit/core/client'
import { assert, test } from '@davit/core/testing'
import { makePod, plane, podNames } from './testing.js'

const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {}, status: {} })

test('the Pods of a node that is gone go after a while, and say why', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  for (const name of ['gone', 'stays']) await client.create(nodes, node(name))
  await client.create(pods, makePod('lost', { nodeName: 'gone' }, { finalizers: ['test/hold'] }))
  await client.create(pods, makePod('fine', { nodeName: 'stays' }))
  await cluster.quiet()
  await client.delete(nodes, '', 'gone')
  await cluster.pass(39_000)
  assert.equal((await client.get(pods, 'default', 'lost')).metadata.deletionTimestamp, undefined)
  await cluster.pass(2_000)
  const lost = await client.get(pods, 'default', 'lost')
  assert.ok(lost.metadata.deletionTimestamp)
  assert.is(lost.status?.phase, 'Failed')
  assert.is(lost.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason, 'DeletionByPodGC')
  await client.patch(pods, 'default', 'lost', 'merge', { metadata: { finalizers: [] } })
  assert.equal(await podNames(client), ['fine'])
})

test('a node that comes back in time keeps its Pods', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  await client.create(nodes, node('one'))
  await client.create(pods, makePod('web', { nodeName: 'one' }))
  await cluster.quiet()
  await client.delete(nodes, '', 'one')
  await cluster.pass(20_000)
  await client.create(nodes, node('one'))
  await cluster.pass(60_000)
  assert.equal(await podNames(client), ['web'])
  await client.delete(nodes, '', 'one')
  await cluster.pass(39_000)
  assert.equal(await podNames(client), ['web'], 'the time begins anew')
  await cluster.pass(2_000)
  assert.equal(await podNames(client), [])
})

test('a Pod that is bound to a node that never was', async (t) => {
  const cluster = await plane(t, { quarantineSeconds: 5 })
  await cluster.client.create(pods, makePod('web', { nodeName: 'nowhere' }))
  await cluster.pass(4_000)
  assert.equal(await podNames(cluster.client), ['web'])
  await cluster.pass(2_000)
  assert.equal(await podNames(cluster.client), [])
})

test('beyond so many finished Pods the oldest go', async (t) => {
  const cluster = await plane(t, { finishedPods: 3 })
  const { client } = cluster
  for (let index = 0; index < 6; index += 1) {
    const pod = await client.create(pods, makePod(`p${index}`))
    const phase = index % 2 === 0 ? 'Succeeded' : 'Failed'
    if (index !== 1) await client.updateStatus(pods, { ...pod, status: { ...pod.status, phase } })
    await cluster.pass(1_000)
  }
  assert.equal(await podNames(client), ['p1', 'p3', 'p4', 'p5'], 'p1 still runs')
})

test('a Pod that goes and was never bound has nobody to end it', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  await client.create(pods, makePod('web', {}, { finalizers: ['test/hold'] }))
  await client.delete(pods, 'default', 'web')
  await cluster.quiet()
  const pod = await client.get(pods, 'default', 'web')
  assert.is(pod.metadata.deletionGracePeriodSeconds, 0)
  await client.patch(pods, 'default', 'web', 'merge', { metadata: { finalizers: [] } })
  assert.equal(await podNames(client), [])
})
