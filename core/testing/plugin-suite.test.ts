import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSlot, definePlugin, one, Type } from '../kernel/contract.js'
import { bundleTests } from './bundle.js'
import { assert, pluginSuite, type TestContext, test } from './contract.js'

const Thing = one<string>('test.thing/v1')
const slot = createSlot<[], void>('test.slot', 'sync')
const giver = definePlugin({
  id: 'giver',
  api: '^1.0',
  provides: { thing: Thing },
  setup: async () => ({ provides: { thing: 'x' } }),
})

// The suite on a plugin that does everything right is a test of its own.
pluginSuite(
  definePlugin({
    id: 'sound',
    api: '^1.0',
    requires: { thing: Thing },
    config: {
      version: 1,
      schema: Type.Object({ weight: Type.Integer({ minimum: 1, default: 1, description: 'How much it counts.' }) }),
    },
    async setup(context) {
      context.tap(slot, () => {})
      const timer = context.clock.setTimer(1_000, () => {})
      context.defer(() => timer.cancel())
      return {}
    },
  }),
  { valid: [{}, { weight: 3 }], invalid: [{ weight: 0 }, 'text'], with: () => [{ plugin: giver }] },
)

const contract = fileURLToPath(new URL('./contract.ts', import.meta.url))
const kernel = fileURLToPath(new URL('../kernel/contract.ts', import.meta.url))

/** Runs the suite on a faulty plugin in a process of its own and returns what it printed. */
async function runSuite(t: TestContext, plugin: string, cases = '{ valid: [], invalid: [] }') {
  const directory = await t.directory()
  const file = join(directory, 'conformance.test.ts')
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
  await writeFile(
    file,
    `import { createServer } from 'node:net'
import { pluginSuite } from ${JSON.stringify(contract)}
import { definePlugin, Type } from ${JSON.stringify(kernel)}
void [createServer, Type]
pluginSuite(definePlugin({ id: 'faulty', api: '^1.0', ${plugin} }), ${cases})\n`,
  )
  const program = await bundleTests(directory, ['conformance.test.ts'])
  const child = spawn(process.execPath, [program('conformance.test.ts')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DAVIT_TEST_REPORT: '', NO_COLOR: '1' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const code = await new Promise((resolve) => child.once('close', resolve))
  return { code, output }
}

const faults: readonly (readonly [string, string, RegExp, string?])[] = [
  [
    'a timer',
    'setup: async ({ clock }) => { clock.setTimer(1000, () => {}); return {} }',
    /a timer of the kernel clock was left/,
  ],
  [
    'a server',
    `setup: async () => { await new Promise((done) => createServer().listen(0, '127.0.0.1', () => done(undefined))); return {} }`,
    /left open/,
  ],
  ['an undo that throws', `setup: async ({ defer }) => { defer(() => { throw new Error('stuck') }); return {} }`, /stuck/],
  ['a broken setup', `setup: async () => { throw new Error('broken') }`, /failed in setup: broken/],
  [
    'a field without a description',
    'config: { version: 1, schema: Type.Object({ weight: Type.Integer({ default: 1 }) }) }, setup: async () => ({})',
    /every field of a configuration has a description/,
  ],
  [
    'a refused valid configuration',
    'setup: async () => ({})',
    /this plugin has no configuration/,
    '{ valid: [{ a: 1 }], invalid: [] }',
  ],
  ['an accepted invalid configuration', 'setup: async () => ({})', /expected a rejection/, '{ valid: [], invalid: [{}] }'],
]
for (const [name, plugin, message, cases] of faults) {
  test(
    `finds ${name}`,
    async (t) => {
      const { code, output } = await runSuite(t, plugin, cases)
      assert.is(code, 1)
      assert.match(output, message)
    },
    { timeoutMs: 60_000 },
  )
}
