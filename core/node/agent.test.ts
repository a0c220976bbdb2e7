import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiHooksToken, type NodeConnections } from '../api/contract.js'
import { pods } from '../client/contract.js'
import { type Bag, definePlugin } from '../kernel/contract.js'
import { createRandom } from '../kernel/host.js'
import { assert, boot, createTestServices, suite, type TestContext } from '../testing/contract.js'
import { startAgents } from './agents.js'
import type { NodeContext, Runtime, RuntimeCapabilities, RuntimeDriver, VolumeDriver } from './contract.js'
import { findLeftovers, podDirectory, removeLeftovers } from './pod-directories.js'

const test = suite('agents')

const allowAll = definePlugin({
  id: 'test-allow-all',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.authorize, (_request) => ({ allowed: true, reason: '' }))
    return {}
  },
})

function bag<T>(items: readonly T[]) {
  let present = items
  const listeners = new Set<() => void>()
  const all: Bag<T> = {
    all: () => present,
    entries: () => present.map((value) => ({ owner: 'test', value })),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  const replace = (next: readonly T[]): void => {
    present = next
    for (const listener of listeners) listener()
  }
  return { all, replace }
}

/** A runtime that has nothing. */
function driver(calls: string[]): RuntimeDriver {
  const runtime: Partial<Runtime> = {
    version: async () => ({ name: 'test', version: '1' }),
    listSandboxes: async () => [],
    listContainers: async () => [],
    subscribe: () => () => undefined,
    runSandbox: () => Promise.reject(new Error('nothing runs here')),
    close: async () => void calls.push('close'),
  }
  return {
    id: 'test',
    supports: { hollow: false, podNetwork: false } as unknown as RuntimeCapabilities,
    probe: async () => ({ usable: true, version: '1' }),
    async open(_node: NodeContext) {
      calls.push('open')
      return runtime as Runtime
    },
    purge: async () => undefined,
  }
}

async function plane(t: TestContext) {
  const { stop, clients, client, clock } = await boot({ clock: 'real', plugins: [{ plugin: allowAll }] })
  t.defer(stop)
  const make = async (name: string): Promise<string> => {
    const spec = { nodeName: 'one', containers: [{ name: 'main', image: 'main:1' }] }
    const made = await client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec })
    await client.updateStatus(pods, { ...made, status: { phase: 'Succeeded' } })
    return made.metadata.uid ?? ''
  }
  return { clients, clock, make }
}

async function leave(node: string, uid: string): Promise<void> {
  await mkdir(join(podDirectory(node, uid), 'volumes', 'data'), { recursive: true })
  await writeFile(join(podDirectory(node, uid), 'volumes', 'data', 'file'), 'x')
}

test('what Pods have left is removed, and never what a Pod has that is here, however often the runtime is replaced', async (t) => {
  const { clients, clock, make } = await plane(t)
  const dataDirectory = await t.directory()
  const node = join(dataDirectory, 'nodes', 'one')
  const here: string[] = []
  for (let n = 0; n < 20; n += 1) here.push(await make(`here-${n}`))
  for (const uid of here) await leave(node, uid)
  for (let n = 0; n < 40; n += 1) await leave(node, `gone-${n}`)
  const calls: string[] = []
  const runtimes = bag([driver(calls)])
  const [stop, none, random] = [new AbortController(), bag<never>([]), createRandom()]
  let replacements = 5
  const connections: NodeConnections = {
    port: 1,
    get: () => undefined,
    has: () => false,
    reach: () => () => undefined,
    // The last that is done when a runtime was opened: the leftovers are being removed by now.
    register() {
      replacements -= 1
      if (replacements >= 0) setImmediate(() => runtimes.replace([driver(calls)]))
      return () => undefined
    },
  }
  const one = {
    name: 'one',
    runtime: 'test',
    podCidr: '10.244.0.0/24',
    labels: {},
    taints: [],
    capacity: {},
    podPidsLimit: -1,
    allowedUnsafeSysctls: [],
    addresses: ['10.1.0.1'],
  }
  await startAgents({
    clients,
    clock,
    random,
    log: createTestServices().log,
    signal: stop.signal,
    config: { nodes: [one], dataDirectory, clusterDomain: 'cluster.local' },
    connections,
    runtimes: runtimes.all,
    networks: none.all,
    volumes: none.all,
    persistentVolumes: none.all,
    backOffs: none.all,
    defer: (undo) => t.defer(undo),
  })
  const left = async (): Promise<string[]> => (await readdir(join(node, 'pods'))).sort()
  for (let turn = 0; turn < 500; turn += 1) {
    if (replacements < 0 && (await left()).length <= here.length) break
    await clock.sleep(10)
  }
  assert.equal(await left(), [...here].sort())
  assert.equal(calls.slice(0, -1), ['open', 'close', 'open', 'close', 'open', 'close', 'open', 'close', 'open', 'close'])
})

test('the removal of leftovers can be ended, and goes on past one that fails', async (t) => {
  const directory = await t.directory()
  const { log, lines } = createTestServices()
  const told: string[] = []
  const elsewhere: VolumeDriver = {
    source: 'x',
    mount: async () => ({ wait: '' }),
    unmount: async () => {},
    unmountPod: async (uid) => void told.push(uid),
  }
  const place = { directory, log, supports: { hollow: false }, volumeDrivers: () => [elsewhere] }
  const uids = ['a', 'b', 'c']
  for (const uid of uids) await leave(directory, uid)
  const stop = removeLeftovers(place, uids)
  await stop()
  const left = await findLeftovers(place)
  assert.ok(left.length >= 2, 'only the one that was begun is removed')
  removeLeftovers(place, ['x'.repeat(300), ...left])
  for (let turn = 0; turn < 1_000 && (await findLeftovers(place)).length > 0; turn += 1) await findLeftovers(place)
  assert.equal(await findLeftovers(place), [])
  assert.ok(
    uids.every((uid) => told.includes(uid)),
    'drivers that keep something elsewhere hear of each',
  )
  assert.match(String(lines[0]?.fields.error), 'ENAMETOOLONG')
  assert.is(lines.length, 1)
})

test('a simulated node has no leftovers, and a directory that cannot be read is told of', async (t) => {
  const directory = await t.directory()
  const { log, lines } = createTestServices()
  await symlink('pods', join(directory, 'pods'))
  assert.equal(await findLeftovers({ directory, log, supports: { hollow: true } }), [])
  assert.is(lines.length, 0)
  assert.equal(await findLeftovers({ directory, log, supports: { hollow: false } }), [])
  assert.match(String(lines[0]?.fields.error), 'ELOOP')
})
