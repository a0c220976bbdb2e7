import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeConfig } from '@davit/core/kernel/host'
import { assert, type TestContext, test } from '@davit/core/testing'
import { exampleFile } from '../e2e/examples.js'
import { compose } from './compose.js'
import { describeConfig } from './describe-config.js'
import { dumpConfig } from './dump-config.js'
import type { UpFlags } from './flags.js'
import { loadClusterConfig } from './load-config.js'
import type { ClusterConfig } from './schema.js'
import { configured, noFlags } from './testing.js'

const flags = (given: Partial<UpFlags> = {}): UpFlags => ({
  ...noFlags,
  'data-dir': '/nowhere/data',
  runtime: 'hollow',
  ...given,
})
const parts = (config: Partial<ClusterConfig>, given: Partial<UpFlags> = {}, directory?: string) =>
  compose(flags(given), configured(config, directory))

async function configOf(config: Partial<ClusterConfig>, id: string, given: Partial<UpFlags> = {}) {
  const { entries } = await parts(config, given)
  return entries.find((entry) => entry.plugin.id === id)?.config as Record<string, unknown> | undefined
}

test('a cluster has what is always there, its store, and what its nodes use', async () => {
  const ids = (await parts({})).entries.map((entry) => entry.plugin.id)
  for (const id of ['store-level', 'api-server', 'scheduler-binpack', 'cri-hollow']) assert.ok(ids.includes(id), id)
  for (const id of ['store-memory', 'cri-docker', 'proxy-iptables']) assert.not.ok(ids.includes(id), id)
  assert.equal([...new Set(ids)], ids)
})

test('the file is laid over the defaults, key by key, and a flag over the file', async () => {
  const config = { plugins: [{ id: 'api-server', config: { port: 1111, names: ['davit.example'] } }] }
  const fromFile = await configOf(config, 'api-server')
  assert.is(fromFile?.port, 1111)
  assert.equal(fromFile?.names, ['davit.example'])
  assert.is(fromFile?.address, '127.0.0.1')
  const flagged = await configOf(config, 'api-server', {
    port: 2222,
    bind: '::1',
    kubeconfig: '/nowhere/k',
    'token-auth-file': '/t',
  })
  assert.is(flagged?.port, 2222)
  assert.is(flagged?.address, '::1')
  assert.is(flagged?.kubeconfig, '/nowhere/k')
  assert.is(flagged?.tokenFile, '/t')
  assert.equal(flagged?.names, ['davit.example'])
  assert.is((await configOf({}, 'api-server'))?.port, 6443)
})

test('the data directory: flag, then file', async () => {
  const config = { dataDirectory: '/nowhere/file' }
  assert.is((await parts(config, { 'data-dir': undefined })).dataDirectory, '/nowhere/file')
  assert.is((await parts(config)).dataDirectory, '/nowhere/data')
  assert.is((await configOf(config, 'store-level'))?.path, '/nowhere/data/store')
  assert.is((await configOf(config, 'api-server', { 'data-dir': undefined }))?.kubeconfig, '/nowhere/file/kubeconfig')
})

test('a built-in is taken out, and two entries of one plugin are told apart by name', async () => {
  const plugins = [
    { id: 'scheduler-binpack', enabled: false },
    { id: 'store-memory', name: 'second' },
  ]
  const { entries } = await parts({ plugins })
  assert.not.ok(entries.some((entry) => entry.plugin.id === 'scheduler-binpack'))
  assert.equal(
    entries.filter((entry) => entry.plugin.id === 'store-memory').map((entry) => entry.name),
    ['second'],
  )
})

test('an entry knows where it stands, whether it may fail, and which version it is written for', async () => {
  const plugins = [{ id: 'scheduler-binpack', optional: true, version: 1, config: { weight: 3 } }]
  const entry = (await parts({ plugins })).entries.find(({ plugin }) => plugin.id === 'scheduler-binpack')
  assert.is(entry?.source, 'cluster.yaml: plugins[0]')
  assert.is(entry?.optional, true)
  assert.is(entry?.configVersion, 1)
})

test("the file's labels of a node stay when a flag says how it runs containers", async () => {
  const nodes = [{ name: 'one', runtime: 'cri-docker', labels: { zone: 'east' } }]
  const config = { plugins: [{ id: 'node-agent', config: { nodes } }] }
  assert.equal((await configOf(config, 'node-agent'))?.nodes, [
    { name: 'one', runtime: ['cri-hollow'], labels: { zone: 'east' } },
  ])
})

test('a plugin that is nowhere is said with what it might be', async (t) => {
  const directory = await t.directory()
  const plugins = [{ id: 'scheduler-binpak' }]
  await assert.rejects(
    parts({ plugins }, {}, directory),
    /plugins\[0\]: "scheduler-binpak" is neither .* Did you mean "scheduler-binpack"\?/,
  )
  await assert.rejects(
    parts({ plugins: [{ id: 'a b' }] }, {}, directory),
    /"a b" is neither a built-in, nor a path, nor a package/,
  )
  await assert.rejects(parts({ plugins: [{ id: './gone.ts' }] }, {}, directory), { code: 'DAVIT_PLUGIN_LOAD' })
  await writeFile(path.join(directory, 'empty.ts'), 'export const nothing = 1\n')
  await assert.rejects(parts({ plugins: [{ id: './empty.ts' }] }, {}, directory), { code: 'DAVIT_PLUGIN_EXPORT' })
})

test('a node picks a runtime by the id of a listed plugin, or by its path; what to purge with is remembered', async () => {
  const file = exampleFile('runtime-echo')
  const directory = path.dirname(file)
  const listed = await compose(flags({ runtime: undefined }), await loadClusterConfig(file))
  const byPath = await parts(
    { nodes: [{ runtime: { id: './index.ts' }, proxy: { id: 'none' } }] },
    { runtime: undefined },
    directory,
  )
  for (const composition of [listed, byPath]) {
    assert.equal(
      composition.nodes.map((node) => node.runtimes),
      [['runtime-echo']],
    )
    assert.is(composition.entries.filter((entry) => entry.plugin.id === 'runtime-echo').length, 1)
    const network = { id: 'network-bridge', directory, config: undefined }
    assert.equal(composition.drivers, [network, { id: path.join(directory, 'index.ts'), directory, config: undefined }])
  }
})

test('a plugin that is picked by its path stands in for the built-in of that name', async () => {
  const own = fileURLToPath(new URL('../../plugins/cri-hollow/index.ts', import.meta.url))
  const { entries, drivers } = await parts({ nodes: [{ runtime: { id: own } }] }, { runtime: undefined })
  assert.is(entries.filter((entry) => entry.plugin.id === 'cri-hollow').length, 1)
  assert.ok(drivers.some((driver) => driver.id === own))
})

async function roundTrip(t: TestContext, given: Partial<UpFlags>, config: Partial<ClusterConfig>, directory?: string) {
  const loaded = configured(config, directory)
  const first = await dumpConfig(await compose(flags(given), loaded), loaded)
  const file = path.join(await t.directory(), 'dumped.yaml')
  await writeFile(file, JSON.stringify(first))
  const again = await loadClusterConfig(file)
  const composition = await compose(noFlags, again)
  return { first, second: await dumpConfig(composition, again), composition }
}

test('a dump is a file that makes the same cluster, whose dump is the same', async (t) => {
  const plugins = [
    { id: 'scheduler-binpack', config: { weight: 7 } },
    { id: 'admission-priority', enabled: false },
    { id: path.join(path.dirname(exampleFile('score-spread')), 'index.ts'), config: { weight: 9 } },
  ]
  const network = { podCidr: '10.1.0.0/16', serviceCidr: '10.2.0.0/16', domain: 'here.local' }
  const { first, second, composition } = await roundTrip(t, { port: 0, nodes: 2 }, { plugins, network })
  assert.equal(second, first)
  assert.equal(
    composition.nodes.map(({ runtimes, proxies }) => [runtimes, proxies]),
    [
      [['cri-hollow'], []],
      [['cri-hollow'], []],
    ],
  )
  for (const entry of composition.entries) await decodeConfig(entry)
  assert.equal(first.nodes?.[0]?.proxy, { id: 'none' })
})

for (const [name, given, config] of [
  ['no nodes', { 'no-node': true, runtime: undefined }, {}],
  ['a store in memory', {}, { store: { id: 'store-memory' } }],
  ['what the machine has', { runtime: undefined }, {}],
] as const) {
  test(`a dump is taken back with ${name}`, async (t) => {
    const { first, second } = await roundTrip(t, given, config)
    assert.equal(second, first)
  })
}

test('the file with all defaults is taken, and is what there is without a file', async (t) => {
  const file = path.join(await t.directory(), 'default.yaml')
  await writeFile(file, await describeConfig())
  const loaded = await loadClusterConfig(file)
  const ids = async (from: typeof loaded) => (await compose(flags(), from)).entries.map((entry) => entry.plugin.id).sort()
  assert.equal(await ids(loaded), await ids(configured({})))
})

test('every comment of the file with all defaults is configuration too', async (t) => {
  const file = path.join(await t.directory(), 'all.yaml')
  const text = (await describeConfig()).split('\n')
  const open = text.map((line) => line.replace(/^( *)# (?=( *)(#|- id:|config:|network:|dataDirectory:|[a-z]\w*: ))/i, '$1'))
  await writeFile(file, open.filter((line) => !/# no default$/.test(line)).join('\n'))
  const loaded = await loadClusterConfig(file)
  assert.ok((loaded.config.plugins ?? []).some((plugin) => plugin.id === 'cri-docker' && plugin.config))
  assert.ok((loaded.config.plugins ?? []).some((plugin) => plugin.id === 'api-server' && plugin.config?.port === 6443))
})

test("Docker's socket is where DOCKER_HOST says, unless the file says otherwise", async (t) => {
  const before = process.env.DOCKER_HOST
  t.defer(() => {
    if (before === undefined) delete process.env.DOCKER_HOST
    else process.env.DOCKER_HOST = before
  })
  const given = { runtime: 'docker' }
  process.env.DOCKER_HOST = 'unix:///run/other.sock'
  assert.is((await configOf({}, 'cri-docker', given))?.socketPath, '/run/other.sock')
  const plugins = [{ id: 'cri-docker', config: { socketPath: '/run/mine.sock' } }]
  assert.is((await configOf({ plugins }, 'cri-docker', given))?.socketPath, '/run/mine.sock')
  process.env.DOCKER_HOST = 'tcp://10.0.0.1:2375'
  assert.is((await configOf({}, 'cri-docker', given))?.socketPath, 'tcp://10.0.0.1:2375')
  process.env.DOCKER_HOST = ''
  assert.is((await configOf({}, 'cri-docker', given))?.socketPath, undefined)
})

test('a plugin that is not there is named with the file and the entry', async (t) => {
  const config = { plugins: [{ id: './nofile.ts' }] }
  await assert.rejects(
    parts(config, {}, await t.directory()),
    /cluster\.yaml: plugins\[0\]: cannot read the plugin "\.\/nofile\.ts" at .*: ENOENT/,
  )
})
