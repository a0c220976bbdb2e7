import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, suite, type TestContext } from '../testing/contract.js'
import { memorySource, mountsBelow, parseMountTable, removeTree } from './mounts.js'
import { podDirectory, purgePodDirectories } from './pod-directories.js'
import { runTool } from './run-tool.js'

const test = suite('mounts')
const asRoot = { requires: ['root'] } as const

async function tmpfs(t: TestContext, path: string, source: string): Promise<void> {
  await mkdir(path, { recursive: true })
  await runTool('mount', ['-t', 'tmpfs', '-o', 'size=1m', source, path])
  t.defer(() => runTool('umount', ['--lazy', path]).catch(() => undefined))
}
async function bind(t: TestContext, from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  await runTool('mount', ['--bind', from, to])
  t.defer(() => runTool('umount', ['--lazy', to]).catch(() => undefined))
}

test('the table of mounts, with names that have blanks', () => {
  const table = [
    '21 26 0:20 / /proc rw,relatime - proc proc rw',
    '30 26 0:40 /uid/a\\040key /a\\040b\\134c rw shared:1 master:2 - tmpfs davit-volume rw,size=1k',
    '',
  ].join('\n')
  assert.equal(parseMountTable(table), [
    { path: '/proc', source: 'proc', root: '/' },
    { path: '/a b\\c', source: 'davit-volume', root: '/uid/a key' },
  ])
  assert.equal(parseMountTable(''), [])
})

test('what is not there has no mounts, and can be removed', async (t) => {
  const directory = join(await t.directory(), 'none')
  assert.equal(await mountsBelow(directory), [])
  for (let turn = 0; turn < 3; turn += 1) await removeTree(directory)
})

test(
  'what lies behind a mount stays when the directory goes',
  async (t) => {
    const root = await t.directory()
    const data = join(root, 'data')
    await mkdir(data)
    await writeFile(join(data, 'precious'), 'x')
    const pod = join(root, 'a pod')
    await tmpfs(t, join(pod, 'foreign'), 'theirs')
    await writeFile(join(pod, 'foreign', 'theirs'), 'x')
    await bind(t, join(pod, 'foreign'), join(root, 'kept'))
    await bind(t, data, join(pod, 'volumes', 'disk'))
    await bind(t, data, join(pod, 'foreign', 'deeper'))
    await tmpfs(t, join(pod, 'volumes', 'disk'), memorySource)
    await tmpfs(t, `${pod}-other`, memorySource)
    await writeFile(join(`${pod}-other`, 'file'), 'x')
    await removeTree(pod)
    await assert.rejects(stat(pod), { code: 'ENOENT' })
    assert.is(await readFile(join(data, 'precious'), 'utf8'), 'x')
    assert.equal(await readdir(join(root, 'kept')), ['deeper', 'theirs'], "what is another's is not emptied")
    assert.equal(await readdir(`${pod}-other`), ['file'], 'a name that begins alike is another place')
  },
  asRoot,
)

test(
  'memory is emptied also for those who have a copy of the mount',
  async (t) => {
    const root = await t.directory()
    await tmpfs(t, join(root, 'v'), memorySource)
    await writeFile(join(root, 'v', 'token'), 'secret')
    await bind(t, join(root, 'v'), join(root, 'copy'))
    await removeTree(join(root, 'v'))
    assert.equal(await readdir(join(root, 'copy')), [])
  },
  asRoot,
)

test(
  'a purge of a node removes the files of all its Pods and nothing else, and may be repeated',
  async (t) => {
    const node = await t.directory()
    const data = join(node, 'volumes', 'pvc-1')
    await mkdir(data, { recursive: true })
    await writeFile(join(data, 'kept'), 'x')
    for (const uid of ['one', 'two']) {
      const secrets = join(podDirectory(node, uid), 'volumes', 'key')
      await mkdir(secrets, { recursive: true })
      await writeFile(join(secrets, 'password'), 'x')
    }
    await tmpfs(t, join(podDirectory(node, 'one'), 'volumes', 'memory'), memorySource)
    await bind(t, data, join(podDirectory(node, 'two'), 'volume-subpaths', 'data', '0'))
    assert.is(await purgePodDirectories(node), 2)
    assert.equal(await readdir(node), ['volumes'])
    assert.equal(await readdir(data), ['kept'])
    assert.is(await purgePodDirectories(node), 0)
  },
  asRoot,
)
