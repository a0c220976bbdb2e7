import { assert, createTestServices, suite } from '../testing/contract.js'
import type { NetworkDriver, NodeContext, PodNetwork, Runtime, RuntimeDriver } from './contract.js'
import { openRuntime } from './open-runtime.js'

const test = suite('opening a runtime')
const node: NodeContext = {
  nodeName: 'one',
  directory: '/data/nodes/one',
  podCidr: '10.244.0.0/24',
  signal: new AbortController().signal,
}

/** A network and a runtime that write down what is done with them. `fails`: the calls that throw. */
function world(fails: readonly string[] = []) {
  const calls: string[] = []
  const call = async (name: string): Promise<void> => {
    calls.push(name)
    if (fails.includes(name)) throw new Error(`${name} fails`)
  }
  const podNetwork = { close: () => call('close network') } as unknown as PodNetwork
  const network = {
    id: 'net',
    probe: async () => ({ usable: true, version: '1' }),
    open: () => call('open network').then(() => podNetwork),
  } as unknown as NetworkDriver
  const runtime = {
    version: () => call('version').then(() => ({ name: 'test', version: '2' })),
    close: () => call('close runtime'),
  } as unknown as Runtime
  const driver = {
    supports: { hollow: false, podNetwork: true },
    open: (context: NodeContext) => {
      assert.is(context.network, podNetwork)
      return call('open runtime').then(() => runtime)
    },
  } as unknown as RuntimeDriver
  const { log, lines } = createTestServices()
  const open = () => openRuntime({ config: {}, log, networks: () => [network] }, driver, node)
  return { calls, lines, open, runtime }
}

test('the network is opened before the runtime, and closed once the runtime that uses it is', async () => {
  const { calls, open, runtime } = world()
  const opened = await open()
  assert.is(opened.runtime, runtime)
  assert.equal(opened.version, { name: 'test', version: '2' })
  await opened.close()
  assert.equal(calls, ['open network', 'open runtime', 'version', 'close runtime', 'close network'])
})

test('a runtime that cannot be opened leaves no network behind, however often it is tried', async () => {
  const { calls, open } = world(['open runtime'])
  for (let turn = 0; turn < 3; turn += 1) assert.match((await assert.rejects(open())).message, 'open runtime fails')
  const turn = ['open network', 'open runtime', 'close network']
  assert.equal(calls, [...turn, ...turn, ...turn])
})

test('a runtime that does not answer is closed, and the network after it', async () => {
  const { calls, open } = world(['version'])
  assert.match((await assert.rejects(open())).message, 'version fails')
  assert.equal(calls.slice(3), ['close runtime', 'close network'])
})

test('what closes badly is logged, and does not keep the rest from closing', async () => {
  const { calls, lines, open } = world(['close runtime', 'close network'])
  await (await open()).close()
  assert.equal(calls.slice(3), ['close runtime', 'close network'])
  assert.equal(
    lines.map(({ fields }) => fields.error),
    ['Error: close runtime fails', 'Error: close network fails'],
  )
})
