import { nodes, pods } from '@davit/core/client'
import { allowScheduler, schedulerHost } from '@davit/core/scheduler/testkit'
import { assert, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'
import { asking, plainPod } from './testing.js'

async function cluster(t: TestContext, config: object, names: readonly string[]) {
  const plane = await boot({ plugins: [{ plugin, config }, { plugin: schedulerHost }, { plugin: allowScheduler }] })
  t.defer(() => plane.stop())
  const { client, clock, kernel } = plane
  for (const name of names) {
    const made = await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} })
    await client.updateStatus(nodes, { ...made, status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } } })
  }
  const place = async (name: string) => {
    const { metadata, ...wanted } = plainPod({ containers: [asking({ cpu: '1', memory: '2Gi' })] }, name)
    await client.create(pods, { ...wanted, metadata: { name, namespace: metadata.namespace ?? '' } })
    for (let turn = 0; turn < 20; turn += 1) await clock.settle()
    return client.get(pods, 'default', name)
  }
  return { kernel, place }
}

test('fills one node before the next, and says why nothing is left', async (t) => {
  const { place } = await cluster(t, {}, ['a', 'b'])
  const chosen: (string | undefined)[] = []
  for (let index = 0; index < 8; index += 1) chosen.push((await place(`web-${index}`)).spec.nodeName)
  assert.is(new Set(chosen.slice(0, 4)).size, 1)
  assert.is(new Set(chosen.slice(4)).size, 1)
  assert.is.not(chosen[0], chosen[4])
  const condition = (await place('late')).status?.conditions?.find(({ type }) => type === 'PodScheduled')
  assert.is(condition?.message, '0/2 nodes are available: 2 Insufficient cpu.')
})

test('spreads where it is told to, also while it runs', async (t) => {
  const { place, kernel } = await cluster(t, {}, ['a', 'b', 'c'])
  const [first, second] = [(await place('one')).spec.nodeName, (await place('two')).spec.nodeName]
  assert.is(first, second)
  await kernel.reload('scheduler-binpack', { plugin, config: { strategy: 'LeastAllocated' } })
  const [third, fourth] = [(await place('three')).spec.nodeName, (await place('four')).spec.nodeName]
  assert.is(new Set([first, third, fourth]).size, 3)
})

test('a shape that does not rise is refused', async (t) => {
  const falling = [
    { utilization: 50, score: 1 },
    { utilization: 20, score: 2 },
  ]
  await assert.rejects(cluster(t, { shape: falling }, []), /shape: utilization must rise/)
})
