import { NodeConnectionsToken, type NodeStreams, type NodeUsage, type PodRef } from '@davit/core/api'
import type { Pod } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import { assert, test } from '@davit/core/testing'
import { type Cluster, cluster, isReady, statusOf } from './testing.js'

async function connected(t: TestContext): Promise<{ plane: Cluster; streams: NodeStreams }> {
  const plane = await cluster(t)
  await plane.pass(100)
  const streams = plane.kernel.get(NodeConnectionsToken).get('one')
  if (!streams) throw new Error('the agent has not registered its streams')
  return { plane, streams }
}
const ref = (pod: Pod): PodRef => ({ namespace: 'default', name: pod.metadata.name, uid: pod.metadata.uid ?? '' })

async function log(streams: NodeStreams, pod: Pod, more: { previous?: boolean; container?: string } = {}): Promise<string> {
  const options = {
    container: 'main',
    follow: false,
    previous: false,
    timestamps: false,
    signal: new AbortController().signal,
    ...more,
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of streams.logs(ref(pod), options)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function* nothing<T>(): AsyncGenerator<T> {}

test('logs of a container, and why there are none yet', async (t) => {
  const { plane, streams } = await connected(t)
  await plane.run('web', {}, { log: 'hello\nworld', 'start-ms': '1000' })
  const waiting = await plane.until('web', 'waits', (pod) => pod.status?.containerStatuses !== undefined)
  await assert.rejects(log(streams, waiting), 'container "main" in pod "web" is waiting to start: ContainerCreating')
  const ready = await plane.until('web', 'Ready', isReady)
  assert.is(await log(streams, ready), 'hello\nworld\n')
  await assert.rejects(log(streams, ready, { container: 'other' }), 'container other is not valid for pod web')
  await assert.rejects(log(streams, ready, { previous: true }), 'previous terminated container "main" in pod "web" not found')
})

test('logs of the attempt before', async (t) => {
  const { plane, streams } = await connected(t)
  await plane.run('crash', {}, { log: 'oops', 'run-ms': '1000', 'exit-code': '1', 'crash-times': '2' })
  const waits = await plane.until(
    'crash',
    'back-off',
    (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
  )
  await plane.pass(100)
  assert.is(await log(streams, waits, { previous: true }), 'oops\n')
  const runs = await plane.until('crash', 'runs', (pod) => isReady(pod) && statusOf(pod).restartCount === 2)
  assert.is(await log(streams, runs, { previous: true }), 'oops\n')
})

test('exec, attach and dial reach the container', async (t) => {
  const { plane, streams } = await connected(t)
  await plane.run('web', {}, { log: 'up' })
  const pod = await plane.until('web', 'Ready', isReady)
  let out = ''
  const stop = new AbortController()
  const ends = {
    stdin: nothing<Uint8Array>(),
    stdout: async (chunk: Uint8Array) => {
      out += Buffer.from(chunk).toString()
    },
    stderr: async () => {},
    resize: nothing<{ width: number; height: number }>(),
    signal: stop.signal,
  }
  const options = { container: 'main', tty: false, stdin: false, stdout: true, stderr: true }
  assert.equal(await streams.exec(ref(pod), { ...options, command: ['echo', 'a', 'b'] }, ends), { exitCode: 0 })
  assert.is(out, 'a b\n')
  const attached = streams.attach(ref(pod), options, ends)
  await plane.pass(100)
  stop.abort()
  await attached
  assert.is(out, 'a b\nup\n')
  const connection = await streams.dial(ref(pod), 80)
  connection.end('GET / HTTP/1.1\r\n\r\n')
  const chunks: Uint8Array[] = []
  for await (const chunk of connection) chunks.push(chunk as Uint8Array)
  assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1\.1 200 OK/)
})

test('a Pod that is not on the node is not found, one that has ended cannot be entered', async (t) => {
  const { plane, streams } = await connected(t)
  const stranger = { namespace: 'default', name: 'none', uid: 'none' }
  await assert.rejects(streams.dial(stranger, 80), 'pods "none" not found')
  await plane.run('done', { restartPolicy: 'Never' }, { 'exit-code': '0' })
  const pod = await plane.until('done', 'Succeeded', (found) => found.status?.phase === 'Succeeded')
  const ends = {
    stdin: nothing<Uint8Array>(),
    stdout: async () => {},
    stderr: async () => {},
    resize: nothing<{ width: number; height: number }>(),
    signal: new AbortController().signal,
  }
  const options = { container: 'main', command: ['x'], tty: false, stdin: false, stdout: true, stderr: true }
  await assert.rejects(streams.exec(ref(pod), options, ends), 'container main in pod done is not running')
})

test('the streams of a node go with its agent', async (t) => {
  const { plane } = await connected(t)
  const connections = plane.kernel.get(NodeConnectionsToken)
  await plane.stop()
  assert.is(connections.get('one'), undefined)
})

test('what the containers of a node use is what their annotations say', async (t) => {
  const { plane, streams } = await connected(t)
  await plane.run('busy', {}, { 'cpu-millis': '250', 'memory-bytes': '1048576' })
  const pod = await plane.until('busy', 'Running', (found) => found.status?.phase === 'Running')
  await plane.pass(10_000)
  const { node, pods } = ((await streams.usage?.()) ?? {}) as NodeUsage
  assert.is(node, undefined)
  assert.equal(
    pods.map(({ name, uid }) => [name, uid]),
    [['busy', pod.metadata.uid]],
  )
  const [main] = pods[0]?.containers ?? []
  assert.is(main?.memoryBytes, 1_048_576)
  assert.is(main?.cpuNanoseconds, ((main?.at ?? 0) - (main?.startedAt ?? 0)) * 250_000)
})
