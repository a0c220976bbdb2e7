import { leases, nodes, pods } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { type RuntimeDriver, RuntimeToken } from '@davit/core/node'
import { nodeAgent } from '@davit/core/node/testkit'
import { assert, type TestContext, test } from '@davit/core/testing'
import { hollowConfig } from './config.js'
import { createHollowDriver, supports } from './hollow.js'
import { cluster, condition, eventually, isReady, node, nodeNamed, statusOf } from './testing.js'

test('a node registers itself, is ready, and keeps its lease', async (t) => {
  const plane = await cluster(t)
  const made = await eventually(plane, 'node one is ready', 5_000, async () => {
    const found = await nodeNamed(plane.client, 'one').catch(() => undefined)
    return found && isReady(found) ? found : undefined
  })
  assert.is(made.metadata.labels?.['kubernetes.io/hostname'], 'one')
  assert.is(made.metadata.labels?.['kubernetes.io/os'], 'linux')
  assert.is(made.spec.podCIDR, '10.244.7.0/24')
  assert.is(made.status?.capacity?.pods, '110')
  assert.equal(made.status?.allocatable, made.status?.capacity)
  assert.is(made.status?.nodeInfo?.containerRuntimeVersion, 'hollow://0.1.0')
  assert.is(condition(made, 'MemoryPressure')?.status, 'False')
  const first = await plane.client.get(leases, 'kube-node-lease', 'one')
  assert.is(first.spec.leaseDurationSeconds, 40)
  await plane.pass(10_000)
  const second = await plane.client.get(leases, 'kube-node-lease', 'one')
  assert.is(Date.parse(second.spec.renewTime ?? '') - Date.parse(first.spec.renewTime ?? ''), 10_000)
})

test('an idle node writes its status only every five minutes', async (t) => {
  const plane = await cluster(t)
  await plane.pass(1_000)
  const versions = new Set<string>()
  for (let minute = 0; minute < 10; minute += 1) {
    versions.add((await nodeNamed(plane.client, 'one')).metadata.resourceVersion ?? '')
    await plane.pass(60_000)
  }
  assert.ok(versions.size <= 3, `${versions.size} states of the node in ten minutes`)
})

/** cri-hollow as "cri-slow": the second time and later it opens only once `open` was called. */
function slowToOpenAgain() {
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  let opened = 0
  const plugin = definePlugin({
    id: 'cri-slow',
    api: '^1.0',
    provides: { runtime: RuntimeToken },
    supports,
    config: { version: 1, schema: hollowConfig },
    async setup({ clock, random, config }) {
      const hollow = createHollowDriver({ clock, random, config })
      const runtime: RuntimeDriver = {
        ...hollow,
        id: 'cri-slow',
        open: async (context) => {
          opened += 1
          if (opened > 1) await gate
          return hollow.open(context)
        },
      }
      return { provides: { runtime } }
    },
  })
  return { plugin, open }
}

/** A node with one Pod whose agent is started anew, and what was written of both until the runtime is open again. */
async function restarted(t: TestContext, config: object) {
  const slow = slowToOpenAgain()
  const same = node('one', { runtime: 'cri-slow', directory: await t.directory() })
  const plane = await cluster(t, { nodes: [same], plugins: [{ plugin: slow.plugin }] })
  await plane.run('web')
  await plane.until('web', 'Ready', isReady)
  await plane.pass(1_000)
  const before = (await nodeNamed(plane.client, 'one')).metadata.resourceVersion
  const nodes = [{ ...same, ...config }]
  await plane.kernel.reload('node-agent', { plugin: nodeAgent, config: { nodes, dataDirectory: await t.directory() } })
  await plane.pass(10_000)
  const during = (await nodeNamed(plane.client, 'one')).metadata.resourceVersion
  slow.open()
  await plane.pass(10_000)
  return { before, during, after: await nodeNamed(plane.client, 'one') }
}

test('a node that was ready stays so while a new agent opens its runtime', async (t) => {
  const { before, during, after } = await restarted(t, {})
  assert.is(during, before, 'nothing was written before the runtime answered')
  assert.ok(isReady(after))
  assert.is(after.metadata.resourceVersion, before)
})

test('so does one whose range of addresses stands only in the API', async (t) => {
  const { before, during, after } = await restarted(t, { podCidr: undefined })
  assert.is(during, before)
  assert.ok(isReady(after))
})

test('a node that was deleted comes back', async (t) => {
  const plane = await cluster(t)
  await plane.pass(100)
  const first = await nodeNamed(plane.client, 'one')
  await plane.client.delete(nodes, '', 'one')
  const again = await eventually(plane, 'the node is there again', 60_000, () =>
    nodeNamed(plane.client, 'one').catch(() => undefined),
  )
  assert.is.not(again.metadata.uid, first.metadata.uid)
})

test('a node without a range of addresses waits for one', async (t) => {
  const plane = await cluster(t, { nodes: [{ name: 'one', runtime: 'cri-hollow' }] })
  await plane.pass(1_000)
  const waiting = await nodeNamed(plane.client, 'one')
  assert.is(condition(waiting, 'Ready')?.status, 'False')
  await plane.client.patch(nodes, '', 'one', 'merge', { spec: { podCIDR: '10.9.8.0/24', podCIDRs: ['10.9.8.0/24'] } })
  await plane.run('web')
  const pod = await plane.until('web', 'Running', (found) => found.status?.phase === 'Running')
  assert.is(pod.status?.podIP, '10.9.8.2')
  assert.ok(isReady(await nodeNamed(plane.client, 'one')))
})

test('a node whose runtime plugin does not run says so', async (t) => {
  const plane = await cluster(t, { nodes: [node('one', { runtime: 'cri-nothing' })] })
  await plane.pass(1_000)
  const ready = condition(await nodeNamed(plane.client, 'one'), 'Ready')
  assert.is(ready?.status, 'False')
  assert.match(ready?.message ?? '', 'no plugin "cri-nothing" provides a container runtime')
})

test('a Pod runs and is ready', async (t) => {
  const plane = await cluster(t)
  await plane.run('web')
  const pod = await plane.until('web', 'Ready', isReady)
  assert.is(pod.status?.phase, 'Running')
  assert.is(pod.status?.podIP, '10.244.7.2')
  assert.equal(pod.status?.podIPs, [{ ip: '10.244.7.2' }])
  assert.ok(pod.status?.hostIP)
  assert.ok(pod.status?.startTime)
  assert.is(pod.status?.qosClass, 'BestEffort')
  const status = statusOf(pod)
  assert.ok(status.state?.running?.startedAt)
  assert.equal([status.ready, status.started, status.restartCount], [true, true, 0])
  assert.match(status.containerID ?? '', /^hollow:\/\/container-one-/)
  assert.match(status.imageID, /^hollow:/)
  for (const type of ['PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'PodScheduled']) {
    assert.is(condition(pod, type)?.status, 'True', type)
  }
})

test('a Pod that starts at once costs one write of its status', async (t) => {
  const plane = await cluster(t)
  const states: string[] = []
  const watch = plane.client.watch(
    pods,
    { namespace: 'default' },
    { event: (_type, pod) => states.push(pod.status?.phase ?? ''), end() {} },
  )
  t.defer(() => watch.close())
  await plane.pass(100)
  await plane.run('web')
  await plane.until('web', 'Ready', isReady)
  await plane.pass(60_000)
  assert.equal(states, ['Pending', 'Running'])
})

test('the start of a container takes its time', async (t) => {
  const plane = await cluster(t)
  await plane.run('slow', {}, { 'start-ms': '5000' })
  const waiting = await plane.until('slow', 'waiting', (pod) => pod.status?.containerStatuses !== undefined)
  assert.is(statusOf(waiting).state?.waiting?.reason, 'ContainerCreating')
  assert.is(waiting.status?.phase, 'Pending')
  const before = plane.clock.now()
  await plane.until('slow', 'Ready', isReady)
  assert.ok(plane.clock.now() - before >= 4_000)
})

test('a Pod that completes is Succeeded, and one that fails is Failed', async (t) => {
  const plane = await cluster(t)
  await plane.run('good', { restartPolicy: 'Never' }, { 'run-ms': '3000', 'exit-code': '0' })
  await plane.run('bad', { restartPolicy: 'OnFailure', containers: [{ name: 'main', image: 'job:1' }] }, { 'run-ms': '1000' })
  await plane.run('ugly', { restartPolicy: 'Never' }, { 'exit-code': '3' })
  const good = await plane.until('good', 'Succeeded', (pod) => pod.status?.phase === 'Succeeded')
  assert.is(statusOf(good).state?.terminated?.reason, 'Completed')
  assert.is(condition(good, 'Ready')?.reason, 'PodCompleted')
  await plane.until('bad', 'Succeeded', (pod) => pod.status?.phase === 'Succeeded')
  const ugly = await plane.until('ugly', 'Failed', (pod) => pod.status?.phase === 'Failed')
  assert.equal([statusOf(ugly).state?.terminated?.exitCode, statusOf(ugly).state?.terminated?.reason], [3, 'Error'])
  assert.is(condition(ugly, 'Ready')?.reason, 'PodFailed')
  assert.is(statusOf(ugly).restartCount, 0)
})
