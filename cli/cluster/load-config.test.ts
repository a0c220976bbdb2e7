import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { loadClusterConfig } from './load-config.js'

const head = 'apiVersion: davit.dev/v1\nkind: ClusterConfig\n'

test('without a file there are the defaults', async () => {
  const { config, source } = await loadClusterConfig(undefined)
  assert.is(source, 'defaults')
  assert.equal(Object.keys(config), ['apiVersion', 'kind'])
})

test('relative paths start beside the file', async (t) => {
  const directory = await t.directory()
  const file = path.join(directory, 'cluster.yaml')
  await writeFile(file, `${head}plugins: [{ id: ./mine.ts }]\n`)
  const loaded = await loadClusterConfig(file)
  assert.is(loaded.directory, directory)
  assert.equal(loaded.config.plugins, [{ id: './mine.ts' }])
})

const mistakes: readonly (readonly [string, string, RegExp])[] = [
  ['an unknown key', `${head}pluginz: []\n`, /pluginz/],
  ['an unknown key of an entry', `${head}plugins: [{ id: a, enable: true }]\n`, /plugins\[0\]\.enable/],
  ['a wrong type', `${head}plugins: [{ id: 3 }]\n`, /plugins\[0\]\.id/],
  ['another kind', 'apiVersion: v1\nkind: Pod\n', /apiVersion|kind/],
  ['no range of addresses', `${head}network: { serviceCidr: 10.0.0.0/40 }\n`, /network\.serviceCidr: "10\.0\.0\.0\/40"/],
  ['no range for Pods', `${head}network: { podCidr: 10.0.0.0.1 }\n`, /network\.podCidr/],
  ['no domain', `${head}network: { domain: a b }\n`, /network\.domain: .*got "a b"/],
  ['broken YAML', `${head}plugins: [\nnodes: 3\n`, /at line \d+, column \d+/],
  ['nothing', '', /must be an object/],
]
for (const [name, text, message] of mistakes) {
  test(`refused with file and place: ${name}`, async (t) => {
    const file = path.join(await t.directory(), 'cluster.yaml')
    await writeFile(file, text)
    const error = await assert.rejects(loadClusterConfig(file), message)
    assert.match(error.message, file)
  })
}

test('a file that is not there', () =>
  assert.rejects(loadClusterConfig('/nowhere/cluster.yaml'), /\/nowhere\/cluster\.yaml: no such file \(ENOENT\)$/))
