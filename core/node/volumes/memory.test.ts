import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConfigMap, EmptyDirVolumeSource, Secret } from '../../kinds/contract.js'
import { assert, createTestServices, suite, type TestContext } from '../../testing/contract.js'
import type { VolumePlace, VolumeReader } from '../contract.js'
import { mountsBelow, unmountBelow } from '../mounts.js'
import { createMemory, purgePodDirectories, removePodDirectories } from '../pod-directories.js'
import { createPodVolumes } from '../pod-volumes.js'
import { container, pod } from '../testing.js'
import { configMapVolumes, secretVolumes } from './api-volumes.js'
import { emptyDirVolumes } from './host-volumes.js'
import { memoryOf } from './memory.js'

const test = suite('volumes in memory')
const drivers = [configMapVolumes, secretVolumes]
const binary = Buffer.from([0, 255, 10, 13, 128])
const settings: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: 'one' } }
const key: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, data: { p: binary.toString('base64') } }
const read: VolumeReader = {
  configMap: async () => settings,
  secret: async () => key,
  persistentVolumeClaim: async () => undefined,
  persistentVolume: async () => undefined,
}
const place: VolumePlace = { nodeName: 'one', directory: '/nowhere', node: () => undefined }
const { log } = createTestServices()
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

async function mount(t: TestContext, source: { readonly emptyDir: EmptyDirVolumeSource }) {
  const directory = join(await t.directory(), 'v')
  const request = { pod: pod(), volume: { name: 'v', ...source }, directory, read, place }
  t.defer(() => emptyDirVolumes.unmount(request))
  const result = await emptyDirVolumes.mount(request)
  return { result, directory, again: () => emptyDirVolumes.mount(request), unmount: () => emptyDirVolumes.unmount(request) }
}

const withMemory = (memory: string): VolumePlace => ({
  ...place,
  node: () => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {}, status: { allocatable: { memory } } }),
})
const limited = (...limits: (string | undefined)[]) =>
  pod({ containers: limits.map((memory, n) => container(`c${n}`, memory ? { resources: { limits: { memory } } } : {})) })

test('memory for an emptyDir: the least of its limit, of the Pod and of the node', () => {
  const of = (sizeLimit: string | undefined, node: string, limits: (string | undefined)[]) =>
    memoryOf({
      pod: limited(...limits),
      volume: { name: 'v', emptyDir: { medium: 'Memory', ...(sizeLimit && { sizeLimit }) } },
      directory: '/x',
      read,
      place: withMemory(node),
    })
  assert.is(of('1Mi', '1Gi', [undefined]), 2 ** 20)
  assert.is(of(undefined, '1Gi', [undefined]), 2 ** 30)
  assert.is(of('1Gi', '2Gi', ['1Mi', '2Mi']), 3 * 2 ** 20)
  assert.is(of('0', '2Gi', ['1Mi', undefined]), 2 ** 31, 'a container without limit may use all')
})

test('an emptyDir of pages that the node does not have is refused in words', async (t) => {
  const { result } = await mount(t, { emptyDir: { medium: 'HugePages-2Mi' } })
  assert.equal(result, { wait: 'this node has no emptyDir of medium "HugePages-2Mi"' })
})

test(
  'an emptyDir in memory holds what it may and no more, is mounted once, and is empty to all when it goes',
  async (t) => {
    const { directory, again, unmount } = await mount(t, { emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } })
    const [only] = await mountsBelow(directory)
    assert.equal(only, { path: directory, source: 'davit-volume', root: '/' })
    assert.is(await modeOf(directory), 0o777)
    await writeFile(join(directory, 'kept'), 'x')
    await assert.rejects(writeFile(join(directory, 'big'), Buffer.alloc(2 ** 21)), { code: 'ENOSPC' })
    // As another agent does that finds the Pod.
    for (let turn = 0; turn < 3; turn += 1) await again()
    assert.is((await mountsBelow(directory)).length, 1)
    assert.is(await readFile(join(directory, 'kept'), 'utf8'), 'x')
    for (let turn = 0; turn < 3; turn += 1) await unmount()
    assert.equal(await mountsBelow(directory), [])
    await assert.rejects(stat(directory), { code: 'ENOENT' })
  },
  { requires: ['root'] },
)

test(
  'a directory with files that an agent without rights made is not hidden by a mount',
  async (t) => {
    const directory = join(await t.directory(), 'v')
    await mkdir(directory)
    await writeFile(join(directory, 'kept'), 'x')
    const request = { pod: pod(), volume: { name: 'v', emptyDir: { medium: 'Memory' } }, directory, read, place }
    await emptyDirVolumes.mount(request)
    assert.equal(await readdir(directory), ['kept'])
    assert.equal(await mountsBelow(directory), [])
  },
  { requires: ['root'] },
)

test(
  'what comes from the API lies in memory, in one mount for all Pods, and is found again',
  async (t) => {
    const node = await t.directory()
    t.defer(() => purgePodDirectories(node).then(() => undefined))
    const volumesOf = (uid: string, memory = createMemory(node, log)) =>
      createPodVolumes(
        join(node, 'pods', uid, 'volumes'),
        () => drivers,
        read,
        place,
        async () => join(await memory(), uid),
      )
    const shared = createMemory(node, log)
    const of = pod({
      volumes: [
        { name: 'key', secret: { secretName: 'key' } },
        { name: 'cm', configMap: { name: 'settings' } },
      ],
    })
    await Promise.all(['one', 'two'].map((uid) => volumesOf(uid, shared).mount(of)))
    assert.is(await volumesOf('one').mount(of), undefined, 'another agent')
    assert.is((await mountsBelow(node)).length, 1)
    const text = await readFile('/proc/self/mountinfo', 'utf8')
    assert.match(text, new RegExp(`${node}/memory .* - tmpfs davit-volume`))
    assert.equal((await readdir(join(node, 'memory', 'one'))).sort(), ['cm', 'key'])
    assert.equal(await readFile(join(node, 'memory', 'two', 'key', 'p')), binary)
    await removePodDirectories(node, 'one')
    assert.equal(await readdir(join(node, 'memory')), ['two'])
    await removePodDirectories(node, 'two')
    assert.equal(await readdir(join(node, 'memory')), [])
    assert.is(await purgePodDirectories(node), 0)
    assert.equal(await mountsBelow(node), [])
    assert.equal(await readdir(node), [])
  },
  { requires: ['root'] },
)

test(
  'memory that somebody has unmounted is mounted again, once for all who ask',
  async (t) => {
    const node = await t.directory()
    t.defer(() => purgePodDirectories(node).then(() => undefined))
    const { log, lines } = createTestServices()
    const memory = createMemory(node, log)
    for (let turn = 0; turn < 3; turn += 1) {
      await Promise.all(Array.from({ length: 5 }, memory))
      assert.is((await mountsBelow(node)).length, 1)
      await unmountBelow(node)
    }
    assert.equal(lines, [])
  },
  { requires: ['root'] },
)

test('that Secrets lie on a disk is told once, with the reason', async (t) => {
  const node = await t.directory()
  await mkdir(join(node, 'memory', 'uid'), { recursive: true })
  const { log, lines } = createTestServices()
  const memory = createMemory(node, log)
  for (let turn = 0; turn < 3; turn += 1) assert.is(await memory(), join(node, 'memory'))
  assert.equal(
    lines.map(({ level }) => level),
    ['warn'],
  )
  const { reason } = lines[0]?.fields ?? {}
  assert.match(String(reason), /^(there are files in the directory already|this process may not mount)$/)
  assert.equal(await mountsBelow(node), [])
})

test(
  'a Pod of a Davit that kept Secrets beside all other volumes goes on getting their changes there, until it goes',
  async (t) => {
    const node = await t.directory()
    t.defer(() => purgePodDirectories(node).then(() => undefined))
    const directory = join(node, 'pods', 'u1', 'volumes')
    const memory = createMemory(node, log)
    const configMap = { name: 'cm', configMap: { name: 'settings' } }
    const of = pod({ volumes: [configMap, { name: 'key', secret: { secretName: 'key' } }] })
    let value = 'one'
    const changing: VolumeReader = { ...read, configMap: async () => ({ ...settings, data: { a: value } }) }
    await createPodVolumes(directory, () => [configMapVolumes], changing, place).mount(pod({ volumes: [configMap] }))
    value = 'two'
    const now = createPodVolumes(
      directory,
      () => drivers,
      changing,
      place,
      async () => join(await memory(), 'u1'),
    )
    // Of a place that was in memory itself, a machine that began anew has left the bare directory.
    await mkdir(join(directory, 'key'))
    for (let turn = 0; turn < 2; turn += 1) assert.is(await now.mount(of), undefined)
    assert.is(await readFile(join(directory, 'cm', 'a'), 'utf8'), 'two')
    assert.equal(await readdir(join(node, 'memory', 'u1')), ['key'])
    assert.equal(await readdir(join(directory, 'key')), [])
    for (let turn = 0; turn < 2; turn += 1) await now.unmount(of)
    assert.equal(await readdir(directory), ['key'])
    assert.equal(await readdir(join(node, 'memory', 'u1')), [])
  },
  { requires: ['root'] },
)
