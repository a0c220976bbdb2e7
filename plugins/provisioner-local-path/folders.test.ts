import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PersistentVolume, Pod } from '@davit/core/kinds'
import type { VolumePlace } from '@davit/core/node'
import { assert, suite, type TestContext } from '@davit/core/testing'
import { folders } from './folders.js'

const test = suite('local-path folders')

const madeBy = { 'pv.kubernetes.io/provisioned-by': 'davit.dev/local-path' }
const volume = (path: string, name = 'pvc-1', policy = 'Delete'): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, annotations: madeBy },
  spec: { local: { path }, persistentVolumeReclaimPolicy: policy },
})

async function node(t: TestContext) {
  const root = await t.directory()
  const place: VolumePlace = { nodeName: 'one', directory: join(root, 'volumes'), node: () => undefined }
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [] } }
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: {} }
  const read = {
    configMap: async () => undefined,
    secret: async () => undefined,
    persistentVolumeClaim: async () => undefined,
    persistentVolume: async () => undefined,
  }
  const mount = (persistentVolume: PersistentVolume) =>
    folders.mount({ pod, claim, read, place, persistentVolume, volume: { name: 'v' }, directory: join(root, 'pod') })
  const remove = async (persistentVolume: PersistentVolume) => folders.removal?.remove(persistentVolume, place)
  return { root, own: join(root, 'volumes', 'pvc-1'), mount, remove }
}

test('serves the volumes of its provisioner alone', () => {
  assert.ok(folders.serves(volume('/x')))
  assert.not(folders.serves({ ...volume('/x'), metadata: { name: 'pvc-1' } }))
  assert.not(folders.serves({ ...volume('/x'), spec: { hostPath: { path: '/x' } } }))
})

test('the folder is made once, is everybody’s, and keeps what is in it', async (t) => {
  const { own, mount } = await node(t)
  assert.equal(await mount(volume(own)), { path: own })
  assert.is((await stat(own)).mode & 0o777, 0o777)
  await writeFile(join(own, 'kept'), 'x')
  await mount(volume(own))
  assert.is(await readFile(join(own, 'kept'), 'utf8'), 'x')
})

test('the folder goes with all that is in it, and may go twice', async (t) => {
  const { root, own, mount, remove } = await node(t)
  await mount(volume(own))
  await mkdir(join(own, 'deep', 'er'), { recursive: true })
  await writeFile(join(root, 'outside'), 'x')
  await symlink(join(root, 'outside'), join(own, 'link'))
  for (let turn = 0; turn < 3; turn += 1) await remove(volume(own))
  assert.equal(await readdir(join(root, 'volumes')), [])
  assert.is(await readFile(join(root, 'outside'), 'utf8'), 'x', 'what a link points to is not followed')
})

test('the data of a volume that is to be kept stays', async (t) => {
  const { own, mount, remove } = await node(t)
  await mount(volume(own))
  await remove(volume(own, 'pvc-1', 'Retain'))
  assert.ok((await stat(own)).isDirectory())
})

test('no other path is made or removed, whatever the volume says', async (t) => {
  const { root, mount, remove } = await node(t)
  await mkdir(join(root, 'precious'))
  const paths = [
    join(root, 'precious'),
    join(root, 'volumes'),
    join(root, 'volumes', 'pvc-2'),
    join(root, 'volumes', 'pvc-1', 'x'),
  ]
  for (const path of [...paths, join(root, 'volumes', 'pvc-1', '..', '..', 'precious'), '/', '']) {
    const answer = await mount(volume(path))
    assert.match('wait' in answer ? answer.wait : '', 'is no folder of a volume of node "one"')
    await assert.rejects(remove(volume(path)))
  }
  await assert.rejects(remove(volume(join(root, 'precious'), '../precious')))
  assert.ok((await stat(join(root, 'precious'))).isDirectory())
  await assert.rejects(stat(join(root, 'volumes', 'pvc-2')), { code: 'ENOENT' })
})
