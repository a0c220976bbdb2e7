import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../kinds/contract.js'
import { assert, suite, type TestContext } from '../../testing/contract.js'
import type { PersistentVolumeDriver, VolumeRequest } from '../contract.js'
import { createPodVolumes } from '../pod-volumes.js'
import { sourceNames } from '../sources.js'
import { container, pod } from '../testing.js'
import { claimVolumes } from './claim-volumes.js'

const test = suite('claim volumes')

type Claim = Partial<PersistentVolumeClaim['spec']>
const claim = (spec: Claim = {}, more: Partial<PersistentVolumeClaim['metadata']> = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'default', uid: 'c1', ...more },
  spec: { volumeName: 'disk', ...spec },
  status: { phase: 'Bound' },
})
const disk = (spec: PersistentVolume['spec']): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'disk' },
  spec: { claimRef: { namespace: 'default', name: 'data', uid: 'c1' }, ...spec },
})
const onNode = (name: string): PersistentVolume['spec']['nodeAffinity'] => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'host', operator: 'In', values: [name] }] }] },
})
const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one', labels: { host: 'one' } }, spec: {} }

interface World {
  readonly claim?: PersistentVolumeClaim
  readonly disk?: PersistentVolume
  readonly drivers?: readonly PersistentVolumeDriver[]
  readonly volume?: Omit<Volume, 'name'>
  readonly node?: Node
  readonly pods?: readonly Pod[]
}
const usual = { persistentVolumeClaim: { claimName: 'data' } }

async function volumesOf(t: TestContext, world: World) {
  const root = await t.directory()
  const read = {
    configMap: async () => undefined,
    secret: async () => undefined,
    persistentVolumeClaim: async () => world.claim,
    persistentVolume: async () => world.disk,
  }
  const place = {
    nodeName: 'one',
    directory: join(root, 'kept'),
    node: () => world.node,
    ...(world.pods && { pods: () => world.pods ?? [] }),
  }
  const drivers = claimVolumes(() => world.drivers ?? [])
  const of = pod({ volumes: [{ name: 'v', ...(world.volume ?? usual) }] })
  return { of, root, volumes: createPodVolumes(join(root, 'volumes'), () => drivers, read, place) }
}
async function waitOf(t: TestContext, world: World): Promise<string> {
  const { of, volumes } = await volumesOf(t, world)
  return (await volumes.mount(of))?.wait.replace('MountVolume.SetUp failed for volume "v" : ', '') ?? 'mounted'
}
async function mountOf(t: TestContext, world: World) {
  const { of, volumes } = await volumesOf(t, world)
  assert.is(await volumes.mount(of), undefined)
  const [mount] = await volumes.mountsOf(container('c', { volumeMounts: [{ name: 'v', mountPath: '/d' }] }), new Map())
  return mount
}

const local = { local: { path: '/davit-is-not-here' } }
const going = { deletionTimestamp: '2024-01-01T00:00:00Z' }
const waits: readonly [string, World, string][] = [
  ['is not there', {}, 'failed to fetch PVC from API server: persistentvolumeclaims "data" not found'],
  ['is not bound', { claim: { ...claim(), status: { phase: 'Pending' } } }, 'PVC is not bound'],
  ['names no volume yet', { claim: claim({ volumeName: undefined }) }, 'PVC is not bound'],
  ['is being deleted', { claim: claim({}, going), disk: disk(local) }, 'PVC is being deleted'],
  ['has lost its volume', { claim: claim() }, 'failed to fetch PV "disk" from API server: persistentvolumes "disk" not found'],
  [
    "has another's volume",
    { claim: claim(), disk: disk({ ...local, claimRef: { namespace: 'default', name: 'data', uid: 'c0' } }) },
    'PV "disk" is bound to another claim',
  ],
  [
    'is a block device',
    { claim: claim({ volumeMode: 'Block' }), disk: disk(local) },
    'block volumes are not served by this node',
  ],
]
for (const [what, world, expected] of waits) {
  test(`waits for a claim that ${what}`, async (t) => {
    assert.is(await waitOf(t, world), `error processing PVC default/data: ${expected}`)
  })
}

test('a volume for one Pod alone is that of the first that the node took', async (t) => {
  const alone = { hostPath: { path: '/' }, accessModes: ['ReadWriteOncePod' as const] }
  const using = (uid: string, volume: Omit<Volume, 'name'>, more: Partial<Pod['metadata']> = {}): Pod =>
    pod({ volumes: [{ name: 'v', ...volume }] }, undefined, { uid, name: uid, ...more })
  const self = using('u1', usual)
  const waited = (pods: readonly Pod[] | undefined, spec: PersistentVolume['spec'] = alone) =>
    waitOf(t, { claim: claim(), disk: disk(spec), ...(pods && { pods }) })
  const taken = 'volume uses the ReadWriteOncePod access mode and is already in use by another pod'
  assert.is(await waited([using('u0', usual), self]), taken)
  assert.is(await waited([self, using('u2', usual)]), 'mounted', 'the other waits')
  assert.is(await waited([using('u0', usual, { namespace: 'other' }), self]), 'mounted')
  assert.is(await waited([using('u0', { emptyDir: {} }), self]), 'mounted')
  assert.is(await waited([using('u0', usual), self], { ...alone, accessModes: ['ReadWriteOnce'] }), 'mounted')
  assert.is(await waited(undefined), 'mounted')
  const ephemeral = { ephemeral: { volumeClaimTemplate: { spec: {} } } }
  assert.is(await waited([using('u0', ephemeral, { name: 'x' }), self]), 'mounted')
})

test('waits for a volume of another node, of an unknown one, of nobody and of a path that is missing', async (t) => {
  const refused = 'MountVolume.NodeAffinity check failed for volume "disk" : no matching NodeSelectorTerms'
  const elsewhere = disk({ ...local, nodeAffinity: onNode('two') })
  assert.is(await waitOf(t, { claim: claim(), disk: elsewhere, node }), refused)
  assert.is(await waitOf(t, { claim: claim(), disk: elsewhere }), refused)
  assert.is(
    await waitOf(t, { claim: claim(), disk: disk({ nfs: { server: 's', path: '/' } }) }),
    'no plugin of this node serves the PersistentVolume "disk"',
  )
  const here = disk({ ...local, nodeAffinity: onNode('one') })
  assert.is(await waitOf(t, { claim: claim(), disk: here, node }), 'path "/davit-is-not-here" does not exist')
})

test('mounts local and hostPath volumes where they are', async (t) => {
  const root = await t.directory()
  await mkdir(join(root, 'there'))
  const at = async (spec: PersistentVolume['spec']) => mountOf(t, { claim: claim(), disk: disk(spec), node })
  const there = join(root, 'there')
  assert.equal(await at({ local: { path: there }, nodeAffinity: onNode('one') }), {
    hostPath: there,
    containerPath: '/d',
    readOnly: false,
  })
  const made = join(root, 'made')
  assert.is((await at({ hostPath: { path: made, type: 'DirectoryOrCreate' } }))?.hostPath, made)
  assert.ok((await stat(made)).isDirectory())
  const wait = await waitOf(t, { claim: claim(), disk: disk({ hostPath: { path: join(root, 'no'), type: 'Directory' } }) })
  assert.match(wait, 'hostPath type check failed')
})

test('a Pod that wants to read alone cannot write, whatever its mounts say', async (t) => {
  const volume = { persistentVolumeClaim: { claimName: 'data', readOnly: true } }
  const mount = await mountOf(t, { claim: claim(), disk: disk({ hostPath: { path: await t.directory() } }), volume })
  assert.is(mount?.readOnly, true)
})

test('the claim of an ephemeral volume has to be its Pod’s own', async (t) => {
  const volume = { ephemeral: { volumeClaimTemplate: { spec: {} } } }
  const path = await t.directory()
  const own = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'u1', controller: true }
  const world = (references: object) => ({ claim: claim({}, references), disk: disk({ hostPath: { path } }), volume })
  assert.is(
    await waitOf(t, world({})),
    'error processing PVC default/web-v: PVC default/web-v was not created for pod default/web (pod is not owner)',
  )
  assert.is(await waitOf(t, world({ ownerReferences: [own] })), 'mounted')
})

test('the first driver that serves a volume is asked, before the node itself, and all undo', async (t) => {
  const calls: string[] = []
  const driver = (name: string, serves: boolean): PersistentVolumeDriver => ({
    name,
    serves: () => serves,
    async mount({ persistentVolume, claim: of, place }) {
      calls.push(`${name} ${persistentVolume.metadata.name} ${of.metadata.name} ${place.nodeName}`)
      return { path: '/x', readOnly: true }
    },
    async unmount({ volume }: VolumeRequest) {
      calls.push(`${name} undoes ${volume.name}`)
    },
  })
  const drivers = [driver('a', false), driver('b', true), driver('c', true)]
  const { of, volumes } = await volumesOf(t, { claim: claim(), disk: disk(local), drivers })
  assert.is(await volumes.mount(of), undefined)
  await volumes.unmount(of)
  assert.equal(calls, ['b disk data one', 'a undoes v', 'b undoes v', 'c undoes v'])
})

test('a Pod is told when a claim of its changes', () => {
  const volumes = [
    { name: 'v', ...usual },
    { name: 'w', ephemeral: { volumeClaimTemplate: { spec: {} } } },
  ]
  assert.equal(sourceNames(pod({ volumes })), ['persistentvolumeclaim/default/data', 'persistentvolumeclaim/default/web-w'])
})

test('a Pod stays as long as the driver that mounted its volume is not here', async (t) => {
  const calls: string[] = []
  const driver = (name: string): PersistentVolumeDriver => ({
    name,
    serves: () => name === 'b',
    mount: async () => ({ path: '/x' }),
    unmount: async () => void calls.push(name),
  })
  const drivers = [driver('a'), driver('b')]
  const { of, volumes } = await volumesOf(t, { claim: claim(), disk: disk(local), drivers })
  await volumes.unmount(of)
  assert.is(await volumes.mount(of), undefined)
  const gone = drivers.pop() ?? driver('b')
  calls.length = 0
  for (let turn = 0; turn < 2; turn += 1) {
    const { message } = await assert.rejects(volumes.unmount(of))
    assert.is(message, 'volume "v" cannot be unmounted: no plugin of this node provides its driver "b" now')
  }
  assert.equal(calls, [])
  drivers.push(gone)
  await volumes.unmount(of)
  drivers.pop()
  await volumes.unmount(of)
  assert.equal(calls, ['a', 'b', 'a'], 'nothing is left to undo')
})

test('a driver that has nothing to undo is not waited for', async (t) => {
  const drivers: PersistentVolumeDriver[] = [{ name: 'a', serves: () => true, mount: async () => ({ path: '/x' }) }]
  const { of, volumes } = await volumesOf(t, { claim: claim(), disk: disk(local), drivers })
  assert.is(await volumes.mount(of), undefined)
  drivers.pop()
  await volumes.unmount(of)
})
