import { events, nodes, pods } from '@davit/core/client'
import { assert, test } from '@davit/core/testing'
import { makeNode, plane } from './testing.js'

const forFive = ['not-ready', 'unreachable'].map((name) => ({
  key: `node.kubernetes.io/${name}`,
  operator: 'Exists' as const,
  effect: 'NoExecute' as const,
  tolerationSeconds: 300,
}))

async function reasons(client: Awaited<ReturnType<typeof plane>>['client'], name: string): Promise<string[]> {
  const { items } = await client.list(events)
  return items
    .filter(({ involvedObject }) => involvedObject.name === name)
    .map(({ reason, message }) => `${reason}: ${message}`)
    .sort()
}

test('a lost node: Unknown, tainted, its Pods unready and then evicted; and it comes back', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  await client.create(nodes, makeNode('lost'))
  await client.create(nodes, makeNode('fine'))
  await cluster.run('five-minutes', 'lost', { tolerations: forFive })
  await cluster.run('for-ever', 'lost', { tolerations: [{ operator: 'Exists' }] })
  await cluster.run('elsewhere', 'fine')
  await cluster.live(30_000, 'lost', 'fine')
  assert.is(await cluster.ready('lost'), 'True')
  assert.equal(await cluster.taints('lost'), [])

  await cluster.live(39_000, 'fine')
  assert.is(await cluster.ready('lost'), 'Unknown', 'forty seconds after the last renewal')
  const conditions = (await cluster.node('lost')).status?.conditions ?? []
  assert.equal(
    conditions.map(({ type, status, reason }) => [type, status, reason]),
    [
      ['Ready', 'Unknown', 'NodeStatusUnknown'],
      ...['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => [type, 'Unknown', 'NodeStatusNeverUpdated']),
    ],
  )
  assert.equal(await cluster.taints('lost'), ['unreachable:NoExecute', 'unreachable:NoSchedule'])
  assert.is(await cluster.ready('fine'), 'True')
  const pod = await client.get(pods, 'default', 'for-ever')
  assert.is(pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'False')
  assert.equal(await reasons(client, 'lost'), [
    'NodeNotReady: Node lost status is now: NodeNotReady',
    'RegisteredNode: Node lost event: Registered Node lost in Controller',
  ])

  await cluster.live(290_000, 'fine')
  assert.equal(await cluster.pods(), ['elsewhere', 'five-minutes', 'for-ever'])
  await cluster.live(20_000, 'fine')
  assert.equal(await cluster.pods(), ['elsewhere', 'for-ever'])
  const leaving = await client.get(pods, 'default', 'five-minutes')
  assert.is(leaving.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason, 'DeletionByTaintManager')
  assert.ok(
    (await reasons(client, 'five-minutes')).includes('TaintManagerEviction: Marking for deletion Pod default/five-minutes'),
  )

  await cluster.setReady('lost', 'True')
  assert.equal(await cluster.taints('lost'), [])
  cluster.writes()
  await cluster.live(300_000, 'fine', 'lost')
  assert.equal(cluster.writes(), [], 'renewals make nobody write')
})

test('a node that recovers in time keeps its Pods', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  await client.create(nodes, makeNode('one'))
  await client.create(nodes, makeNode('two'))
  await cluster.run('web', 'one', { tolerations: forFive })
  await cluster.live(50_000, 'two')
  assert.is(await cluster.ready('one'), 'Unknown')
  await cluster.live(100_000, 'two')
  await cluster.setReady('one', 'True')
  assert.ok((await reasons(client, 'web')).includes('TaintManagerEviction: Cancelling deletion of Pod default/web'))
  await cluster.live(400_000, 'one', 'two')
  assert.equal(await cluster.pods(), ['web'])
})

test('a node that says itself that it is not ready', async (t) => {
  const cluster = await plane(t)
  await cluster.client.create(nodes, makeNode('one'))
  await cluster.client.create(nodes, makeNode('two'))
  await cluster.run('web', 'one', { tolerations: [] })
  await cluster.setReady('one', 'False')
  assert.equal(await cluster.taints('one'), ['not-ready:NoExecute', 'not-ready:NoSchedule'])
  await cluster.setReady('one', 'True')
  assert.equal(await cluster.taints('one'), [])
})

test('without a lease a node lives by its heartbeats', async (t) => {
  const cluster = await plane(t)
  await cluster.client.create(nodes, makeNode('one'))
  for (let time = 0; time < 3; time += 1) {
    await cluster.pass(39_000)
    await cluster.setReady('one', 'True')
  }
  assert.is(await cluster.ready('one'), 'True')
  await cluster.pass(41_000)
  assert.is(await cluster.ready('one'), 'Unknown')
})

test('a new node has a minute to tell its state, and gets no taint that does not fit it', async (t) => {
  const cluster = await plane(t)
  await cluster.client.create(nodes, makeNode('told'))
  await cluster.client.create(nodes, makeNode('silent', null))
  await cluster.quiet()
  const patches = cluster.writes().filter(({ item }) => item.name === 'told').length
  assert.is(patches, 1, 'its range and nothing else')
  assert.equal(await cluster.taints('silent'), ['not-ready:NoSchedule'])
  await cluster.live(55_000, 'told')
  assert.is(await cluster.ready('silent'), undefined)
  await cluster.live(10_000, 'told')
  assert.is(await cluster.ready('silent'), 'Unknown')
})

test('a cordoned node and one under pressure are tainted, and other taints stay', async (t) => {
  const cluster = await plane(t)
  const taints = [{ key: 'mine/own', effect: 'NoSchedule' as const }]
  await cluster.client.create(nodes, makeNode('one', 'True', { spec: { taints, unschedulable: true } }))
  await cluster.quiet()
  assert.equal(await cluster.taints('one'), ['own:NoSchedule', 'unschedulable:NoSchedule'])
  const node = await cluster.node('one')
  const pressed = [...(node.status?.conditions ?? []), { type: 'DiskPressure', status: 'True' }]
  await cluster.client.updateStatus(nodes, { ...node, status: { ...node.status, conditions: pressed } })
  await cluster.client.patch(nodes, '', 'one', 'merge', { spec: { unschedulable: null } })
  await cluster.quiet()
  assert.equal(await cluster.taints('one'), ['disk-pressure:NoSchedule', 'own:NoSchedule'])
})

test('lost nodes begin to be evicted one after the other', async (t) => {
  const cluster = await plane(t, { nodeEvictionRate: 0.1 })
  const lost = ['a', 'b', 'c']
  for (const name of [...lost, 'fine']) await cluster.client.create(nodes, makeNode(name))
  await cluster.live(41_000, 'fine')
  const evicting = async () => {
    const all = await Promise.all(lost.map(cluster.taints))
    return all.filter((taints) => taints.includes('unreachable:NoExecute')).length
  }
  assert.equal(
    (await Promise.all(lost.map(cluster.taints))).map((taints) => taints.includes('unreachable:NoSchedule')),
    [true, true, true],
  )
  assert.is(await evicting(), 1)
  await cluster.live(10_000, 'fine')
  assert.is(await evicting(), 2)
  await cluster.live(10_000, 'fine')
  assert.is(await evicting(), 3)
})

test('when no node is ready nobody is evicted', async (t) => {
  const cluster = await plane(t, { nodeEvictionRate: 100 })
  for (const name of ['a', 'b']) await cluster.client.create(nodes, makeNode(name))
  await cluster.run('web', 'a')
  await cluster.live(60_000, 'b')
  assert.equal(await cluster.taints('a'), ['unreachable:NoExecute', 'unreachable:NoSchedule'])
  await cluster.pass(60_000)
  assert.equal(await cluster.taints('a'), ['unreachable:NoSchedule'])
  assert.equal(await cluster.taints('b'), ['unreachable:NoSchedule'])
  await cluster.setReady('b', 'True')
  assert.equal(await cluster.taints('a'), ['unreachable:NoExecute', 'unreachable:NoSchedule'])
  assert.equal(await cluster.taints('b'), [])
})
