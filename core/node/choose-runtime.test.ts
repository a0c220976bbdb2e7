import { mkdir, writeFile } from 'node:fs/promises'
import type { Bag } from '../kernel/contract.js'
import { assert, createTestServices, suite } from '../testing/contract.js'
import { chooseRuntimes } from './choose-runtime.js'
import type { RuntimeDriver } from './contract.js'
import { forgetRuntime, noteRuntime, usedRuntimes } from './used-runtimes.js'

const test = suite('choose-runtime')
const usable = new Set<string>()
const driver = (id: string, hollow = false): RuntimeDriver =>
  ({
    id,
    supports: { hollow },
    probe: async () => (usable.has(id) ? { usable: true, version: '1' } : { usable: false, reason: `no ${id} here` }),
  }) as unknown as RuntimeDriver
const bag = (...drivers: RuntimeDriver[]) =>
  ({ all: () => drivers, onChange: () => () => undefined }) as unknown as Bag<RuntimeDriver>
const all = bag(driver('first'), driver('second'), driver('simulated', true))

async function decide(dataDirectory: string, runtime: string | string[], runtimes = all) {
  const { log, lines } = createTestServices()
  const nodes = [
    { name: 'one', runtime, labels: {}, taints: [], capacity: {}, addresses: [], podPidsLimit: -1, allowedUnsafeSysctls: [] },
  ]
  const [decided] = await chooseRuntimes({ dataDirectory, nodes }, runtimes, log)
  return { runtime: decided?.runtime, said: lines.map((line) => line.message).join('\n') }
}
const either = ['first', 'second']
const only = (...ids: string[]) => {
  usable.clear()
  for (const id of ids) usable.add(id)
}

test('a new node takes the first runtime that is usable, and says why not another', async (t) => {
  only('second')
  const { runtime, said } = await decide(await t.directory(), either)
  assert.is(runtime, 'second')
  assert.match(said, 'running containers with second, because first: no first here')
})

test('a node stays with the runtime of its former life, also while that cannot be used', async (t) => {
  const directory = await t.directory()
  only('first', 'second')
  assert.is((await decide(directory, either)).runtime, 'first')
  only('second')
  const { runtime, said } = await decide(directory, either)
  assert.is(runtime, 'first')
  assert.match(said, /containers of node one run in first, which cannot be used now \(no first here\)/)
  assert.is((await decide(directory, either, bag(driver('second')))).runtime, 'first')
  only('first')
  assert.is((await decide(directory, either)).said, '')
})

test('a better runtime that appears later is not taken either, until the old one holds nothing', async (t) => {
  const directory = await t.directory()
  only('second')
  await decide(directory, either)
  only('first', 'second')
  assert.is((await decide(directory, either)).runtime, 'second')
  await forgetRuntime(directory, 'one', 'second')
  assert.is((await decide(directory, either)).runtime, 'first')
})

test('a runtime that is named is taken and remembered; a simulated one leaves nothing', async (t) => {
  const directory = await t.directory()
  only('second')
  assert.is((await decide(directory, 'first')).runtime, 'first')
  await decide(directory, 'simulated')
  assert.equal(await usedRuntimes(directory, 'one'), ['first'])
  assert.is((await decide(directory, either)).runtime, 'first')
  await decide(directory, 'second')
  assert.equal(await usedRuntimes(directory, 'one'), ['first', 'second'])
})

test('no usable runtime at all is an error with every reason', async (t) => {
  only()
  await assert.rejects(
    decide(await t.directory(), either),
    /no usable container runtime \(first: no first here; second: no second here\)/,
  )
})

test('a note that cannot be written is said; the node goes on', async (t) => {
  const directory = await t.directory()
  await mkdir(`${directory}/nodes`)
  await writeFile(`${directory}/nodes/one`, '')
  only('first')
  const { runtime, said } = await decide(directory, either)
  assert.is(runtime, 'first')
  assert.match(said, 'cannot note that node one uses first')
})

test('what is noted twice stands once, the latest last; what is forgotten is gone', async (t) => {
  const directory = await t.directory()
  for (const id of ['a', 'b', 'a', 'a']) await noteRuntime(directory, 'n', id)
  assert.equal(await usedRuntimes(directory, 'n'), ['b', 'a'])
  assert.equal(await usedRuntimes(directory, 'other'), [])
  await forgetRuntime(directory, 'n', 'b')
  await forgetRuntime(directory, 'n', 'never')
  assert.equal(await usedRuntimes(directory, 'n'), ['a'])
  await forgetRuntime(directory, 'n', 'a')
  await forgetRuntime(directory, 'n', 'a')
  assert.equal(await usedRuntimes(directory, 'n'), [])
})
