import { pods } from '@davit/core/client'
import type { Pod } from '@davit/core/kinds'
import { RuntimeToken } from '@davit/core/node'
import type { TestContext } from '@davit/core/testing'
import { assert, test } from '@davit/core/testing'
import { type Cluster, cluster, isReady, node, statusOf } from './testing.js'

async function runtimeOf(plane: Cluster, directory: string) {
  const [driver] = plane.kernel.bag(RuntimeToken).all()
  if (!driver) throw new Error('no runtime')
  return driver.open({ nodeName: 'one', directory, podCidr: '10.244.7.0/24', signal: new AbortController().signal })
}

function watched(plane: Cluster, t: TestContext): Pod[] {
  const states: Pod[] = []
  const watch = plane.client.watch(pods, { namespace: 'default' }, { event: (_type, pod) => states.push(pod), end() {} })
  t.defer(() => watch.close())
  return states
}

test('a Pod that is deleted ends within its grace, and nothing of it is left', async (t) => {
  const plane = await cluster(t)
  await plane.run('web', { terminationGracePeriodSeconds: 20 }, { 'stop-ms': '3000' })
  await plane.until('web', 'Ready', isReady)
  const states = watched(plane, t)
  const began = plane.clock.now()
  await plane.client.delete(pods, 'default', 'web')
  await plane.gone('web')
  const took = plane.clock.now() - began
  assert.ok(took >= 3_000 && took < 5_000, `it took ${took} ms`)
  const last = states.at(-1) as Pod
  assert.is(statusOf(last).state?.terminated?.exitCode, 143)
  assert.is(last.status?.phase, 'Failed')
  const runtime = await runtimeOf(plane, await t.directory())
  assert.equal(await runtime.listSandboxes(), [])
  assert.equal(await runtime.listContainers(), [])
})

test('a container that does not heed SIGTERM is killed when the grace is over', async (t) => {
  const plane = await cluster(t)
  await plane.run('web', { terminationGracePeriodSeconds: 10 }, { 'stop-ms': 'ignore' })
  await plane.until('web', 'Ready', isReady)
  const states = watched(plane, t)
  const began = plane.clock.now()
  await plane.client.delete(pods, 'default', 'web')
  await plane.gone('web')
  const took = plane.clock.now() - began
  assert.ok(took >= 10_000 && took < 12_000, `it took ${took} ms`)
  assert.is(statusOf(states.at(-1) as Pod).state?.terminated?.exitCode, 137)
})

test('a shorter grace that comes later counts', async (t) => {
  const plane = await cluster(t)
  await plane.run('web', { terminationGracePeriodSeconds: 300 }, { 'stop-ms': 'ignore' })
  await plane.until('web', 'Ready', isReady)
  const began = plane.clock.now()
  await plane.client.delete(pods, 'default', 'web')
  await plane.pass(5_000)
  await plane.client.delete(pods, 'default', 'web', { gracePeriodSeconds: 2 })
  await plane.gone('web')
  assert.ok(plane.clock.now() - began < 20_000)
})

test('a Pod that is removed by force is ended all the same', async (t) => {
  const plane = await cluster(t)
  await plane.run('web', {}, { 'stop-ms': 'ignore' })
  await plane.until('web', 'Ready', isReady)
  await plane.client.delete(pods, 'default', 'web', { gracePeriodSeconds: 0 })
  const runtime = await runtimeOf(plane, await t.directory())
  await plane.pass(60_000)
  assert.equal(await runtime.listSandboxes(), [])
})

test('the preStop hook runs first, inside the grace', async (t) => {
  const plane = await cluster(t)
  const lifecycle = { preStop: { sleep: { seconds: 4 } } }
  await plane.run('web', { containers: [{ name: 'main', image: 'a:1', lifecycle }], terminationGracePeriodSeconds: 30 })
  await plane.until('web', 'Ready', isReady)
  const began = plane.clock.now()
  await plane.client.delete(pods, 'default', 'web')
  await plane.gone('web')
  const took = plane.clock.now() - began
  assert.ok(took >= 4_000 && took < 6_000, `it took ${took} ms`)
})

test('sidecars end after the app, the last started first', async (t) => {
  const plane = await cluster(t)
  const sidecar = (name: string) => ({ name, image: 'a:1', restartPolicy: 'Always' })
  await plane.run('web', { initContainers: [sidecar('outer'), sidecar('inner')] }, { 'stop-ms': '1000' })
  await plane.until('web', 'Ready', isReady)
  const states = watched(plane, t)
  await plane.client.delete(pods, 'default', 'web')
  await plane.gone('web')
  const last = states.at(-1) as Pod
  const end = (name: string): number => Date.parse(statusOf(last, name).state?.terminated?.finishedAt ?? '')
  assert.ok(end('main') < end('inner') && end('inner') < end('outer'))
})

test('a Pod that is deleted while its image is pulled does not wait for it', async (t) => {
  const plane = await cluster(t, { hollow: { pullMs: 3_600_000 } })
  await plane.run('web')
  await plane.pass(1_000)
  const began = plane.clock.now()
  await plane.client.delete(pods, 'default', 'web')
  await plane.gone('web')
  assert.ok(plane.clock.now() - began < 5_000)
})

test('a Pod of the same name that comes at once is another Pod', async (t) => {
  const plane = await cluster(t)
  await plane.run('web', {}, { 'stop-ms': '2000' })
  const first = await plane.until('web', 'Ready', isReady)
  await plane.client.delete(pods, 'default', 'web', { gracePeriodSeconds: 0 })
  await plane.run('web')
  const second = await plane.until('web', 'Ready', isReady)
  assert.is.not(second.metadata.uid, first.metadata.uid)
  assert.is.not(second.status?.podIP, undefined)
})

test('after a restart of the agent the containers run on, and none is started twice', async (t) => {
  const plane = await cluster(t)
  await plane.run('web', {}, { 'run-ms': '500', 'exit-code': '1', 'crash-times': '1' })
  const before = await plane.until('web', 'Ready', (pod) => isReady(pod) && statusOf(pod).restartCount === 1)
  await plane.kernel.reload('node-agent', {
    plugin: (await import('@davit/core/node/testkit')).nodeAgent,
    config: { nodes: [node('one')], dataDirectory: await t.directory() },
  })
  await plane.pass(120_000)
  const after = await plane.pod('web')
  assert.is(statusOf(after).containerID, statusOf(before).containerID)
  assert.equal(statusOf(after), statusOf(before))
  assert.is(after.metadata.resourceVersion, before.metadata.resourceVersion, 'nothing was written')
  const runtime = await runtimeOf(plane, await t.directory())
  assert.is((await runtime.listSandboxes()).length, 1)
})

test('a Pod that was deleted while the agent was away is ended', async (t) => {
  const plane = await cluster(t)
  await plane.run('web')
  await plane.run('stays')
  await plane.until('web', 'Ready', isReady)
  await plane.until('stays', 'Ready', isReady)
  const { nodeAgent } = await import('@davit/core/node/testkit')
  const config = { dataDirectory: await t.directory() }
  await plane.kernel.reload('node-agent', { plugin: nodeAgent, config: { ...config, nodes: [] } })
  await plane.client.delete(pods, 'default', 'web', { gracePeriodSeconds: 0 })
  await plane.kernel.reload('node-agent', { plugin: nodeAgent, config: { ...config, nodes: [node('one')] } })
  await plane.pass(60_000)
  const runtime = await runtimeOf(plane, await t.directory())
  assert.equal(
    (await runtime.listSandboxes()).map((sandbox) => sandbox.pod.name),
    ['stays'],
  )
  assert.ok(isReady(await plane.pod('stays')))
})

test('containers that were lost with the runtime are started anew, and counted', async (t) => {
  const plane = await cluster(t)
  await plane.run('web')
  await plane.run('job', { restartPolicy: 'Never' })
  await plane.until('web', 'Ready', isReady)
  await plane.until('job', 'Ready', isReady)
  // The agent has heard of its own writes.
  await plane.pass(1_000)
  const cri = (await import('./index.js')).default
  await plane.kernel.reload('cri-hollow', { plugin: cri })
  const web = await plane.until('web', 'restarted', (pod) => isReady(pod) && statusOf(pod).restartCount === 1)
  assert.is(statusOf(web).lastState?.terminated?.reason, 'ContainerStatusUnknown')
  const job = await plane.until('job', 'Failed', (pod) => pod.status?.phase === 'Failed')
  assert.is(statusOf(job).state?.terminated?.exitCode, 137)
})
