// @serial machine
import type { RuntimeEvent } from '@davit/core/node'
import { assert, suite, type TestContext } from '@davit/core/testing'
import { Server, ServerCredentials, type ServerWritableStream, type ServiceDefinition, status } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import { type Client, connectClient } from './client.js'
import { createEvents, type EventSource } from './events.js'
import { containerdEvents } from './events-containerd.js'
import { translate } from './events-cri.js'
import { differences, polledEvents } from './events-polled.js'
import { descriptor } from './messages.js'
import { startContainerd } from './private-containerd.js'
import { configOf, machineClock, testContainer, testSandbox, withMachine } from './testing.js'

const pure = suite('events')
const labels = (node: string) => ({ 'davit.dev/node': node, 'io.kubernetes.pod.uid': 'u' })

pure('lists that differ are events, lists that do not are none', () => {
  const look = (state: string, kind: 'sandbox' | 'container' = 'container') => ({ podUid: 'u', kind, state })
  const before = new Map([
    ['s', look('SANDBOX_READY', 'sandbox')],
    ['a', look('CONTAINER_CREATED')],
    ['b', look('CONTAINER_RUNNING')],
    ['c', look('CONTAINER_EXITED')],
  ])
  assert.equal(differences(before, before), [])
  const now = new Map([
    ['s', look('SANDBOX_NOTREADY', 'sandbox')],
    ['a', look('CONTAINER_RUNNING')],
    ['b', look('CONTAINER_EXITED')],
    ['d', look('CONTAINER_EXITED')],
    ['e', look('CONTAINER_CREATED')],
  ])
  assert.equal(
    differences(before, now).map(({ type }) => type),
    ['sandboxChanged', 'containerStarted', 'containerExited', 'containerExited', 'containerRemoved'],
  )
})

pure("the interface's own events are of this node, and of sandboxes and containers", () => {
  const message = (
    containerId: string,
    containerEventType: Parameters<typeof translate>[0]['containerEventType'],
    node = 'n',
  ) => {
    const podSandboxStatus = { id: 's', labels: labels(node) } as unknown as Parameters<typeof translate>[0]['podSandboxStatus']
    return translate({ containerId, containerEventType, podSandboxStatus }, 'n')
  }
  assert.equal(message('c', 'CONTAINER_STARTED_EVENT'), { podUid: 'u', type: 'containerStarted' })
  assert.equal(message('c', 'CONTAINER_STOPPED_EVENT'), { podUid: 'u', type: 'containerExited' })
  assert.equal(message('c', 'CONTAINER_DELETED_EVENT'), { podUid: 'u', type: 'containerRemoved' })
  assert.is(message('c', 'CONTAINER_CREATED_EVENT'), undefined)
  assert.equal(message('s', 'CONTAINER_STOPPED_EVENT'), { podUid: 'u', type: 'sandboxChanged' })
  assert.equal(message('s', 'CONTAINER_DELETED_EVENT'), { podUid: 'u', type: 'sandboxChanged' })
  assert.is(message('s', 'CONTAINER_STARTED_EVENT'), undefined, 'who started it knows')
  assert.is(message('c', 'CONTAINER_STARTED_EVENT', 'other'), undefined)
})

/** A peer that speaks the newer interface, which no runtime of the test machines does. */
async function newerRuntime(
  t: TestContext,
): Promise<{ readonly client: Client; readonly streams: ServerWritableStream<object, object>[] }> {
  const definitions = fromJSON(descriptor(), { enums: String })
  const socket = `${await t.directory()}/cri.sock`
  const streams: ServerWritableStream<object, object>[] = []
  const server = new Server()
  server.addService(definitions['runtime.v1.RuntimeService'] as ServiceDefinition, {
    Version: (_call: unknown, done: (error: null, answer: object) => void) => done(null, { runtimeName: 'newer' }),
    ListPodSandbox: (_call: unknown, done: (error: null, answer: object) => void) => {
      done(null, { items: [{ id: 's', labels: labels('n') }] })
    },
    GetContainerEvents: (call: ServerWritableStream<object, object>) => void streams.push(call),
  })
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix://${socket}`, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()))
  })
  const client = await connectClient(socket)
  t.defer(() => server.forceShutdown())
  t.defer(() => client.close())
  return { client, streams }
}

pure('the newer stream is used where there is one, and opened again after it broke off', async (t) => {
  const { client, streams } = await newerRuntime(t)
  const events = createEvents({ client, nodeName: 'n', clock: machineClock })
  t.defer(() => events.close())
  const heard: RuntimeEvent[] = []
  let wake: () => void = () => {}
  const until = async (count: number): Promise<void> => {
    while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve))
  }
  const unsubscribe = events.subscribe((event) => {
    heard.push(event)
    wake()
  })
  await until(1)
  assert.equal(heard, [{ podUid: 'u', type: 'sandboxChanged' }], 'what may have been missed')
  const podSandboxStatus = { id: 's', labels: labels('n') }
  streams[0]?.write({ containerId: 'c', containerEventType: 'CONTAINER_STOPPED_EVENT', podSandboxStatus })
  await until(2)
  assert.equal(heard[1], { podUid: 'u', type: 'containerExited' })
  streams[0]?.emit('error', { code: status.UNAVAILABLE, details: 'going away' })
  await until(3)
  assert.equal(heard[2], { podUid: 'u', type: 'sandboxChanged' })
  assert.is(streams.length, 2)
  unsubscribe()
  while (!streams[1]?.cancelled) await new Promise((resolve) => setImmediate(resolve))
})

const containerd = await startContainerd()
const config = configOf(containerd)
const real = suite('events of a real runtime')
real.after(() => containerd?.stop())

const sources: readonly (readonly [string, EventSource])[] = [
  ["containerd's own stream", containerdEvents],
  ['looks at the lists', polledEvents],
]
for (const [name, source] of sources) {
  real(
    `${name}: starts, ends and removals are told when the interface tells the same`,
    (t) =>
      withMachine(t, config, async ({ open, context, start }) => {
        const runtime = await open()
        const client = await connectClient(config.socket)
        t.defer(() => client.close())
        const events = createEvents({ client, nodeName: context.nodeName, clock: machineClock }, [source])
        t.defer(() => events.close())
        const sandbox = await runtime.runSandbox(testSandbox())
        const heard: RuntimeEvent[] = []
        let wake: () => void = () => {}
        const until = async (type: RuntimeEvent['type']): Promise<void> => {
          while (!heard.some((event) => event.type === type)) await new Promise<void>((resolve) => (wake = resolve))
        }
        const states: (string | undefined)[] = []
        let id = ''
        events.subscribe((event) => {
          heard.push(event)
          if (event.type === 'containerExited') void runtime.container(id).then((found) => states.push(found?.state))
          wake()
        })
        await until('sandboxChanged')
        id = await start(runtime, sandbox, testContainer('sleep 1000'))
        await until('containerStarted')
        await runtime.execSync(id, ['true'], 5_000)
        assert.not(
          heard.some(({ type }) => type === 'containerExited'),
          'the end of an exec is none of the container',
        )
        await runtime.stopContainer(id, 0)
        await until('containerExited')
        await runtime.removeContainer(id)
        await until('containerRemoved')
        assert.ok(heard.every(({ podUid }) => podUid === sandbox.pod.uid))
        assert.not(states.includes('running'))
      }),
    { requires: ['containerd', 'root'], timeoutMs: 60_000 },
  )
}
