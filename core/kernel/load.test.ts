import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { assert, type TestContext, test } from '../testing/contract.js'
import * as kernel from './contract.js'
import { loadPlugin } from './load.js'

const rooms = new Map<string, unknown>([['@davit/core/kernel', kernel]])

async function load(t: TestContext, specifier: string, files: Record<string, string>) {
  const directory = await t.directory()
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), text)
  }
  return loadPlugin(specifier, { directory, rooms })
}

const policy = `
import { basename } from 'node:path'
import { definePlugin, one } from '@davit/core/kernel'
import { answer } from './answer.js'
interface Thing { readonly value: number }
export default definePlugin({
  id: 'my-policy',
  api: '^1.0',
  provides: { thing: one<Thing>('test.thing/v1') },
  async setup() { return { provides: { thing: { value: answer + basename('/a/b').length } } } },
})
`

test('a TypeScript file with an import of its own runs without a build step', async (t) => {
  const plugin = await load(t, './my-policy.ts', { 'my-policy.ts': policy, 'answer.ts': 'export const answer: number = 41' })
  assert.is(plugin.id, 'my-policy')
  const life = await plugin.setup({} as never, {} as never)
  assert.equal(life.provides, { thing: { value: 42 } })
})

test('an installed package and a CommonJS file load by the same rules', async (t) => {
  const source = `const { definePlugin } = require('@davit/core/kernel')
module.exports = definePlugin({ id: 'plain', api: '^1.0', async setup() { return {} } })`
  const installed = {
    'node_modules/davit-plugin-plain/package.json': '{ "name": "davit-plugin-plain", "exports": { "import": "./main.mjs" } }',
    'node_modules/davit-plugin-plain/main.mjs': `export { default } from './plain.cjs'`,
    'node_modules/davit-plugin-plain/plain.cjs': source,
  }
  assert.is((await load(t, 'davit-plugin-plain', installed)).id, 'plain')
  assert.is((await load(t, './plain.js', { 'plain.js': source })).id, 'plain')
})

test('it shares the classes and the symbols of the host', async (t) => {
  const source = `import { DavitError, definePlugin, SkipPlugin } from '@davit/core/kernel'
export default definePlugin({ id: 'skipper', api: '^1.0', async setup() { throw new SkipPlugin(DavitError.name) } })`
  const plugin = await load(t, './a.ts', { 'a.ts': source })
  const error = await assert.rejects(plugin.setup({} as never, {} as never))
  assert.instance(error, kernel.SkipPlugin)
})

test('a reload runs the code anew, imported files too', async (t) => {
  const directory = await t.directory()
  const options = { directory, rooms }
  await writeFile(join(directory, 'id.ts'), `export const id = 'first'`)
  await writeFile(
    join(directory, 'a.ts'),
    `import { id } from './id.js'\nexport default { id, api: '^1.0', setup: async () => ({}) }`,
  )
  assert.is((await loadPlugin('./a.ts', options)).id, 'first')
  await writeFile(join(directory, 'id.ts'), `export const id = 'second'`)
  assert.is((await loadPlugin('./a.ts', options)).id, 'second')
})

test('import.meta.url and a dynamic import work', async (t) => {
  const source = `export default { id: 'url', api: '^1.0', setup: async () => {
  const { sep } = await import('node:path')
  return { provides: { url: import.meta.url + sep } }
} }`
  const plugin = await load(t, './a.ts', { 'a.ts': source })
  const { provides } = await plugin.setup({} as never, {} as never)
  assert.match((provides as { url: string }).url, /^file:.*\/$/)
})

const faults: readonly (readonly [string, string, string, string | RegExp])[] = [
  ['a syntax error', 'const x = 1\nexport default {{', 'DAVIT_PLUGIN_LOAD', 'a.ts:2:17: Expected identifier but found "{"'],
  ['an unknown import', `\nimport './nowhere.js'`, 'DAVIT_PLUGIN_LOAD', 'a.ts:2:8: Could not resolve "./nowhere.js"'],
  ['a throw', `\n\nconst n: string = null\nn.length`, 'DAVIT_PLUGIN_LOAD', /failed while loading at .*a\.ts:4:3: Cannot read/],
  ['a room that is none', `import { x } from '@davit/core/secret'; x()`, 'DAVIT_PLUGIN_LOAD', 'may import @davit/core/kernel'],
  ['no default export', 'export const plugin = 1', 'DAVIT_PLUGIN_EXPORT', 'it has no default export'],
  ['a default that is no plugin', 'export default 42', 'DAVIT_PLUGIN_EXPORT', 'its default export is a number'],
  ['a bad id', `export default { id: 'My', api: '^1.0', setup() {} }`, 'DAVIT_PLUGIN_EXPORT', 'its `id` must be'],
  ['a bad api', `export default { id: 'my', api: '1', setup() {} }`, 'DAVIT_PLUGIN_EXPORT', 'its `api` must look like'],
  ['no setup', `export default { id: 'my', api: '^1.0' }`, 'DAVIT_PLUGIN_EXPORT', 'it has no `setup`'],
]
for (const [name, source, code, message] of faults) {
  test(`${name} is an error that says where`, async (t) => {
    const error = await assert.rejects(load(t, './a.ts', { 'a.ts': source }), message)
    assert.is((error as kernel.DavitError).code, code)
  })
}

test('a file or package that does not exist is named', async (t) => {
  await assert.rejects(load(t, './none.ts', {}), /"\.\/none\.ts" cannot be loaded: .*Could not resolve "\.\/none\.ts"/)
  await assert.rejects(load(t, 'davit-plugin-none', {}), 'Could not resolve "davit-plugin-none"')
})
