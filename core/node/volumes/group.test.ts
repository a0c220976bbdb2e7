import { chmod, chown, lstat, mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, suite, type TestContext } from '../../testing/contract.js'
import { giveToGroup } from './group.js'

const test = suite('groups of volumes')
const asRoot = { requires: ['root'] } as const
const group = 2000

async function volume(t: TestContext) {
  const root = await t.directory()
  const [data, outside] = [join(root, 'data'), join(root, 'outside')]
  for (const each of [data, outside]) await mkdir(each)
  await writeFile(join(outside, 'secret'), 'x', { mode: 0o600 })
  const facts = async (path: string) => {
    const { gid, mode } = await lstat(path)
    return [gid, (mode & 0o7777).toString(8)]
  }
  return { root, data, outside, facts }
}

test(
  'files and directories become the group’s, links do not lead to others, and it may be repeated',
  async (t) => {
    const { data, outside, facts } = await volume(t)
    await mkdir(join(data, 'a', 'b'), { recursive: true })
    await writeFile(join(data, 'a', 'b', 'file'), 'x', { mode: 0o600 })
    for (const path of [data, join(data, 'a'), join(data, 'a', 'b')]) await chmod(path, 0o755)
    await symlink(join(outside, 'secret'), join(data, 'link'))
    await symlink(outside, join(data, 'a', 'directory'))
    for (let turn = 0; turn < 3; turn += 1) await giveToGroup(data, group, false)
    for (const path of [data, join(data, 'a'), join(data, 'a', 'b')]) assert.equal(await facts(path), [group, '2775'], path)
    assert.equal(await facts(join(data, 'a', 'b', 'file')), [group, '660'])
    assert.is((await lstat(join(data, 'link'))).gid, group, 'the link itself')
    assert.equal(await facts(join(outside, 'secret')), [0, '600'])
    assert.is((await stat(outside)).gid, 0)
  },
  asRoot,
)

test(
  'a directory that is the group’s already is believed, where the Pod wants that',
  async (t) => {
    const { data, facts } = await volume(t)
    await writeFile(join(data, 'file'), 'x', { mode: 0o600 })
    await chown(data, 0, group)
    await chmod(data, 0o2770)
    await giveToGroup(data, group, true)
    assert.equal(await facts(join(data, 'file')), [0, '600'])
    await chmod(data, 0o2750)
    await giveToGroup(data, group, true)
    assert.equal(await facts(join(data, 'file')), [group, '660'])
  },
  asRoot,
)

test(
  'what another Pod removes, or swaps for a link, meanwhile does no harm',
  async (t) => {
    const { data, outside, facts } = await volume(t)
    for (let n = 0; n < 40; n += 1) await writeFile(join(data, `kept${n}`), 'x')
    let goesOn = true
    const other = (async () => {
      for (let n = 0; goesOn; n += 1) {
        const [path, aside] = [join(data, `m${n % 10}`), join(data, `aside${n % 10}`)]
        await mkdir(join(path, 'deep'), { recursive: true })
        await writeFile(join(path, 'deep', 'file'), 'x')
        await rename(path, aside)
        await symlink(join(outside, 'secret'), path)
        await rm(path)
        await rm(aside, { recursive: true })
        await writeFile(path, 'x')
        await rm(path)
      }
    })()
    try {
      for (let turn = 0; turn < 30; turn += 1) await giveToGroup(data, group, false)
    } finally {
      goesOn = false
      await other
    }
    assert.equal(await facts(join(outside, 'secret')), [0, '600'])
    for (let n = 0; n < 40; n += 1) assert.is((await stat(join(data, `kept${n}`))).gid, group)
  },
  asRoot,
)

test('a volume that is not there is an error', async (t) => {
  await assert.rejects(giveToGroup(join(await t.directory(), 'none'), group, false), { code: 'ENOENT' })
})
