// @serial machine
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Runtime, Sandbox } from '@davit/core/node'
import { assert, suite, type TestContext } from '@davit/core/testing'
import { parseRange } from './addresses.js'
import { connectEngine, type Engine } from './engine.js'
import { label } from './labels.js'
import { canLink, connectPod, isLink, linkOf } from './links.js'
import { createSandboxes } from './sandboxes.js'
import { type Machine, testConfig, testSandbox, withMachine } from './testing.js'

const command = promisify(execFile)
const test = suite('links')
const docker = { requires: ['docker', 'root'], timeoutMs: 60_000 } as const
const range = parseRange('10.198.0.0/16') as NonNullable<ReturnType<typeof parseRange>>

async function connected(t: TestContext): Promise<Engine> {
  const engine = await connectEngine(testConfig.socketPath)
  t.defer(() => engine.close())
  return engine
}

async function networkOf({ docker: daemon }: Engine) {
  const [found] = await daemon.listNetworks({ filters: { label: [`${label.network}=10.198.0.0/16`] } })
  return daemon.getNetwork(found?.Id ?? '')
}

/** Whether the first reaches the second within ten seconds. */
async function reaches(machine: Machine, runtime: Runtime, from: Sandbox, to: Sandbox, name: string): Promise<void> {
  const script = `for i in $(seq 100); do ping -c 1 -W 1 ${to.ips[0]} > /dev/null && exec echo reached; sleep 0.1; done`
  assert.is(await machine.output(runtime, from, script, { name }), 'reached\n')
}

test('the name of a link fits into the kernel’s 15 characters and tells the address', () => {
  assert.is(linkOf('10.198.1.2'), 'davit-d0ac60102')
  assert.is(linkOf('255.255.255.255').length, 15)
})

test('a bridge that is not there cannot be linked to, and a process that is no sandbox is left alone', async () => {
  assert.is(await canLink('davit-missing'), false)
  const error = await assert.rejects(
    connectPod({ id: 'other', pid: process.pid }, '10.198.1.2', { name: 'davit-missing', range }),
  )
  assert.match(error.message, /not that of the sandbox other/)
})

test(
  'Pods are linked to the bridge by their addresses, come back when the network is removed, and leave no link behind',
  (t) =>
    withMachine(t, async (machine) => {
      const engine = await connected(t)
      const runtime = await machine.node(1)
      const unsubscribe = runtime.subscribe(() => {})
      t.defer(() => unsubscribe?.())
      const [one, two] = await Promise.all([runtime.runSandbox(testSandbox()), runtime.runSandbox(testSandbox())])
      const info = await engine.docker.getContainer(one.id).inspect()
      assert.equal(info.NetworkSettings.Networks, {}, 'Docker has no part in it')
      assert.ok(await isLink(linkOf(one.ips[0] ?? '')))
      await reaches(machine, runtime, one, two, 'before')
      await reaches(machine, runtime, one, one, 'itself')
      const routes = await machine.output(runtime, one, 'ip route; ip -o link show up | wc -l', { name: 'routes' })
      assert.match(routes, 'default via 10.198.0.1 dev eth0')
      assert.match(routes, '10.198.0.0/16 dev eth0')
      assert.match(routes, /\n2\n$/, 'loopback and eth0 are up')

      await (await networkOf(engine)).remove()
      await reaches(machine, runtime, one, two, 'while-it-watches')

      await runtime.close()
      await (await networkOf(engine)).remove()
      const again = await machine.node(1)
      t.defer(again.subscribe(() => {}) ?? (() => {}))
      await reaches(machine, again, one, two, 'after-a-restart')

      // As after a death in the middle of making it, and one where another cluster took the address meanwhile.
      await again.close()
      await command('ip', ['link', 'delete', linkOf(one.ips[0] ?? '')])
      await command('ip', ['link', 'set', linkOf(two.ips[0] ?? ''), 'down'])
      const last = await machine.node(1)
      t.defer(last.subscribe(() => {}) ?? (() => {}))
      await reaches(machine, last, two, one, 'after-a-death')

      for (const { id } of [one, two]) await last.removeSandbox(id)
      for (const { ips } of [one, two])
        while (await isLink(linkOf(ips[0] ?? ''))) await new Promise((next) => setTimeout(next, 10))
    }),
  docker,
)

test(
  'an address that another cluster has by a link is passed over, and one that cannot be linked again makes room',
  (t) =>
    withMachine(t, async (machine) => {
      const [runtime, blind] = [await machine.node(1), await machine.node(1)]
      // What there is, a runtime learns when it first needs the network.
      await blind.runSandbox(testSandbox())
      const taken = await Promise.all([1, 2, 3].map(() => runtime.runSandbox(testSandbox())))
      const more = await Promise.all([1, 2, 3].map(() => blind.runSandbox(testSandbox())))
      assert.is(new Set([...taken, ...more].map(({ ips }) => ips[0])).size, 6)
      const [first, second] = taken as [Sandbox, Sandbox]
      const engine = await connected(t)
      const { State } = await engine.docker.getContainer(second.id).inspect()
      await command('ip', ['link', 'delete', linkOf(first.ips[0] ?? '')])
      await command('ip', `link add ${linkOf(first.ips[0] ?? '')} type veth peer name other netns ${State.Pid}`.split(' '))
      const later = await machine.node(1)
      t.defer(later.subscribe(() => {}) ?? (() => {}))
      const stateOf = async () => (await later.listSandboxes()).find(({ id }) => id === first.id)?.state
      while ((await stateOf()) !== 'notReady') await new Promise((next) => setTimeout(next, 20))
    }),
  docker,
)

test(
  'an address that Docker gave to a Pod of another cluster is passed over, and one that such a Pod has by a link too',
  (t) =>
    withMachine(t, async (machine) => {
      const [runtime, blind] = [await machine.node(1), await machine.node(1)]
      const before = await blind.runSandbox(testSandbox())
      const published = (offset: number) => {
        const hostPort = 20_000 + ((process.pid + offset) % 10_000)
        return testSandbox({ portMappings: [{ containerPort: 80, hostPort, hostIp: '127.0.0.1', protocol: 'TCP' }] })
      }
      const byDocker = await runtime.runSandbox(published(0))
      const passed = await blind.runSandbox(testSandbox())
      const byLink = await runtime.runSandbox(testSandbox())
      const passedToo = await blind.runSandbox(published(1))
      const all = [before, byDocker, passed, byLink, passedToo]
      assert.is(new Set(all.map(({ ips }) => ips[0])).size, all.length)
    }),
  docker,
)

test(
  'a Pod that lost its link is put back once, however many ask for the network at a time',
  (t) =>
    withMachine(t, async (machine) => {
      const engine = await connected(t)
      const runtime = await machine.node(1)
      const lost = await Promise.all([1, 2, 3].map(() => runtime.runSandbox(testSandbox())))
      for (const { ips } of lost) await command('ip', ['link', 'delete', linkOf(ips[0] ?? '')])
      const again = createSandboxes({ engine, node: machine.context(1), config: testConfig, now: () => 0 })
      await Promise.all([again.checkNetwork(), again.runSandbox(testSandbox()), again.checkNetwork()])
      const states = (await again.listSandboxes()).map(({ state }) => state)
      assert.equal(states, ['ready', 'ready', 'ready', 'ready'])
      for (const { ips } of lost) assert.ok(await isLink(linkOf(ips[0] ?? '')))
    }),
  docker,
)

test(
  'a Pod that goes while the network is opened again is no failure, and its address is given again',
  (t) =>
    withMachine(t, async (machine) => {
      const { docker: daemon, ...engine } = await connected(t)
      let stale: Awaited<ReturnType<typeof daemon.listContainers>> | undefined
      const listContainers: typeof daemon.listContainers = async (options?: object) => stale ?? daemon.listContainers(options)
      const late = { ...engine, docker: Object.assign(Object.create(daemon), { listContainers }) }
      // A range with one address for Pods.
      const node = { ...machine.context(1), podCidr: '10.198.1.0/30' }
      const sandboxes = createSandboxes({ engine: late, node, config: testConfig, now: () => 0 })
      const { id } = await sandboxes.runSandbox(testSandbox())
      const listed = await daemon.listContainers({ filters: { label: [`${label.node}=${node.nodeName}`] } })
      assert.is(listed.length, 1)
      await sandboxes.removeSandbox(id)
      while (await isLink(linkOf('10.198.1.2'))) await new Promise((next) => setTimeout(next, 10))
      stale = listed
      await sandboxes.checkNetwork()
      stale = undefined
      assert.equal((await sandboxes.runSandbox(testSandbox())).ips, ['10.198.1.2'])
    }),
  docker,
)

test(
  'with `network: docker` Docker connects the Pods',
  (t) =>
    withMachine(
      t,
      async (machine) => {
        const engine = await connected(t)
        const runtime = await machine.node(1)
        const sandbox = await runtime.runSandbox(testSandbox())
        const { NetworkSettings } = await engine.docker.getContainer(sandbox.id).inspect()
        const [endpoint] = Object.values(NetworkSettings.Networks)
        assert.is(endpoint?.IPAddress, sandbox.ips[0])
        assert.is(await isLink(linkOf(sandbox.ips[0] ?? '')), false)
      },
      { ...testConfig, network: 'docker' },
    ),
  docker,
)
