import { spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtProgram } from './bundle.js'
import { assert, type TestContext, test } from './contract.js'
import { declarations } from './run-files.js'

const contract = fileURLToPath(new URL('./contract.ts', import.meta.url))
/** It starts twenty times here. */
const runner = await builtProgram(new URL('./run.ts', import.meta.url))
const head = `import { assert, suite, test } from ${JSON.stringify(contract)}\n`

/** Writes the test files into a folder of their own and starts the runner on it. */
async function start(t: TestContext, files: Record<string, string>, args: string[] = [], env: Record<string, string> = {}) {
  const root = await t.directory()
  await mkdir(join(root, 'node_modules'))
  await writeFile(join(root, 'package.json'), '{ "type": "module" }')
  for (const [name, body] of Object.entries(files)) await writeFile(join(root, name), `${body.replace('HEAD', head)}\n`)
  const child = spawn(process.execPath, [runner, ...args], {
    env: { ...process.env, DAVIT_TEST_ROOT: root, DAVIT_TEST_REPORT: '', DAVIT_REQUIRE: '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { child, root }
}

/** What it printed, and how it ended. */
async function run(t: TestContext, files: Record<string, string>, args: string[] = [], env: Record<string, string> = {}) {
  const { child, root } = await start(t, files, args, env)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  return { code, output, last: output.trimEnd().split('\n').at(-1), root }
}
const slow = { timeoutMs: 60_000 }

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(
    `a runner that gets ${signal} leaves no file running`,
    async (t) => {
      const body = `HEAD import { writeFileSync } from 'node:fs'
test('waits', async () => {
  writeFileSync('pid', String(process.pid))
  for (;;) { await new Promise((resolve) => setTimeout(resolve, 50)); console.log('still here') }
}, { timeoutMs: 60_000 })`
      const { child, root } = await start(t, { 'a.test.ts': body })
      const pid = await firstPid(join(root, 'pid'))
      child.kill(signal)
      assert.ok(await isGone(pid), 'the file was left behind')
    },
    slow,
  )
}

test(
  'passing files end in code 0 and a closing line',
  async (t) => {
    const files = { 'a.test.ts': `HEAD test('one', () => assert.is(1, 1))`, 'b.test.ts': `HEAD suite('group')('two', () => {})` }
    const { code, output, last } = await run(t, files)
    assert.is(last, '2 passed, 0 failed')
    assert.is(code, 0)
    assert.match(output, /^ok {4}a\.test\.ts {2}1 passed/m)
  },
  slow,
)

test(
  'a failing test is named with its reason and its output',
  async (t) => {
    const body = `HEAD test('good', () => {})\ntest('bad', () => { console.log('a hint'); assert.is(1, 2) })`
    const { code, output, last } = await run(t, { 'a.test.ts': body })
    assert.is(last, '1 passed, 1 failed')
    assert.is(code, 1)
    assert.match(output, /FAIL {2}a\.test\.ts/)
    assert.match(output, /"bad": Expected values to be strictly equal/)
    assert.match(output, /\| .*a hint/)
  },
  slow,
)

test(
  'with --again a file that failed runs once more, and is named when it passes then',
  async (t) => {
    const once = `HEAD import { existsSync, writeFileSync } from 'node:fs'
test('now and then', () => { const was = existsSync('mark'); writeFileSync('mark', ''); assert.ok(was, 'the first time') })`
    const files = { 'a.test.ts': once, 'b.test.ts': `HEAD test('good', () => {})` }
    const strict = await run(t, files)
    assert.is(strict.last, '1 passed, 1 failed')
    const { code, output, last } = await run(t, files, ['--again'])
    assert.is(last, '2 passed, 0 failed')
    assert.is(code, 0)
    assert.match(output, /"now and then": the first time/)
    assert.match(output, /^UNSTEADY a\.test\.ts: /m)
    const always = await run(t, { 'a.test.ts': `HEAD test('bad', () => assert.unreachable())` }, ['--again'])
    assert.is(always.last, '0 passed, 1 failed')
    assert.is(always.code, 1)
    assert.not.match(always.output, 'UNSTEADY')
  },
  slow,
)

test(
  'with --again more than three failed files are run no second time',
  async (t) => {
    const bad = (name: string) => [`${name}.test.ts`, `HEAD test('bad', () => { console.log('ran'); assert.unreachable() })`]
    const { output, last } = await run(t, Object.fromEntries(['a', 'b', 'c', 'd'].map(bad)), ['--again'])
    assert.is(last, '0 passed, 4 failed')
    assert.is(output.match(/\| .*ran$/gm)?.length, 4)
  },
  slow,
)

test(
  'a hanging test fails by its own deadline, and the next ones still run',
  async (t) => {
    const body = `HEAD test('hangs', () => new Promise(() => {}), { timeoutMs: 50 })\ntest('next', () => {})`
    const { output, last } = await run(t, { 'a.test.ts': body })
    assert.is(last, '1 passed, 1 failed')
    assert.match(output, /"hangs" did not end within 50 ms/)
  },
  slow,
)

test(
  'a file that blocks is killed with its children, and the test is named',
  async (t) => {
    const body = `// @timeout 3
HEAD import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
test('spins', () => {
  const child = spawn('sleep', ['600'], { stdio: 'inherit' })
  writeFileSync('pid', String(child.pid))
  for (;;);
})`
    const { code, output, last, root } = await run(t, { 'a.test.ts': body })
    assert.is(last, '0 passed, 1 failed')
    assert.is(code, 1)
    assert.match(output, /stuck: killed after 3 s, in the test "spins"/)
    const pid = Number(await readFile(join(root, 'pid'), 'utf8'))
    assert.ok(await isGone(pid), 'the child of the stuck file was left behind')
  },
  slow,
)

test(
  'what is left open is a failure that says its kind',
  async (t) => {
    const body = `HEAD import { createServer } from 'node:net'
test('leaks', () => new Promise((resolve) => createServer().listen(0, resolve)))`
    const { output, last } = await run(t, { 'a.test.ts': body })
    assert.is(last, '1 passed, 1 failed')
    assert.match(output, /"leak check": still open after the last test: TCPServerWrap/)
  },
  slow,
)

test(
  'an error that nobody catches is a failure of the test that was running',
  async (t) => {
    const body = `HEAD test('careless', () => new Promise((resolve) => {
  setTimeout(() => { setTimeout(resolve, 5); throw new Error('nobody caught me') }, 1)
}))`
    const { output, last } = await run(t, { 'a.test.ts': body })
    assert.is(last, '1 passed, 1 failed')
    assert.match(output, /"uncaught error during "careless"": nobody caught me/)
  },
  slow,
)

test(
  'no test in a file, and no file at all, are failures',
  async (t) => {
    const none = await run(t, { 'a.test.ts': 'HEAD void [assert, suite, test]', 'b.test.ts': 'export {}' })
    assert.is(none.last, '0 passed, 2 failed')
    assert.match(none.output, /FAIL {2}a\.test\.ts.*\n {6}no test ran/)
    assert.match(none.output, /FAIL {2}b\.test\.ts/)
    const filtered = await run(t, { 'a.test.ts': `HEAD test('one', () => {})` }, ['nowhere'])
    assert.match(filtered.output, /no test file matches nowhere/)
    assert.is(filtered.last, '0 passed, 1 failed')
    assert.is(filtered.code, 1)
  },
  slow,
)

test(
  'a file that does not compile or throws in its body fails',
  async (t) => {
    const files = { 'a.test.ts': 'const = 1', 'b.test.ts': `HEAD test('one', () => {})\nthrow new Error('in the body')` }
    const { code, output, last } = await run(t, files)
    assert.is(code, 1)
    assert.match(output, /FAIL {2}a\.test\.ts/)
    assert.match(output, /in the body/)
    assert.match(last ?? '', / [12] failed$| [2-9] failed$/)
  },
  slow,
)

test(
  'a process that exits in the middle of a test is a failure',
  async (t) => {
    const { output, last } = await run(t, { 'a.test.ts': `HEAD test('quits', () => process.exit(0))` })
    assert.is(last, '0 passed, 1 failed')
    assert.match(output, /ended early \(exit code \d\), in the test "quits"/)
  },
  slow,
)

test(
  'a skip has a reason, and DAVIT_REQUIRE makes it a failure',
  async (t) => {
    const body = `HEAD test('needs', () => { throw new Error('ran') }, { requires: ['docker'] })`
    const without = { DOCKER_HOST: 'unix:///nowhere/docker.sock' }
    const skipped = await run(t, { 'a.test.ts': body }, [], without)
    assert.is(skipped.last, '0 passed, 0 failed, 1 skipped')
    assert.is(skipped.code, 0)
    assert.match(skipped.output, /skipped, needs docker: no Docker at \/nowhere\/docker\.sock/)
    const required = await run(t, { 'a.test.ts': body }, [], { ...without, DAVIT_REQUIRE: 'root,docker' })
    assert.is(required.last, '0 passed, 1 failed')
    assert.match(required.output, /DAVIT_REQUIRE names docker, but: no Docker/)
    const misspelt = await run(t, { 'a.test.ts': body }, [], { ...without, DAVIT_REQUIRE: 'dokcer' })
    assert.is(misspelt.code, 2)
  },
  slow,
)

test(
  'filters pick files by a part of their path, and --list runs nothing',
  async (t) => {
    const files = { 'apple.test.ts': `HEAD test('one', () => {})`, 'pear.test.ts': `HEAD test('two', () => assert.is(1, 2))` }
    assert.is((await run(t, files, ['./apple'])).last, '1 passed, 0 failed')
    assert.is((await run(t, files, ['--list', 'pear'])).output, 'pear.test.ts\n')
    assert.is((await run(t, files, ['--list', 'pear'])).code, 0)
  },
  slow,
)

const mark = (name: string, ms = 100) => `import { appendFileSync } from 'node:fs'
test('${name}', async () => {
  appendFileSync('log', '${name} in\\n')
  await new Promise((resolve) => setTimeout(resolve, ${ms}))
  appendFileSync('log', '${name} out\\n')
})`

async function marks(root: string): Promise<string[]> {
  return (await readFile(join(root, 'log'), 'utf8')).trim().split('\n')
}

test(
  'serial files run alone, after the others',
  async (t) => {
    const files = {
      'a.test.ts': `// @serial\nHEAD ${mark('a')}`,
      'b.test.ts': `// @serial\nHEAD ${mark('b')}`,
      'c.test.ts': `HEAD ${mark('c')}`,
      'd.test.ts': `// @serial docker\nHEAD ${mark('d')}`,
    }
    const { root, last } = await run(t, files)
    assert.is(last, '4 passed, 0 failed')
    const order = ['c in', 'c out', 'd in', 'd out', 'a in', 'a out', 'b in', 'b out']
    assert.equal(await marks(root), order)
  },
  slow,
)

test(
  'files that need the same part of the machine do not run at once; others do',
  async (t) => {
    const files = {
      'a.test.ts': `// @serial docker network\nHEAD ${mark('a', 4_000)}`,
      'b.test.ts': `// @serial network\nHEAD ${mark('b')}`,
      'c.test.ts': `// @serial process\nHEAD ${mark('c')}`,
    }
    const { root, last } = await run(t, files)
    assert.is(last, '3 passed, 0 failed')
    const log = await marks(root)
    assert.ok(log.indexOf('c out') < log.indexOf('a out'), `beside a: ${log}`)
    assert.ok(log.indexOf('b in') > log.indexOf('a out'), `after a: ${log}`)
  },
  slow,
)

test(
  'whatever is thrown is printed, with its code and cause',
  async (t) => {
    const body = `HEAD const coded = Object.assign(new Error('no', { cause: new Error('deep') }), { code: 'E_NO', details: {} })
test('object', () => { throw coded })
test('text', () => { throw 'a text' })
test('nothing', () => { throw undefined })
test('last', () => {})`
    const { output, last } = await run(t, { 'a.test.ts': body })
    assert.is(last, '1 passed, 3 failed')
    const parts = ['no (E_NO)', 'caused by Error: deep', 'thrown: a text', 'thrown: undefined']
    for (const part of parts) assert.ok(output.includes(part), part)
  },
  slow,
)

test(
  'hooks that throw fail what they belong to, and nothing else',
  async (t) => {
    const body = `HEAD const broken = suite('broken')
broken.before(() => { throw new Error('no set-up') })
broken('one', () => {})
broken('two', () => {})
const sound = suite('sound')
sound.after(() => { throw new Error('no tear-down') })
sound('three', () => {})`
    const { output, last } = await run(t, { 'a.test.ts': body })
    assert.is(last, '1 passed, 3 failed')
    assert.match(output, /"broken: one": no set-up/)
    assert.match(output, /"sound: after": no tear-down/)
  },
  slow,
)

test(
  'coverage is reported before the closing line',
  async (t) => {
    const { code, output, last } = await run(t, { 'a.test.ts': `HEAD test('one', () => {})` }, ['--coverage'])
    assert.is(last, '1 passed, 0 failed')
    assert.is(code, 0)
    assert.match(output, /Coverage summary/)
  },
  slow,
)

test(
  'an option that does not exist is refused',
  async (t) => {
    assert.is((await run(t, {}, ['--covrage'])).code, 2)
  },
  slow,
)

test('a file declares itself in its first lines only', () => {
  assert.equal(declarations('// @serial\n// @timeout 300\n'), { apart: [], alone: true, timeoutMs: 300_000 })
  assert.equal(declarations('// @serial a b\n'), { apart: ['a', 'b'], alone: false, timeoutMs: 120_000 })
  assert.equal(declarations('import x\n'), { apart: [], alone: false, timeoutMs: 120_000 })
  assert.equal(declarations(`${'\n'.repeat(6)}// @serial`), { apart: [], alone: false, timeoutMs: 120_000 })
})

async function firstPid(file: string): Promise<number> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '')
    if (text !== '') return Number(text)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function isGone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    try {
      const state = await readFile(`/proc/${pid}/stat`, 'utf8')
      // Killed, and only waiting for its new parent to notice.
      if (/\) Z /.test(state)) return true
    } catch {
      return true
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}
