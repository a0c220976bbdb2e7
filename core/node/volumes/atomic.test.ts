import promises, { mkdir, readdir, readFile, readlink, stat, symlink } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { assert, suite } from '../../testing/contract.js'
import { type AtomicFile, writeAtomically } from './atomic.js'

const test = suite('atomic files')
const file = (path: string, text: string, mode = 0o644): AtomicFile => ({ path, data: Buffer.from(text), mode })
const visible = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter((name) => !name.startsWith('..')).sort()
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

test('files appear through ..data, with their modes', async (t) => {
  const directory = join(await t.directory(), 'v')
  await writeAtomically(directory, [file('a', 'one'), file('deep/er/b', 'two', 0o400), file('deep/c', 'three')])
  assert.equal(await visible(directory), ['a', 'deep'])
  assert.is(await readlink(join(directory, 'a')), '..data/a')
  assert.is(await readFile(join(directory, 'deep/er/b'), 'utf8'), 'two')
  assert.is(await modeOf(join(directory, 'deep/er/b')), 0o400)
})

test('a change replaces all at once and leaves nothing of the old', async (t) => {
  const directory = join(await t.directory(), 'v')
  await writeAtomically(directory, [file('a', 'one'), file('gone', 'x')])
  const before = await readlink(join(directory, '..data'))
  await writeAtomically(directory, [file('a', 'two'), file('new', 'y')])
  assert.equal(await visible(directory), ['a', 'new'])
  assert.is(await readFile(join(directory, 'a'), 'utf8'), 'two')
  assert.not((await readdir(directory)).includes(before))
  assert.is((await readdir(directory)).length, 4, 'two names, ..data and its version')
})

type Change = (...given: unknown[]) => Promise<unknown>
/** What has come to the disk before the process was killed at the n-th change of it: every later one fails. */
async function killedAt(n: number, write: () => Promise<void>): Promise<boolean> {
  const names = ['mkdir', 'rm', 'symlink', 'rename', 'writeFile', 'chmod', 'chown'] as const
  const calls = promises as unknown as Record<(typeof names)[number], Change>
  const real = Object.fromEntries(names.map((name) => [name, calls[name]])) as typeof calls
  let count = 0
  for (const name of names) {
    calls[name] = (...given) => {
      count += 1
      return count >= n ? Promise.reject(new Error('killed')) : real[name](...given)
    }
  }
  syncBuiltinESMExports()
  try {
    await write()
    return false
  } catch (error) {
    assert.is((error as Error).message, 'killed')
    return true
  } finally {
    Object.assign(calls, real)
    syncBuiltinESMExports()
  }
}

test('killed at any step, it shows the old files or the new ones whole, and the next call ends what was begun', async (t) => {
  const old = [file('a', 'one'), file('d/same', 'x'), file('old', 'x')]
  const next = [file('a', 'two'), file('d/same', 'y'), file('new', 'z', 0o600)]
  for (let n = 1, killed = true; killed; n += 1) {
    const directory = join(await t.directory(), 'v')
    await writeAtomically(directory, old)
    killed = await killedAt(n, () => writeAtomically(directory, next))
    const seen = [await readFile(join(directory, 'a'), 'utf8'), await readFile(join(directory, 'd/same'), 'utf8')]
    assert.ok(['one x', 'two y'].includes(seen.join(' ')), `step ${n} shows ${seen}`)
    await writeAtomically(directory, next)
    assert.equal(await visible(directory), ['a', 'd', 'new'], `after a kill at step ${n}`)
    assert.is(await readFile(join(directory, 'new'), 'utf8'), 'z')
    assert.is((await readdir(directory)).length, 5, 'three names, ..data and its version')
    assert.ok(killed || n > 10, 'every change was one of the steps')
  }
})

test('a kill in the first write ever leaves nothing that the next one cannot end', async (t) => {
  for (let n = 1, killed = true; killed; n += 1) {
    const directory = join(await t.directory(), 'v')
    killed = await killedAt(n, () => writeAtomically(directory, [file('a', 'one'), file('d/b', 'two')]))
    await writeAtomically(directory, [file('a', 'one'), file('d/b', 'two')])
    assert.equal(await visible(directory), ['a', 'd'], `after a kill at step ${n}`)
  }
})

test(
  'another owner is a change',
  async (t) => {
    const directory = join(await t.directory(), 'v')
    const own = (user: number) => [{ ...file('a', 'one', 0o600), owner: { user } }]
    await writeAtomically(directory, own(1000))
    await writeAtomically(directory, own(1001))
    assert.is((await stat(join(directory, 'a'))).uid, 1001)
  },
  { requires: ['root'] },
)

test('what is the same is not written', async (t) => {
  const directory = join(await t.directory(), 'v')
  const files = [file('a', 'one'), file('d/b', 'two', 0o600)]
  await writeAtomically(directory, files)
  const before = await readlink(join(directory, '..data'))
  for (let turn = 0; turn < 10; turn += 1) await writeAtomically(directory, files)
  assert.is(await readlink(join(directory, '..data')), before)
  await writeAtomically(directory, [file('a', 'one', 0o600), file('d/b', 'two', 0o600)])
  assert.is.not(await readlink(join(directory, '..data')), before, 'another mode is a change')
})

test('what a stop half-way left is cleared by the next write', async (t) => {
  const directory = join(await t.directory(), 'v')
  await writeAtomically(directory, [file('a', 'one')])
  await mkdir(join(directory, '..version_2'))
  await symlink('..version_2', join(directory, '..data_tmp'))
  await writeAtomically(directory, [file('a', 'two')])
  assert.is(await readFile(join(directory, 'a'), 'utf8'), 'two')
  assert.not((await readdir(directory)).includes('..data_tmp'))
})

test('an empty set of files is an empty directory', async (t) => {
  const directory = join(await t.directory(), 'v')
  await writeAtomically(directory, [])
  assert.equal(await visible(directory), [])
})
