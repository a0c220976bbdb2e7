import type { Container } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { cluster, condition, isReady, statusOf } from './testing.js'

const container = (name: string, more: Partial<Container> = {}): Container => ({ name, image: `${name}:1`, ...more })
const sidecar = (name: string, more: Partial<Container> = {}): Container => container(name, { restartPolicy: 'Always', ...more })

test('init containers run one after the other, then the others', async (t) => {
  const plane = await cluster(t)
  const initContainers = [container('first'), container('second')]
  await plane.run('app', { initContainers }, { 'first.run-ms': '2000', 'second.run-ms': '2000' })
  const one = await plane.until(
    'app',
    'first runs',
    (pod) => pod.status?.initContainerStatuses?.[0]?.state?.running !== undefined,
  )
  assert.is(condition(one, 'Initialized')?.message, 'containers with incomplete status: [first second]')
  assert.is(statusOf(one, 'second').state?.waiting?.reason, 'PodInitializing')
  assert.is(statusOf(one).state?.waiting?.reason, 'PodInitializing')
  assert.is(one.status?.phase, 'Pending')
  const two = await plane.until('app', 'second runs', (pod) => statusOf(pod, 'second').state?.running !== undefined)
  assert.is(condition(two, 'Initialized')?.message, 'containers with incomplete status: [second]')
  assert.is(statusOf(two, 'first').state?.terminated?.reason, 'Completed')
  assert.is(statusOf(two, 'first').ready, true)
  const ready = await plane.until('app', 'Ready', isReady)
  assert.is(condition(ready, 'Initialized')?.status, 'True')
})

test('an init container that fails is tried again with back-off', async (t) => {
  const plane = await cluster(t)
  const annotations = { 'setup.run-ms': '100', 'setup.exit-code': '1', 'setup.crash-times': '2' }
  await plane.run('app', { initContainers: [container('setup')] }, annotations)
  const waiting = await plane.until(
    'app',
    'back-off',
    (pod) => pod.status?.initContainerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
  )
  assert.is(statusOf(waiting).state?.waiting?.reason, 'PodInitializing')
  assert.is(waiting.status?.phase, 'Pending')
})

test('with restartPolicy Never a failing init container is the end', async (t) => {
  const plane = await cluster(t)
  await plane.run('app', { restartPolicy: 'Never', initContainers: [container('setup')] }, { 'setup.exit-code': '1' })
  const pod = await plane.until('app', 'Failed', (found) => found.status?.phase === 'Failed')
  assert.is(statusOf(pod, 'setup').state?.terminated?.exitCode, 1)
  assert.is(statusOf(pod).state?.waiting?.reason, 'PodInitializing')
})

test('a sidecar starts before the app, stays beside it, and does not keep the Pod from completing', async (t) => {
  const plane = await cluster(t)
  const initContainers = [sidecar('proxy'), container('setup')]
  await plane.run(
    'job',
    { restartPolicy: 'Never', initContainers },
    { 'setup.run-ms': '1000', 'main.run-ms': '3000', 'main.exit-code': '0' },
  )
  const during = await plane.until('job', 'main runs', (pod) => pod.status?.containerStatuses?.[0]?.state?.running !== undefined)
  assert.ok(statusOf(during, 'proxy').state?.running)
  assert.is(statusOf(during, 'proxy').started, true)
  const over = await plane.until('job', 'Succeeded', (pod) => pod.status?.phase === 'Succeeded')
  assert.is(condition(over, 'Ready')?.reason, 'PodCompleted')
  await plane.until('job', 'the sidecar has ended', (pod) => statusOf(pod, 'proxy').state?.terminated !== undefined)
})

test('a sidecar with a startup probe holds back the next container', async (t) => {
  const plane = await cluster(t)
  const startupProbe = { exec: { command: ['true'] }, periodSeconds: 1, failureThreshold: 100 }
  await plane.run('app', { initContainers: [sidecar('proxy', { startupProbe })] }, { 'proxy.healthy-after-ms': '5000' })
  const waiting = await plane.until(
    'app',
    'proxy runs',
    (pod) => pod.status?.initContainerStatuses?.[0]?.state?.running !== undefined,
  )
  assert.is(statusOf(waiting, 'proxy').started, false)
  assert.is(statusOf(waiting).state?.waiting?.reason, 'PodInitializing')
  const before = plane.clock.now()
  await plane.until('app', 'Ready', isReady)
  assert.ok(plane.clock.now() - before >= 4_000)
})

test('a sidecar that crashes is restarted, also with restartPolicy Never', async (t) => {
  const plane = await cluster(t)
  const annotations = { 'proxy.run-ms': '1000', 'proxy.exit-code': '1', 'proxy.crash-times': '1' }
  await plane.run('app', { restartPolicy: 'Never', initContainers: [sidecar('proxy')] }, annotations)
  const pod = await plane.until(
    'app',
    'proxy restarted',
    (found) => isReady(found) && statusOf(found, 'proxy').restartCount === 1,
  )
  assert.is(statusOf(pod).restartCount, 0)
})

test('readiness decides what is ready, both ways', async (t) => {
  const plane = await cluster(t)
  const readinessProbe = { httpGet: { path: '/', port: 80 }, periodSeconds: 2, failureThreshold: 2 }
  const annotations = { 'healthy-after-ms': '5000', 'unhealthy-after-ms': '20000' }
  await plane.run('web', { containers: [container('main', { readinessProbe })] }, annotations)
  const running = await plane.until('web', 'runs', (pod) => pod.status?.phase === 'Running')
  assert.equal([statusOf(running).ready, statusOf(running).started], [false, true])
  assert.is(condition(running, 'Ready')?.reason, 'ContainersNotReady')
  const began = plane.clock.now()
  await plane.until('web', 'Ready', isReady)
  assert.ok(plane.clock.now() - began >= 4_000)
  await plane.until('web', 'not ready', (pod) => !isReady(pod))
  assert.ok(plane.clock.now() - began >= 20_000)
  assert.is(statusOf(await plane.pod('web')).restartCount, 0, 'readiness restarts nothing')
})

test('a readiness gate needs its condition', async (t) => {
  const plane = await cluster(t)
  const { pods } = await import('@davit/core/client')
  await plane.run('gated', { readinessGates: [{ conditionType: 'example.com/ok' }] })
  const waiting = await plane.until('gated', 'containers ready', (pod) => condition(pod, 'ContainersReady')?.status === 'True')
  assert.is(condition(waiting, 'Ready')?.reason, 'ReadinessGatesNotReady')
  const conditions = [...(waiting.status?.conditions ?? []), { type: 'example.com/ok', status: 'True' }]
  await plane.client.updateStatus(pods, { ...waiting, status: { ...waiting.status, conditions } })
  const ready = await plane.until('gated', 'Ready', isReady)
  assert.is(condition(ready, 'example.com/ok')?.status, 'True')
})

test('a failing liveness probe restarts the container', async (t) => {
  const plane = await cluster(t)
  const livenessProbe = { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 3 }
  await plane.run('web', { containers: [container('main', { livenessProbe })] }, { 'unhealthy-after-ms': '10000' })
  await plane.until('web', 'Ready', isReady)
  const pod = await plane.until('web', 'restarted', (found) => statusOf(found).restartCount === 1 && isReady(found))
  assert.is(statusOf(pod).lastState?.terminated?.exitCode, 143)
})

test('a startup probe gives a slow container its time before liveness counts', async (t) => {
  const plane = await cluster(t)
  const startupProbe = { exec: { command: ['check'] }, periodSeconds: 5, failureThreshold: 12 }
  const livenessProbe = { exec: { command: ['check'] }, periodSeconds: 1, failureThreshold: 1 }
  await plane.run('slow', { containers: [container('main', { startupProbe, livenessProbe })] }, { 'healthy-after-ms': '30000' })
  const pod = await plane.until('slow', 'Ready', isReady)
  assert.is(statusOf(pod).restartCount, 0)
  assert.is(statusOf(pod).started, true)
})

test('a startup probe that never succeeds restarts the container', async (t) => {
  const plane = await cluster(t)
  const startupProbe = { exec: { command: ['check'] }, periodSeconds: 2, failureThreshold: 3 }
  await plane.run('dead', { containers: [container('main', { startupProbe })] }, { 'healthy-after-ms': '999999999' })
  await plane.until('dead', 'restarted', (pod) => pod.status?.containerStatuses?.[0]?.restartCount === 1)
})

test('a container counts as running once its postStart hook is done; one that fails ends it', async (t) => {
  const plane = await cluster(t)
  const hook = (seconds: number) => ({ postStart: { sleep: { seconds } } })
  await plane.run('hooked', { containers: [container('main', { lifecycle: hook(5) })] })
  const waiting = await plane.until('hooked', 'waits', (pod) => pod.status?.containerStatuses?.[0]?.containerID !== undefined)
  assert.is(statusOf(waiting).state?.waiting?.reason, 'ContainerCreating')
  await plane.until('hooked', 'Ready', isReady)
  const lifecycle = { postStart: { exec: { command: ['false'] } } }
  await plane.run('broken', { containers: [container('main', { lifecycle })] }, { 'healthy-after-ms': '999999999' })
  await plane.until('broken', 'restarted', (pod) => (pod.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 1)
})
