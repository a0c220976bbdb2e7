import { chmod, chown, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pod } from '../kinds/contract.js'
import { assert, createTestServices, suite, type TestContext } from '../testing/contract.js'
import type { VolumeDriver, VolumePlace, VolumeReader } from './contract.js'
import { mountsBelow, removeTree } from './mounts.js'
import { createMemory, purgePodDirectories } from './pod-directories.js'
import { createPodVolumes } from './pod-volumes.js'
import { bindTo, openBelow } from './subpaths.js'
import { container, pod } from './testing.js'
import { secretVolumes } from './volumes/api-volumes.js'
import { emptyDirVolumes } from './volumes/host-volumes.js'

const test = suite('paths below volumes')
const asRoot = { requires: ['root'] } as const

async function volume(t: TestContext) {
  const root = await t.directory()
  const [data, place] = [join(root, 'data'), join(root, 'place', '0')]
  await mkdir(data)
  t.defer(() => removeTree(place))
  return { root, data, place }
}

test('what is missing is made below what was opened, step by step', async (t) => {
  const { data } = await volume(t)
  for (let turn = 0; turn < 2; turn += 1) await (await openBelow(data, ['a', 'b'])).close()
  assert.ok((await stat(join(data, 'a', 'b'))).isDirectory())
  await (await openBelow(data, [])).close()
})

test('what is made has the mode of the volume, whatever the mask of the process is, and what was there keeps its own', async (t) => {
  const { data } = await volume(t)
  const modeOf = async (...parts: string[]) => ((await stat(join(data, ...parts))).mode & 0o7777).toString(8)
  await chmod(data, 0o3777)
  await mkdir(join(data, 'own'))
  await chmod(join(data, 'own'), 0o700)
  for (let turn = 0; turn < 2; turn += 1) await (await openBelow(data, ['own', 'a', 'b'])).close()
  assert.equal([await modeOf('own'), await modeOf('own', 'a'), await modeOf('own', 'a', 'b')], ['700', '2777', '2777'])
})

test(
  'what is made is of the group that the volume was given to',
  async (t) => {
    const { data } = await volume(t)
    await chown(data, 0, 2000)
    await chmod(data, 0o2770)
    await mkdir(join(data, 'own'))
    await chown(join(data, 'own'), 0, 0)
    await chmod(join(data, 'own'), 0o755)
    await (await openBelow(data, ['own', 'a'])).close()
    const { uid, gid, mode } = await stat(join(data, 'own', 'a'))
    assert.equal([uid, gid, mode & 0o7777], [0, 2000, 0o2770])
  },
  asRoot,
)

test('no part may be a link, wherever it leads, and nothing is made behind one', async (t) => {
  const { root, data } = await volume(t)
  await mkdir(join(root, 'outside'))
  await symlink(join(root, 'outside'), join(data, 'link'))
  await writeFile(join(data, 'file'), 'x')
  for (const parts of [['link'], ['link', 'made'], ['file', 'made']]) await assert.rejects(openBelow(data, parts))
  assert.equal(await readdir(join(root, 'outside')), [])
})

test(
  'what was opened is what is bound, whatever its name leads to by then',
  async (t) => {
    const { data, place } = await volume(t)
    const handle = await openBelow(data, ['a', 'b'])
    await writeFile(join(data, 'a', 'b', 'mine'), 'x')
    await rename(join(data, 'a'), join(data, 'moved'))
    await symlink('/etc', join(data, 'a'))
    for (let turn = 0; turn < 3; turn += 1) await bindTo(handle, place)
    await handle.close()
    assert.equal(await readdir(place), ['mine'])
    assert.is((await mountsBelow(place)).length, 1, 'once')
    await removeTree(place)
    assert.equal(await readdir(join(data, 'moved', 'b')), ['mine'], 'the data stays')
  },
  asRoot,
)

test(
  'a file that was replaced is bound anew',
  async (t) => {
    const { data, place } = await volume(t)
    const bind = async (): Promise<string> => {
      const handle = await openBelow(data, ['file'])
      await bindTo(handle, place).finally(() => handle.close())
      return readFile(place, 'utf8')
    }
    await writeFile(join(data, 'file'), 'one')
    assert.is(await bind(), 'one')
    await writeFile(join(data, 'new'), 'two')
    await rename(join(data, 'new'), join(data, 'file'))
    assert.is(await bind(), 'two')
    assert.is((await mountsBelow(place)).length, 1)
  },
  asRoot,
)

test(
  'a container that goes on swapping its directory for a link never gets what the link leads to',
  async (t) => {
    const { root, data } = await volume(t)
    await mkdir(join(root, 'outside'))
    await writeFile(join(root, 'outside', 'secret'), 'x')
    const read: VolumeReader = {
      configMap: async () => undefined,
      secret: async () => undefined,
      persistentVolumeClaim: async () => undefined,
      persistentVolume: async () => undefined,
    }
    const place: VolumePlace = { nodeName: 'one', directory: data, node: () => undefined }
    const volumes = createPodVolumes(join(root, 'pod', 'volumes'), () => [emptyDirVolumes], read, place)
    const of = pod({ volumes: [{ name: 'v', emptyDir: {} }] })
    t.defer(() => volumes.unmount(of))
    await volumes.mount(of)
    const inside = join(root, 'pod', 'volumes', 'v')
    await mkdir(join(inside, 'dir'))
    await symlink(join(root, 'outside'), join(inside, 'link'))
    let swaps = true
    const attacker = (async () => {
      while (swaps) {
        await rename(join(inside, 'dir'), join(inside, 'aside'))
        await rename(join(inside, 'link'), join(inside, 'dir'))
        await rename(join(inside, 'dir'), join(inside, 'link'))
        await rename(join(inside, 'aside'), join(inside, 'dir'))
      }
    })()
    for (let turn = 0; turn < 15; turn += 1) {
      const mounting = { volumeMounts: [{ name: 'v', mountPath: '/d', subPath: 'dir' }] }
      const mounts = await volumes.mountsOf(container(`c${turn}`, mounting), new Map()).catch(() => [])
      for (const { hostPath } of mounts) assert.equal(await readdir(hostPath), [])
    }
    swaps = false
    await attacker
    for (let turn = 0; turn < 3; turn += 1) await volumes.unmount(of)
    assert.equal(await mountsBelow(join(root, 'pod')), [])
    assert.equal(await readdir(join(root, 'outside')), ['secret'])
  },
  asRoot,
)

/** A Pod with its volumes in memory, and what its one container has mounted each time that it starts. */
async function inMemory(t: TestContext, of: Pod) {
  const node = await t.directory()
  t.defer(() => purgePodDirectories(node).then(() => undefined))
  let password = 'one'
  const read: VolumeReader = {
    configMap: async () => undefined,
    secret: async () => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, data: data() }),
    persistentVolumeClaim: async () => undefined,
    persistentVolume: async () => undefined,
  }
  const data = () => ({ password: Buffer.from(password).toString('base64') })
  const place: VolumePlace = { nodeName: 'one', directory: join(node, 'kept'), node: () => undefined }
  const drivers: readonly VolumeDriver[] = [emptyDirVolumes, secretVolumes]
  const directory = join(node, 'pods', 'u1', 'volumes')
  const memory = createMemory(node, createTestServices().log)
  const volumes = createPodVolumes(
    directory,
    () => drivers,
    read,
    place,
    async () => join(await memory(), 'u1'),
  )
  t.defer(() => volumes.unmount(of))
  return {
    node,
    volumes,
    directory,
    change: (to: string) => {
      password = to
    },
    async start(): Promise<string[]> {
      assert.is(await volumes.mount(of), undefined)
      const [main] = of.spec.containers
      if (!main) return []
      return (await volumes.mountsOf(main, new Map())).map(({ hostPath }) => hostPath)
    },
  }
}

test(
  'a file of a Secret is bound anew when its container starts again after a change, and the Pod can go',
  async (t) => {
    const of = pod({
      containers: [container('main', { volumeMounts: [{ name: 'key', mountPath: '/key', subPath: 'password' }] })],
      volumes: [{ name: 'key', secret: { secretName: 'key' } }],
    })
    const { node, volumes, change, start } = await inMemory(t, of)
    const [first = ''] = await start()
    assert.is(await readFile(first, 'utf8'), 'one')
    change('two')
    const [again = ''] = await start()
    assert.equal([again, await readFile(again, 'utf8')], [first, 'two'])
    for (let turn = 0; turn < 3; turn += 1) await volumes.unmount(of)
    assert.equal(await readdir(join(node, 'memory', 'u1')), [])
    assert.equal((await mountsBelow(join(node, 'pods'))).length, 0)
  },
  asRoot,
)

test(
  'a directory of a volume in memory keeps what is in it, however often it is bound and let go of, until the Pod goes',
  async (t) => {
    const mounts = [
      { name: 'scratch', mountPath: '/part', subPath: 'part' },
      { name: 'scratch', mountPath: '/all', subPath: './' },
    ]
    const of = pod({
      containers: [container('main', { volumeMounts: mounts })],
      volumes: [{ name: 'scratch', emptyDir: { medium: 'Memory' } }],
    })
    const { node, volumes, directory, start } = await inMemory(t, of)
    const [part = '', all = ''] = await start()
    await writeFile(join(part, 'kept'), 'x')
    await writeFile(join(all, 'other'), 'x')
    await start()
    const volume = join(directory, 'scratch')
    await rename(join(volume, 'part'), join(volume, 'moved'))
    assert.equal(await start(), [part, all], 'another directory of that name')
    assert.equal(await readdir(part), [])
    assert.equal(await readdir(join(volume, 'moved')), ['kept'])
    await removeTree(join(node, 'pods', 'u1', 'volume-subpaths'))
    assert.equal((await readdir(volume)).sort(), ['moved', 'other', 'part'])
    assert.equal(await readdir(join(volume, 'moved')), ['kept'])
    for (let turn = 0; turn < 3; turn += 1) await volumes.unmount(of)
    assert.equal(await mountsBelow(join(node, 'pods')), [])
    await assert.rejects(stat(volume), { code: 'ENOENT' })
  },
  asRoot,
)
