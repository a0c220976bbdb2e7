import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConfigMap, Secret, Volume } from '../../kinds/contract.js'
import { assert, suite, type TestContext } from '../../testing/contract.js'
import type { VolumeDriver, VolumePlace, VolumeReader } from '../contract.js'
import { createPodVolumes } from '../pod-volumes.js'
import { container, pod } from '../testing.js'
import { configMapVolumes, downwardVolumes, projectedVolumes, secretVolumes } from './api-volumes.js'
import { emptyDirVolumes, hostPathVolumes } from './host-volumes.js'

const test = suite('volumes')
const drivers = [configMapVolumes, downwardVolumes, emptyDirVolumes, hostPathVolumes, projectedVolumes, secretVolumes]
const visible = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter((name) => !name.startsWith('..')).sort()
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

const binary = Buffer.from([0, 255, 10, 13, 128])
const configMap: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'default' },
  data: { a: 'one', b: 'two' },
  binaryData: { raw: binary.toString('base64') },
}
const secret: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'key', namespace: 'default' },
  data: { p: binary.toString('base64') },
}
const read: VolumeReader = {
  configMap: async (_namespace, name) => (name === 'settings' ? configMap : undefined),
  secret: async (_namespace, name) => (name === 'key' ? secret : undefined),
  persistentVolumeClaim: async () => undefined,
  persistentVolume: async () => undefined,
}
const place: VolumePlace = { nodeName: 'one', directory: '/nowhere', node: () => undefined }

async function mount(
  t: TestContext,
  driver: VolumeDriver,
  source: Partial<Volume>,
  of = pod({}, undefined, { labels: { app: 'web' } }),
) {
  const directory = join(await t.directory(), 'v')
  const request = { pod: of, volume: { name: 'v', ...source }, directory, read, place }
  t.defer(() => driver.unmount(request))
  const result = await driver.mount(request)
  return { result, directory, again: () => driver.mount(request), unmount: () => driver.unmount(request) }
}

test('a ConfigMap: all keys, bytes exact', async (t) => {
  const { directory } = await mount(t, configMapVolumes, { configMap: { name: 'settings', defaultMode: 0o600 } })
  assert.equal(await visible(directory), ['a', 'b', 'raw'])
  assert.ok((await readFile(join(directory, 'raw'))).equals(binary))
  assert.is(await modeOf(join(directory, 'a')), 0o600)
})

test('a ConfigMap: chosen keys under other paths, with modes of their own', async (t) => {
  const items = [
    { key: 'a', path: 'etc/first', mode: 0o440 },
    { key: 'b', path: 'second' },
  ]
  const { directory } = await mount(t, configMapVolumes, { configMap: { name: 'settings', items } })
  assert.equal(await visible(directory), ['etc', 'second'])
  assert.is(await modeOf(join(directory, 'etc/first')), 0o440)
  assert.is(await modeOf(join(directory, 'second')), 0o644)
})

const waits: readonly [string, VolumeDriver, Partial<Volume>, string][] = [
  ['a ConfigMap', configMapVolumes, { configMap: { name: 'none' } }, 'configmap "none" not found'],
  [
    'its key',
    configMapVolumes,
    { configMap: { name: 'settings', items: [{ key: 'x', path: 'x' }] } },
    'non-existent config key: x',
  ],
  ['a Secret', secretVolumes, { secret: { secretName: 'none' } }, 'secret "none" not found'],
  ['its key', secretVolumes, { secret: { secretName: 'key', items: [{ key: 'x', path: 'x' }] } }, 'non-existent secret key: x'],
  ['a part', projectedVolumes, { projected: { sources: [{ configMap: { name: 'none' } }] } }, 'configmap "none" not found'],
  [
    'a field',
    downwardVolumes,
    { downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'spec.x' } }] } },
    'unsupported field',
  ],
]
for (const [what, driver, source, message] of waits) {
  test(`${driver.source}: waits for ${what} that is missing`, async (t) => {
    const { result } = await mount(t, driver, source)
    assert.ok('wait' in result)
    assert.match('wait' in result ? result.wait : '', message)
  })
}

test('what is optional and missing is empty', async (t) => {
  const first = await mount(t, configMapVolumes, { configMap: { name: 'none', optional: true } })
  assert.equal(await visible(first.directory), [])
  const items = [
    { key: 'x', path: 'x' },
    { key: 'p', path: 'p' },
  ]
  const second = await mount(t, secretVolumes, { secret: { secretName: 'key', optional: true, items } })
  assert.equal(await visible(second.directory), ['p'])
})

test('a projected volume joins its sources', async (t) => {
  const sources = [
    { configMap: { name: 'settings', items: [{ key: 'a', path: 'settings/a' }] } },
    { secret: { name: 'key' } },
    { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
  ]
  const { directory } = await mount(t, projectedVolumes, { projected: { sources } })
  assert.equal(await visible(directory), ['labels', 'p', 'settings'])
  assert.is(await readFile(join(directory, 'labels'), 'utf8'), 'app="web"')
})

test("emptyDir is everybody's, is kept by a second mount, and goes", async (t) => {
  const { directory, again, unmount } = await mount(t, emptyDirVolumes, { emptyDir: {} })
  assert.is(await modeOf(directory), 0o777)
  await writeFile(join(directory, 'kept'), 'x')
  await again()
  assert.equal(await readdir(directory), ['kept'])
  for (let turn = 0; turn < 10; turn += 1) await unmount()
  await assert.rejects(stat(directory), { code: 'ENOENT' })
})

test('hostPath checks or makes what its type says', async (t) => {
  const root = await t.directory()
  await writeFile(join(root, 'file'), 'x')
  const at = async (name: string, type: string | undefined): Promise<string> => {
    const path = join(root, name)
    const { result } = await mount(t, hostPathVolumes, { hostPath: { path, ...(type === undefined ? {} : { type }) } })
    return 'wait' in result ? 'waits' : (await stat(path)).isDirectory() ? 'directory' : 'file'
  }
  assert.is(await at('file', 'File'), 'file')
  assert.is(await at('file', 'Directory'), 'waits')
  assert.is(await at('none', 'Directory'), 'waits')
  assert.is(await at('none', 'Socket'), 'waits')
  assert.is(await at('made/dir', 'DirectoryOrCreate'), 'directory')
  assert.is(await at('made/file', 'FileOrCreate'), 'file')
  assert.is(await at('plain', undefined), 'directory')
  assert.is(await readFile(join(root, 'file'), 'utf8'), 'x')
})

test('unmounting a hostPath leaves it alone', async (t) => {
  const path = await t.directory()
  const { unmount } = await mount(t, hostPathVolumes, { hostPath: { path } })
  await unmount()
  assert.ok((await stat(path)).isDirectory())
})

test('every driver can unmount what it never mounted', async (t) => {
  for (const driver of drivers) {
    await driver.unmount({ pod: pod(), volume: { name: 'v' }, directory: join(await t.directory(), 'v'), read, place })
  }
})

async function mountedPod(t: TestContext) {
  const volumes = createPodVolumes(join(await t.directory(), 'volumes'), () => drivers, read, place)
  const of = pod({ volumes: [{ name: 'data', emptyDir: {} }, { name: 'bare' }, { name: 'cm', configMap: { name: 'settings' } }] })
  t.defer(() => volumes.unmount(of))
  assert.is(await volumes.mount(of), undefined)
  const mountsOf = (more: object) =>
    volumes.mountsOf(container('main', { volumeMounts: [{ name: 'data', mountPath: '/d', ...more }] }), new Map([['SUB', 'x/y']]))
  return { volumes, of, mountsOf }
}

test('mounts of a container: whole, below a path, and below one from a variable', async (t) => {
  const { mountsOf } = await mountedPod(t)
  const [whole] = await mountsOf({})
  const [below] = await mountsOf({ subPath: 'a/b', readOnly: true })
  const isSame = async (path: string, other: string): Promise<boolean> => (await stat(path)).ino === (await stat(other)).ino
  assert.ok(await isSame(below?.hostPath ?? '', join(whole?.hostPath ?? '', 'a/b')))
  assert.is(below?.readOnly, true)
  const [expanded] = await mountsOf({ subPathExpr: '$(SUB)' })
  assert.ok(await isSame(expanded?.hostPath ?? '', join(whole?.hostPath ?? '', 'x/y')))
})

test('no mount leads out of its volume', async (t) => {
  const { mountsOf } = await mountedPod(t)
  const [whole] = await mountsOf({})
  await symlink('/etc', join(whole?.hostPath ?? '', 'link'))
  for (const more of [
    { subPath: '../x' },
    { subPath: '/etc' },
    { subPath: 'link' },
    { subPath: 'link/davit-must-not-make-this/either' },
    { subPathExpr: '$(NONE)' },
    { name: 'unknown' },
  ]) {
    const error = await assert.rejects(mountsOf(more))
    assert.is((error as Error & { problem?: string }).problem, 'CreateContainerConfigError')
  }
  await assert.rejects(stat('/etc/davit-must-not-make-this'), { code: 'ENOENT' })
})

test('a file of a ConfigMap can be mounted alone', async (t) => {
  const { volumes } = await mountedPod(t)
  const [only] = await volumes.mountsOf(
    container('main', { volumeMounts: [{ name: 'cm', mountPath: '/f', subPath: 'a' }] }),
    new Map(),
  )
  assert.is(await readFile(only?.hostPath ?? '', 'utf8'), 'one')
})

test('unmounting removes all, and may be repeated', async (t) => {
  const { volumes, of, mountsOf } = await mountedPod(t)
  const [whole] = await mountsOf({})
  for (let turn = 0; turn < 10; turn += 1) await volumes.unmount(of)
  await assert.rejects(stat(whole?.hostPath ?? ''), { code: 'ENOENT' })
})

test('a disk that refuses is something to wait for, in its words', async (t) => {
  const root = await t.directory()
  await writeFile(join(root, 'volumes'), 'a file in the way')
  const volumes = createPodVolumes(join(root, 'volumes', 'x'), () => drivers, read, place)
  const refusal = await volumes.mount(pod({ volumes: [{ name: 'data', emptyDir: {} }] }))
  assert.match(refusal?.wait ?? '', 'ENOTDIR')
})

const tokenSource = { serviceAccountToken: { path: 'token', audience: 'vault' } }
const withTokens: VolumeReader = {
  ...read,
  serviceAccountToken: async (of, { audience }) => Buffer.from(`${of.metadata.name} for ${audience}`),
}
async function mountToken(t: TestContext, spec: Parameters<typeof pod>[0] = {}, reader = withTokens) {
  const directory = join(await t.directory(), 'v')
  const sources = [tokenSource, { configMap: { name: 'settings', items: [{ key: 'a', path: 'ca.crt' }] } }]
  const volume = { name: 'v', projected: { sources } }
  const request = { pod: pod(spec), volume, directory, read: reader, place }
  t.defer(() => projectedVolumes.unmount(request))
  return { directory, result: await projectedVolumes.mount(request) }
}

test('a token lies beside what else is projected', async (t) => {
  const { directory, result } = await mountToken(t)
  assert.equal(result, { path: directory, readOnly: true })
  assert.equal(await visible(directory), ['ca.crt', 'token'])
  assert.is(await readFile(join(directory, 'token'), 'utf8'), `${pod().metadata.name} for vault`)
})

test('where nobody can ask for tokens, or none is given, the Pod waits', async (t) => {
  const { result } = await mountToken(t, {}, read)
  assert.equal(result, { wait: 'this node cannot ask for tokens of service accounts' })
  const refusing = { ...read, serviceAccountToken: () => Promise.reject(new Error('serviceaccounts "x" not found')) }
  const volumes = createPodVolumes(await t.directory(), () => drivers, refusing, place)
  const refusal = await volumes.mount(pod({ volumes: [{ name: 'v', projected: { sources: [tokenSource] } }] }))
  assert.equal(refusal, { wait: 'MountVolume.SetUp failed for volume "v" : serviceaccounts "x" not found' })
})

test(
  'a token is for who needs it: the one user of all containers, or a group',
  async (t) => {
    const as = (runAsUser: number | undefined) =>
      container('c', runAsUser === undefined ? {} : { securityContext: { runAsUser } })
    const facts = async (spec: Parameters<typeof pod>[0]) => {
      const { mode, uid, gid } = await stat(join((await mountToken(t, spec)).directory, 'token'))
      return [(mode & 0o777).toString(8), uid, gid]
    }
    assert.equal(await facts({ containers: [as(undefined)] }), ['644', 0, 0])
    assert.equal(await facts({ containers: [as(1000)] }), ['600', 1000, 0])
    assert.equal(await facts({ containers: [as(1000), as(1001)] }), ['644', 0, 0])
    assert.equal(await facts({ containers: [as(1000), as(undefined)] }), ['644', 0, 0])
    assert.equal(await facts({ containers: [as(undefined)], initContainers: [as(7)], securityContext: { runAsUser: 7 } }), [
      '600',
      7,
      0,
    ])
    assert.equal(await facts({ containers: [as(1000)], securityContext: { fsGroup: 2000 } }), ['640', 1000, 2000])
    assert.equal(await facts({ containers: [as(undefined)], securityContext: { fsGroup: 2000 } }), ['640', 0, 2000])
  },
  { requires: ['root'] },
)

test('a Pod stays as long as the plugin that mounted its volume is not here', async (t) => {
  const calls: string[] = []
  const flex: VolumeDriver = {
    source: 'flexVolume',
    mount: async () => ({ path: '/x' }),
    unmount: async ({ volume }) => void calls.push(volume.name),
  }
  let present: readonly VolumeDriver[] = drivers
  const volumes = createPodVolumes(join(await t.directory(), 'volumes'), () => present, read, place)
  const of = pod({
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'flex', flexVolume: { driver: 'x' } },
    ],
  })
  assert.match((await volumes.mount(of))?.wait ?? '', 'no plugin serves volumes of type flexVolume')
  await volumes.unmount(of)
  present = [...drivers, flex]
  assert.is(await volumes.mount(of), undefined)
  present = drivers
  for (let turn = 0; turn < 2; turn += 1) {
    const { message } = await assert.rejects(volumes.unmount(of))
    assert.is(message, 'volume "flex" cannot be unmounted: no plugin of this node serves volumes of type flexVolume now')
  }
  present = [...drivers, flex]
  await volumes.unmount(of)
  present = drivers
  await volumes.unmount(of)
  assert.equal(calls, ['flex'])
})
