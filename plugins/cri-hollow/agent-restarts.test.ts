import { events } from '@davit/core/client'
import type { Event } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { type Cluster, cluster, condition, eventually, isReady, statusOf } from './testing.js'

async function eventsOf(plane: Cluster, pod: string, reason: string): Promise<readonly Event[]> {
  const { items } = await plane.client.list(events, { namespace: 'default' })
  return items.filter((event) => event.involvedObject.name === pod && event.reason === reason)
}

test('a container that crashes is restarted at once, then after 10 s, 20 s and so on', async (t) => {
  const plane = await cluster(t)
  await plane.run('crash', {}, { 'run-ms': '1000', 'exit-code': '2' })
  const starts: number[] = []
  for (let count = 0; count < 5; count += 1) {
    await plane.until('crash', `restart ${count}`, (pod) => {
      const status = pod.status?.containerStatuses?.[0]
      return status?.restartCount === count && status.state?.running !== undefined
    })
    starts.push(plane.clock.now())
  }
  const gaps = starts.slice(1).map((at, index) => Math.round((at - (starts[index] ?? 0)) / 1000))
  assert.equal(gaps, [1, 11, 21, 41])
})

test('a container that waits for its restart is in CrashLoopBackOff, with its last end', async (t) => {
  const plane = await cluster(t)
  await plane.run('crash', {}, { 'run-ms': '1000', 'exit-code': '2' })
  const pod = await plane.until(
    'crash',
    'CrashLoopBackOff',
    (found) => found.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
  )
  const status = statusOf(pod)
  assert.match(status.state?.waiting?.message ?? '', /^back-off 10s restarting failed container=main pod=crash_default\(/)
  assert.is(status.lastState?.terminated?.exitCode, 2)
  assert.is(status.restartCount, 1)
  assert.is(pod.status?.phase, 'Running')
  assert.is(condition(pod, 'Ready')?.status, 'False')
  assert.match(condition(pod, 'Ready')?.message ?? '', '[main]')
  const [event] = await eventually(plane, 'an event BackOff', 1_000, async () => {
    const found = await eventsOf(plane, 'crash', 'BackOff')
    return found.length > 0 ? found : undefined
  })
  assert.is(event?.type, 'Warning')
  assert.is(event?.involvedObject.fieldPath, 'spec.containers{main}')
})

test('ten minutes of running forgive the crashes before', async (t) => {
  const plane = await cluster(t)
  await plane.run('crash', {}, { 'run-ms': '700000', 'exit-code': '2' })
  for (let count = 1; count <= 3; count += 1) {
    await plane.until('crash', `restart ${count}`, (pod) => pod.status?.containerStatuses?.[0]?.restartCount === count, 3_600_000)
    assert.is(statusOf(await plane.pod('crash')).state?.waiting, undefined)
  }
})

test('a container that crashed twice and then runs has its count and its last end', async (t) => {
  const plane = await cluster(t)
  await plane.run('twice', {}, { 'run-ms': '500', 'exit-code': '7', 'crash-times': '2' })
  const pod = await plane.until('twice', 'runs for good', (found) => isReady(found) && statusOf(found).restartCount === 2)
  await plane.pass(3_600_000)
  assert.is(statusOf(await plane.pod('twice')).restartCount, 2)
  assert.is(statusOf(pod).lastState?.terminated?.exitCode, 7)
})

test('an image that cannot be pulled: ErrImagePull, then ImagePullBackOff, tried again in growing steps', async (t) => {
  const plane = await cluster(t)
  const containers = [{ name: 'main', image: 'registry.invalid/app:1' }]
  await plane.run('pull', { containers })
  const first = await plane.until(
    'pull',
    'ErrImagePull',
    (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull',
  )
  assert.match(statusOf(first).state?.waiting?.message ?? '', 'no such host')
  const second = await plane.until(
    'pull',
    'ImagePullBackOff',
    (pod) => statusOf(pod).state?.waiting?.reason === 'ImagePullBackOff',
  )
  assert.match(statusOf(second).state?.waiting?.message ?? '', 'Back-off pulling image "registry.invalid/app:1"')
  assert.is(second.status?.phase, 'Pending')
  await plane.pass(100_000)
  const pulling = await eventsOf(plane, 'pull', 'Pulling')
  assert.equal(
    pulling.map((event) => event.count),
    [4],
    'at 0, 10, 30 and 70 seconds',
  )
  assert.ok((await eventsOf(plane, 'pull', 'Failed')).length > 0)
})

test('an image that must not be pulled and is not there is ErrImageNeverPull', async (t) => {
  const plane = await cluster(t)
  await plane.run('never', { containers: [{ name: 'main', image: 'nginx:1', imagePullPolicy: 'Never' }] })
  const pod = await plane.until(
    'never',
    'refused',
    (found) => found.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImageNeverPull',
  )
  assert.match(statusOf(pod).state?.waiting?.message ?? '', 'not present with pull policy of Never')
})

test('an image name that is none is InvalidImageName', async (t) => {
  const plane = await cluster(t)
  await plane.run('name', { containers: [{ name: 'main', image: 'UPPER//x' }] })
  await plane.until('name', 'refused', (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'InvalidImageName')
})

test('a container that cannot be created or started says why, and is tried again', async (t) => {
  const plane = await cluster(t)
  await plane.run('create', {}, { 'create-error': 'no room' })
  await plane.run('start', {}, { 'start-error': 'exec: not found' })
  const create = await plane.until(
    'create',
    'refused',
    (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.message === 'no room',
  )
  assert.is(statusOf(create).state?.waiting?.reason, 'CreateContainerError')
  const start = await plane.until(
    'start',
    'refused',
    (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.message === 'exec: not found',
  )
  assert.is(statusOf(start).state?.waiting?.reason, 'RunContainerError')
  await plane.pass(15_000)
  const failed = await eventsOf(plane, 'start', 'Failed')
  assert.equal(
    failed.map((event) => event.count),
    [2],
  )
})

test('a new image restarts the container with it', async (t) => {
  const plane = await cluster(t)
  await plane.run('web')
  const before = await plane.until('web', 'Ready', isReady)
  const { pods } = await import('@davit/core/client')
  await plane.client.update(pods, {
    ...before,
    spec: { ...before.spec, containers: [{ ...before.spec.containers[0], name: 'main', image: 'nginx:1.28' }] },
  })
  const after = await plane.until('web', 'runs the new image', (pod) => statusOf(pod).restartCount === 1 && isReady(pod))
  assert.is(statusOf(after).image, 'nginx:1.28')
  assert.is.not(statusOf(after).imageID, statusOf(before).imageID)
})

test('a Pod that is past its deadline has failed', async (t) => {
  const plane = await cluster(t)
  await plane.run('late', { activeDeadlineSeconds: 30 })
  await plane.until('late', 'Ready', isReady)
  const pod = await plane.until('late', 'Failed', (found) => found.status?.phase === 'Failed')
  assert.is(pod.status?.reason, 'DeadlineExceeded')
  assert.is(condition(pod, 'Ready')?.status, 'False')
  const ended = await plane.until('late', 'ended', (found) => statusOf(found).state?.terminated !== undefined)
  assert.is(statusOf(ended).state?.terminated?.exitCode, 143)
})

test('a Pod that does not fit on the node is refused', async (t) => {
  const plane = await cluster(t, {
    nodes: [{ name: 'one', runtime: 'cri-hollow', podCidr: '10.244.7.0/24', capacity: { cpu: '2' } }],
  })
  const resources = { requests: { cpu: '1500m' } }
  await plane.run('first', { containers: [{ name: 'main', image: 'a:1', resources }] })
  await plane.until('first', 'Ready', isReady)
  await plane.run('second', { containers: [{ name: 'main', image: 'a:1', resources }] })
  const pod = await plane.until('second', 'Failed', (found) => found.status?.phase === 'Failed')
  assert.is(pod.status?.reason, 'OutOfcpu')
  assert.match(pod.status?.message ?? '', 'requested: 1500, used: 1500, capacity: 2000')
})
