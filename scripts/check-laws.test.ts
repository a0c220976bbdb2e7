import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert, suite } from '../core/testing/contract.js'
import { checkFile, checkImport, checkTree } from './check-laws.mjs'
import { importsOf, splitSource } from './source-text.mjs'

const script = fileURLToPath(new URL('./check-laws.mjs', import.meta.url))
const manifest = { dependencies: { dockerode: '5.0.1' }, devDependencies: { 'fast-check': '4.10.2' } }
const importing = (path: string, specifier: string): string | undefined => checkImport(path, specifier, () => manifest)
const messages = (path: string, source: string): string[] =>
  checkFile(path, source, () => manifest).map(({ line, message }: { line: number; message: string }) => `${line}: ${message}`)

const allowed: readonly (readonly [string, string])[] = [
  ['plugins/cri-docker/runtime.ts', '@davit/core/node'],
  ['plugins/cri-docker/runtime.ts', 'dockerode'],
  ['plugins/cri-docker/runtime.ts', 'node:net'],
  ['plugins/cri-docker/parts/image.ts', '../runtime.js'],
  ['plugins/cri-docker/runtime.test.ts', 'fast-check'],
  ['plugins/cri-docker/conformance.test.ts', '@davit/core/node/testkit'],
  ['examples/score-spread/index.ts', '@davit/core/kernel'],
  ['core/api/list.ts', '../watch/contract.js'],
  ['core/api/contract.ts', '../client/contract.js'],
  ['core/client/in-process.ts', '../api/contract.js'],
  ['core/store/level.ts', 'level'],
  ['core/store/level.test.ts', '../kernel/clock-virtual.js'],
  ['core/kinds/names.test.ts', '@davit/core/testing'],
  ['core/testing/boot.ts', '../api/http/plugin.js'],
  ['core/builtins.ts', './api/plugin.js'],
  ['core/kernel/slot.ts', 'tapable'],
  ['core/kernel/container.ts', 'inversify'],
  ['cli/builtins.ts', '@davit/plugin-cri-docker'],
  ['cli/commands/up.ts', '@davit/core/kernel/host'],
  ['cli/commands/up.ts', '../output/table.js'],
]
const refused: readonly (readonly [string, string, string])[] = [
  ['plugins/cri-docker/runtime.ts', '@davit/core/kernel/host', 'imports @davit/core/<room>'],
  ['plugins/cri-docker/runtime.ts', '@davit/core/builtins', 'imports @davit/core/<room>'],
  ['plugins/cri-docker/runtime.ts', '@davit/core', 'imports @davit/core/<room>'],
  ['plugins/cri-docker/runtime.ts', '@davit/core/node/testkit', 'imports @davit/core/<room>'],
  ['plugins/cri-docker/runtime.ts', '@davit/plugin-cri-process', 'no other package of Davit'],
  ['plugins/cri-docker/runtime.ts', '../cri-process/runtime.js', 'leaves the plugin'],
  ['plugins/cri-docker/runtime.ts', '../../core/node/contract.js', 'leaves the plugin'],
  ['plugins/cri-docker/runtime.ts', 'yaml', '"yaml" is not among the dependencies of plugins/cri-docker'],
  ['plugins/cri-docker/runtime.ts', 'fast-check', 'is not among the dependencies'],
  ['plugins/cri-docker/runtime.ts', 'fs/promises', 'write "node:fs/promises"'],
  ['plugins/cri-docker/runtime.ts', 'inversify', 'only core/kernel/container.ts'],
  ['examples/score-spread/index.ts', '../../plugins/scheduler-binpack/index.js', 'leaves the plugin'],
  ['core/store/level.ts', '../watch/contract.js', '"store" does not stand above room "watch"'],
  ['core/store/level.ts', '../kinds/contract.js', '"store" does not stand above room "kinds"'],
  ['core/watch/cache.ts', '../api/contract.js', '"watch" does not stand above room "api"'],
  ['core/client/contract.ts', '../api/contract.js', '"client" does not stand above room "api"'],
  ['core/api/list.ts', '../watch/ring.js', 'only its contract.js'],
  ['core/api/list.ts', '@davit/core/watch', 'core imports by relative path'],
  ['core/api/list.ts', '@davit/plugin-scheduler-binpack', 'knows no plugin'],
  ['core/api/list.ts', '../../plugins/scheduler-binpack/index.js', 'core knows nothing outside core'],
  ['core/api/list.ts', 'level', 'only core/store'],
  ['core/watch/cache.ts', 'fastify', 'only core/api'],
  ['core/kernel/graph.ts', 'tapable', 'only core/kernel/slot.ts'],
  ['cli/commands/up.ts', '@davit/plugin-cri-docker', 'only cli/builtins.ts names a plugin'],
  ['cli/commands/up.ts', '../../core/kernel/host.js', 'the cli imports packages'],
]

const imports = suite('imports')
for (const [path, specifier] of allowed) {
  imports(`${path} may import ${specifier}`, () => assert.is(importing(path, specifier), undefined))
}
for (const [path, specifier, message] of refused) {
  imports(`${path} may not import ${specifier}`, () => assert.ok(importing(path, specifier)?.includes(message)))
}
imports('are seen in every form, with their line', () => {
  const source = `import a from 'one'
import type { B } from "two"
import 'three'
export * from 'four'
const five = await import('five')
const six = require('six')
// import 'comment'
const text = "import 'text'"
const template = \`from 'template' \${await import('seven')}\`
`
  const found = importsOf(splitSource(source)).map(({ specifier, line }) => `${line} ${specifier}`)
  assert.equal(found, ['1 one', '2 two', '3 three', '4 four', '5 five', '6 six', '9 seven'])
})

const time = suite('law 7')
const banned = [
  'setTimeout(run, 1)',
  'globalThis.setInterval(run, 1)',
  'setImmediate(run)',
  'const now = Date.now()',
  'const now = new Date()',
  'const clock = Date.now',
  'const x = Math.random()',
  'performance.now()',
  'process.hrtime.bigint()',
  `import { randomUUID } from 'node:crypto'`,
  `import { setTimeout as wait } from 'node:timers/promises'`,
]
for (const line of banned) {
  time(`bans ${line}`, () => {
    assert.is(messages('core/api/list.ts', `\n${line}\n`).length, 1)
    assert.match(messages('plugins/scheduler-binpack/score.ts', `\n${line}\n`)[0] ?? '', /^2: law 7/)
    for (const path of ['core/kernel/clock.ts', 'core/api/list.test.ts', 'plugins/cri-docker/runtime.ts', 'cli/main.ts']) {
      assert.equal(messages(path, `${line}\n`), [], path)
    }
  })
}
time('leaves alone what only looks like it', () => {
  const source = `// Date.now() in a comment
const text = 'setTimeout(run)' + \`Math.random() \${'new Date()'}\`
const pattern = /Date.now()/
stream.setTimeout(1_000)
const parsed = new Date(value).getTime() / 2 + Date.parse(text)
clock.setTimer(5, run)
`
  assert.equal(messages('core/api/list.ts', source), [])
})
time('sees code inside templates and after regular expressions with quotes', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: source text that holds a template.
  const source = 'const a = `x ${Date.now()} y`\nconst b = text.replace(/[\'"`/]/g, "")\nconst c = 4 / 2 / Math.random()\n'
  assert.equal(
    messages('core/api/list.ts', source).map((message) => message.split(':')[0]),
    ['1', '3'],
  )
})

const form = suite('form')
form('a file is not longer than 600 lines, but for tables', () => {
  assert.match(messages('core/api/list.ts', '\n'.repeat(601))[0] ?? '', /601 lines/)
  assert.equal(messages('core/api/list.ts', '\n'.repeat(600)), [])
  assert.equal(messages('core/kinds/table/core.ts', '\n'.repeat(900)), [])
})
form('unfinished work is not left in comments', () => {
  assert.equal(messages('core/api/list.ts', '// TODO: finish\n'), ['1: unfinished work is not left in comments'])
  assert.equal(messages('core/api/list.ts', `const word = 'TODO'\n`), [])
})

const tree = suite('tree')
const sound = {
  'core/kernel/graph.ts': 'export {}\n',
  'plugins/a/index.ts': `import { x } from '@davit/core/kernel'\n`,
  'plugins/a/package.json': '{}',
  'cli/main.ts': 'export {}\n',
  'examples/b/index.ts': 'export {}\n',
}
async function write(root: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
}
tree('a sound one passes, and says how many files it has looked at', async (t) => {
  const root = await t.directory()
  await write(root, sound)
  const run = spawnSync(process.execPath, [script, root], { encoding: 'utf8' })
  assert.is(run.status, 0)
  assert.is(run.stdout, 'laws: 4 files checked, 0 breaches\n')
})
tree('a breach fails, with file and line', async (t) => {
  const root = await t.directory()
  await write(root, { ...sound, 'plugins/a/node_modules/x/index.ts': 'Date.now()', 'plugins/a/x.ts': '\nMath.random()\n' })
  const run = spawnSync(process.execPath, [script, root], { encoding: 'utf8' })
  assert.is(run.status, 1)
  assert.match(run.stderr, /^plugins\/a\/x\.ts:2: law 7: Math\.random/)
})
tree('one without files in an area fails, for then nothing was looked at', async (t) => {
  const root = await t.directory()
  await write(root, { 'core/kernel/graph.ts': 'export {}\n' })
  const { breaches } = checkTree(root)
  assert.equal(
    breaches.map(({ path }: { path: string }) => path),
    ['plugins', 'cli', 'examples'],
  )
  assert.is(checkTree(join(root, 'nowhere')).breaches.length, 4)
})
