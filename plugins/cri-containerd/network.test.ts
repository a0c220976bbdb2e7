// @serial machine
// @timeout 120
import { access, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type NetworkSandbox, type PodNetwork, RuntimeError } from '@davit/core/node'
import { assert, suite, type TestContext } from '@davit/core/testing'
import { command } from './command.js'
import { conflistFile, ownConflist, ownName } from './conflist.js'
import { startContainerd } from './private-containerd.js'
import { configOf, leftOver, type Machine, testContainer, testSandbox, withMachine } from './testing.js'

const containerd = await startContainerd({ connected: false })
const config = configOf(containerd)
const test = suite('network')
test.after(() => containerd?.stop())
const directory = containerd?.cniDirectory ?? ''

function machineTest(name: string, run: (machine: Machine, t: TestContext) => Promise<void>): void {
  test(name, (t) => withMachine(t, config, (machine) => run(machine, t)), {
    requires: ['containerd', 'root'],
    timeoutMs: 60_000,
  })
}

/** Gives addresses and connects nothing: what a runtime asks of a network, and when. */
function recorder(failing = false) {
  const calls: string[] = []
  const attached = new Map<string, NetworkSandbox>()
  const network: PodNetwork = {
    async attach(sandbox) {
      calls.push('attach')
      await access(sandbox.namespace)
      if (failing) throw new RuntimeError('FailedCreatePodSandBox', 'no address left')
      attached.set(sandbox.id, sandbox)
      return { id: sandbox.id, ips: ['10.9.0.7'] }
    },
    async detach(id) {
      calls.push('detach')
      attached.delete(id)
    },
    async adopt(sandboxes) {
      calls.push(`adopt ${sandboxes.length}`)
      return sandboxes.filter(({ id }) => attached.has(id)).map(({ id }) => ({ id, ips: ['10.9.0.7'] }))
    },
    close: async () => {},
  }
  return { network, calls, attached }
}

test('our configuration is known again, and that of others is not', () => {
  assert.is(ownName(ownConflist('7')), 'davit-pods-7')
  for (const other of ['{"name":"x","plugins":[]}', '{ not json', '[]', '""']) assert.is(ownName(other), undefined)
})

machineTest('a Pod is connected by the network of its node once the runtime has made it', async ({ open, output }) => {
  const { network, calls, attached } = recorder()
  const runtime = await open('one', { network })
  const portMappings = [{ containerPort: 80, hostPort: 8080, hostIp: '', protocol: 'TCP' as const }]
  const sandbox = await runtime.runSandbox(testSandbox({ portMappings }))
  assert.equal([sandbox.state, ...sandbox.ips], ['ready', '10.9.0.7'])
  assert.equal(calls, ['adopt 0', 'attach'])
  assert.equal(attached.get(sandbox.id)?.portMappings, portMappings)
  assert.equal(await runtime.listSandboxes(), [sandbox])
  const cards = await output(runtime, sandbox, 'ls /sys/class/net; ip -o addr show lo | head -1')
  assert.match(cards, /^lo\n1: lo +inet 127\.0\.0\.1/, 'nobody else has a part in it')
  const host = await runtime.runSandbox(testSandbox({ hostNetwork: true }))
  assert.equal(host.ips, [])
  assert.is(attached.size, 1)
  for (let turn = 0; turn < 2; turn += 1) await runtime.stopSandbox(sandbox.id)
  assert.is(attached.size, 0)
  assert.equal((await runtime.listSandboxes()).map(({ state }) => state).sort(), ['notReady', 'ready'])
  for (const { id } of [sandbox, host]) await runtime.removeSandbox(id)
})

machineTest('one runtime serves nodes of several ranges', async ({ open }) => {
  const nodes = await Promise.all(['one', 'two'].map((name) => open(name, { network: recorder().network })))
  const made = await Promise.all(nodes.map((runtime) => runtime.runSandbox(testSandbox())))
  assert.equal(
    made.map(({ state }) => state),
    ['ready', 'ready'],
  )
  await Promise.all(nodes.map((runtime, index) => runtime.removeSandbox(made[index]?.id ?? '')))
})

machineTest('another life adopts what is connected; what has lost its network is not ready', async ({ open }) => {
  const { network, calls, attached } = recorder()
  const first = await open('one', { network })
  const [kept, lost] = [await first.runSandbox(testSandbox()), await first.runSandbox(testSandbox())]
  await first.close()
  attached.delete(lost.id)
  calls.length = 0
  const again = await open('one', { network })
  const states = new Map((await again.listSandboxes()).map(({ id, state, ips }) => [id, [state, ...ips]]))
  assert.equal(states.get(kept.id), ['ready', '10.9.0.7'])
  assert.equal(states.get(lost.id), ['notReady'])
  assert.equal(calls, ['adopt 2'], 'once, for all')
  await assert.rejects(again.dial(lost.id, 80), /does not run/)
  for (const { id } of [kept, lost]) await again.removeSandbox(id)
})

machineTest('a Pod that cannot be connected says why, and nothing is left of it', async ({ open }) => {
  const { network } = recorder(true)
  const runtime = await open('one', { network })
  const error = await assert.rejects(runtime.runSandbox(testSandbox()))
  assert.ok(error instanceof RuntimeError && error.problem === 'FailedCreatePodSandBox')
  assert.match(error.message, 'no address left')
  assert.equal(await runtime.listSandboxes(), [])
})

machineTest(
  'without a network of the node and of the runtime a Pod says so; our configuration goes at the end',
  async (machine) => {
    const { open, purge } = machine
    const error = await assert.rejects((await open()).runSandbox(testSandbox()))
    assert.match((error as Error).message, `no CNI configuration in ${directory}`)
    const runtime = await open('one', { network: recorder().network })
    const sandbox = await runtime.runSandbox(testSandbox())
    await purge()
    assert.equal(await readdir(directory), [conflistFile], 'Pods of another node run')
    await runtime.removeSandbox(sandbox.id)
    await purge()
    assert.equal(await leftOver(config), [])
  },
)

machineTest('a configuration of CNI by somebody else decides, and stays', async ({ open, lines, purge, context, start }, t) => {
  const foreign = join(directory, '05-other.conflist')
  const ipam = { type: 'host-local', ranges: [[{ subnet: '10.197.200.0/24' }]], dataDir: join(context.directory, 'ipam') }
  const plugins = [{ type: 'bridge', bridge: 'dvt-other', isGateway: true, ipam }]
  await writeFile(foreign, JSON.stringify({ cniVersion: '0.4.0', name: 'other', plugins }))
  t.defer(() => command('ip', ['link', 'delete', 'dvt-other']).catch(() => undefined))
  t.defer(() => rm(foreign, { force: true }))
  const { network, calls } = recorder()
  const runtime = await open('one', { network })
  const sandbox = await runtime.runSandbox(testSandbox())
  assert.match(sandbox.ips[0] ?? '', /^10\.197\.200\./)
  assert.not(calls.includes('attach'))
  assert.ok(lines.some(({ level, message }) => level === 'warn' && /CNI configuration/.test(message)))
  await start(runtime, sandbox, testContainer('sleep 1000'))
  await runtime.close()
  const again = await open('one', { network })
  assert.equal(await again.listSandboxes(), [sandbox], 'and of another life')
  await again.removeSandbox(sandbox.id)
  await purge()
  assert.equal(await readdir(directory), ['05-other.conflist'])
})

test('a program that fails says why, one that is not there is told apart', async () => {
  assert.is(await command('cat', [], 'through'), 'through')
  assert.match((await assert.rejects(command('sh', ['-c', 'echo why >&2; exit 3']))).message, 'why')
  const missing = await assert.rejects(command('no-such-program', []))
  assert.is((missing.cause as NodeJS.ErrnoException).code, 'ENOENT')
})
