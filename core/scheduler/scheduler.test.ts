import { nodes, pods } from '../client/contract.js'
import { definePlugin } from '../kernel/contract.js'
import { assert, test } from '../testing/contract.js'
import { Bind, Filter, QueueSort } from './contract.js'
import { asking, cluster, conditionOf, fitPlugin } from './testing.js'

const big = { containers: [asking({ cpu: '3' })] }

test('a Pod gets a node, the condition and the event', async (t) => {
  const { addNode, run, rest, pod, events } = await cluster(t)
  await addNode('one')
  await run('web')
  await rest()
  const bound = await pod('web')
  assert.is(bound.spec.nodeName, 'one')
  assert.equal(conditionOf(bound), { status: 'True' })
  assert.equal(await events('web'), ['Scheduled: Successfully assigned default/web to one ×1'])
})

test('a Pod without a node says why, and gets one when one comes', async (t) => {
  const { addNode, run, rest, pod, events, clock } = await cluster(t)
  for (const name of ['a', 'b', 'c']) await addNode(name, { cpu: '1' })
  await run('web', big)
  await rest()
  const message = '0/3 nodes are available: 3 Insufficient cpu.'
  assert.equal(conditionOf(await pod('web')), { status: 'False', reason: 'Unschedulable', message })
  assert.equal(await events('web'), [`FailedScheduling: ${message} ×1`])
  await addNode('d')
  await rest()
  assert.is((await pod('web')).spec.nodeName, undefined, 'it waits out its back-off')
  await clock.advance(1000)
  await rest()
  assert.is((await pod('web')).spec.nodeName, 'd')
})

test('a change of a node that could help makes it try again, a heartbeat does not', async (t) => {
  const { addNode, run, rest, pod, clock, client, events } = await cluster(t)
  const made = await addNode('a', { cpu: '1' })
  await run('web', big)
  await rest()
  await clock.advance(20_000)
  const beat = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }
  const first = await client.updateStatus(nodes, { ...made, status: { ...made.status, conditions: [beat] } })
  await rest()
  assert.match((await events('web'))[0] ?? '', '×2', 'it became ready')
  await clock.advance(20_000)
  const later = { ...beat, lastHeartbeatTime: '2024-01-01T00:01:00Z' }
  const second = await client.updateStatus(nodes, { ...first, status: { ...first.status, conditions: [later] } })
  await rest()
  assert.match((await events('web'))[0] ?? '', '×2', 'a heartbeat')
  await client.updateStatus(nodes, {
    ...second,
    status: { ...second.status, allocatable: { cpu: '8', memory: '8Gi', pods: '10' } },
  })
  await rest()
  assert.is((await pod('web')).spec.nodeName, 'a')
})

test('what says nothing new is not written again', async (t) => {
  const { addNode, run, rest, pod, clock } = await cluster(t)
  await addNode('a', { cpu: '1' })
  await run('web', big)
  await rest()
  const { resourceVersion } = (await pod('web')).metadata
  for (const name of ['b', 'c', 'd']) {
    await addNode(name, { cpu: '1' })
    await clock.advance(20_000)
    await rest()
  }
  const changed = await pod('web')
  assert.equal(conditionOf(changed)?.message, '0/4 nodes are available: 4 Insufficient cpu.')
  const writes = Number(changed.metadata.resourceVersion) - Number(resourceVersion)
  assert.ok(writes > 0)
  await clock.advance(60_000)
  await rest()
  assert.is((await pod('web')).metadata.resourceVersion, changed.metadata.resourceVersion)
  assert.is(conditionOf(changed)?.reason, 'Unschedulable')
  assert.is(
    changed.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.lastTransitionTime,
    '2024-01-01T00:00:00Z',
    'it has been false since the first time',
  )
})

test('room that a Pod leaves is given to one that waits', async (t) => {
  const { addNode, run, rest, pod, client, clock } = await cluster(t)
  await addNode('a')
  await run('first', big)
  await rest()
  await run('second', big)
  await rest()
  assert.is((await pod('second')).spec.nodeName, undefined)
  await clock.advance(5000)
  await client.patch(pods, 'default', 'first', 'merge', { status: { phase: 'Succeeded' } }, { subresource: 'status' })
  await rest()
  assert.is((await pod('second')).spec.nodeName, 'a')
})

test('gates keep a Pod from its cycle until they are gone', async (t) => {
  const { addNode, run, rest, pod, client } = await cluster(t)
  await addNode('a')
  await run('web', { schedulingGates: [{ name: 'example.com/wait' }] })
  await rest()
  assert.is(conditionOf(await pod('web'))?.reason, 'SchedulingGated')
  await client.patch(pods, 'default', 'web', 'merge', { spec: { schedulingGates: null } })
  await rest()
  assert.is((await pod('web')).spec.nodeName, 'a')
})

test("another scheduler's Pods are counted, not placed", async (t) => {
  const { addNode, run, rest, pod, client } = await cluster(t)
  await addNode('a')
  await run('foreign', { ...big, schedulerName: 'other' })
  await rest()
  assert.is((await pod('foreign')).spec.nodeName, undefined)
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'foreign' }, target: { kind: 'Node', name: 'a' } }
  await client.createSubresource(pods, 'default', 'foreign', 'binding', binding)
  await rest()
  await run('ours', big)
  await rest()
  assert.is(conditionOf(await pod('ours'))?.reason, 'Unschedulable')
})

test('what runs already is known before the first Pod is placed', async (t) => {
  const { addNode, run, rest, pod, kernel, client } = await cluster(t)
  await addNode('a')
  await run('first', big)
  await rest()
  await kernel.reload('scheduler-host', { plugin: (await import('./host.js')).schedulerHost })
  await run('second', big)
  await rest()
  assert.is((await pod('second')).spec.nodeName, undefined)
  assert.is((await client.get(pods, 'default', 'first')).spec.nodeName, 'a')
})

test('a policy that comes makes waiting Pods try again; one that goes no longer counts', async (t) => {
  const refuse = (reason: string) =>
    definePlugin({
      id: 'test-refuse',
      api: '^1.0',
      provides: { filters: Filter },
      setup: async () => ({
        provides: { filters: { name: 'refuse', filter: () => (reason === '' ? undefined : { reason }) } },
      }),
    })
  const { addNode, run, rest, pod, kernel, clock } = await cluster(t, [fitPlugin, refuse('no')])
  await addNode('a')
  await run('web')
  await rest()
  assert.is(conditionOf(await pod('web'))?.message, '0/1 nodes are available: 1 no.')
  await kernel.reload('test-refuse', { plugin: refuse('') })
  await clock.advance(1000)
  await rest()
  assert.is((await pod('web')).spec.nodeName, 'a')
})

test('a sort policy that comes orders what waits already', async (t) => {
  const begun: string[] = []
  const release: (() => void)[] = []
  const holding = definePlugin({
    id: 'test-bind',
    api: '^1.0',
    provides: { bind: Bind },
    setup: async () => ({
      provides: {
        bind: {
          name: 'hold',
          async bind(info) {
            begun.push(info.pod.metadata.name ?? '')
            await new Promise<void>((resolve) => release.push(resolve))
            return 'skip'
          },
        },
      },
    }),
  })
  const sorting = (sign: number) =>
    definePlugin({
      id: 'test-sort',
      api: '^1.0',
      provides: { sort: QueueSort },
      setup: async () => ({
        provides: { sort: { name: 'by-name', less: (a, b) => sign * a.info.key.localeCompare(b.info.key) < 0 } },
      }),
    })
  const { addNode, run, rest, kernel } = await cluster(t, [sorting(1), holding], { bindsAtOnce: 1 })
  await addNode('a')
  await run('first')
  await rest()
  for (const name of ['b', 'd', 'a', 'c']) await run(name)
  await rest()
  await kernel.reload('test-sort', { plugin: sorting(-1) })
  for (let count = 0; count < 5; count += 1) {
    release.shift()?.()
    await rest()
  }
  assert.equal(begun, ['first', 'd', 'c', 'b', 'a'])
})
