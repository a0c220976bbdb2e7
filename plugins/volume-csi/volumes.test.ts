/** With a real driver over its socket, and real mounts. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { csiDrivers, csiNodes, isNotFound, nodes, volumeAttachments } from '@davit/core/client'
import { attachmentName } from '@davit/core/kinds'
import { assert, type TestContext, test } from '@davit/core/testing'
import type { Sent } from './messages.js'
import { csiDriver, csiNode, eventually, pod, volume } from './testing.js'
import { isMounted, mounts, type TestDriver } from './testing-driver.js'

const root = { requires: ['root'] as const }

async function ready(t: TestContext, options: Parameters<Awaited<ReturnType<typeof csiNode>>['driver']>[0] = {}) {
  const at = await csiNode(t)
  const driver = await at.driver(options)
  await eventually('the driver is registered', () => driver.told.find(({ pluginRegistered }) => pluginRegistered))
  await at.client.create(csiDrivers, csiDriver())
  const mount = async (...asked: Parameters<typeof at.request>): Promise<string> => {
    const answer = await at.persistent.mount(at.request(...asked))
    if ('wait' in answer) throw new Error(answer.wait)
    return answer.path
  }
  return { ...at, driver, mount }
}

test(
  'a volume is staged once for a node and published for each Pod, and the last Pod takes the stage along',
  async (t) => {
    const { driver, mount, request, persistent, directory } = await ready(t)
    const [a, b, disk] = [pod('a'), pod('b'), volume('disk')]
    const path = await mount(a, disk)
    assert.is(path, join(directory, 'pods/uid-a/volumes/kubernetes.io~csi/disk/mount'))
    await writeFile(join(path, 'kept'), 'x')
    assert.is(await readFile(join(await mount(b, disk), 'kept'), 'utf8'), 'x')
    await mount(a, disk)
    await persistent.unmount?.(request(a, disk))
    assert.not(await isMounted(path))
    await persistent.unmount?.(request(b, disk))
    await persistent.unmount?.(request(b, disk))
    assert.equal(
      driver.calls.map((call) => call.replace(' handle-disk', '')),
      [
        'NodeStageVolume',
        'NodePublishVolume',
        'NodeStageVolume',
        'NodePublishVolume',
        'NodeUnpublishVolume',
        'NodeUnpublishVolume',
        'NodeUnstageVolume',
      ],
    )
    assert.equal(
      (await mounts()).filter((each) => each.startsWith(directory)),
      [],
    )
    await assert.rejects(stat(join(directory, 'pods/uid-a')), { code: 'ENOENT' })
    assert.is(await readFile(join(await mount(a, disk), 'kept'), 'utf8'), 'x', 'what is in it stays')
    await persistent.unmount?.(request(a, disk))
  },
  root,
)

test(
  'what a former life had mounted is unmounted by this one, also where claim and volume are unknown',
  async (t) => {
    const before = await ready(t)
    const [a, disk] = [pod('a'), volume('disk')]
    const path = await before.mount(a, disk)
    await before.stop()
    const { driver } = before
    driver.told.length = 0
    await driver.stop()
    const after = await csiNode(t, before.root)
    const asked = after.request(a, volume('unknown'))
    const refused = await after.persistent.unmount?.(asked).catch(String)
    assert.match(String(refused), 'the volume handle-disk cannot be unmounted: its driver folders.example.com is not here')
    assert.ok(await isMounted(path), 'nothing is forgotten')
    const next = await after.driver()
    await eventually('the driver is registered', () => next.told.find(({ pluginRegistered }) => pluginRegistered))
    await after.persistent.unmount?.(asked)
    assert.equal(
      (await mounts()).filter((each) => each.startsWith(after.directory)),
      [],
    )
  },
  root,
)

test(
  'the driver gets what the volume, its secrets and its cluster say',
  async (t) => {
    const { driver, mount, client, persistent, request } = await ready(t, {
      capabilities: ['STAGE_UNSTAGE_VOLUME', 'SINGLE_NODE_MULTI_WRITER'],
    })
    await client.patch(csiDrivers, '', 'folders.example.com', 'merge', { spec: { podInfoOnMount: true } })
    const login = { namespace: 'storage', name: 'login' }
    const csi = {
      readOnly: true,
      fsType: 'ext4',
      volumeAttributes: { pool: 'fast' },
      nodeStageSecretRef: login,
      nodePublishSecretRef: login,
    }
    const disk = volume('disk', csi, { accessModes: ['ReadWriteOncePod'], mountOptions: ['noatime'] })
    await mount(pod('a'), disk)
    const [staged, published] = [requestOf(driver, 0), requestOf(driver, 1)]
    const capability = {
      mount: { fsType: 'ext4', mountFlags: ['noatime'], volumeMountGroup: '' },
      accessMode: { mode: 'SINGLE_NODE_SINGLE_WRITER' },
    }
    assert.equal(staged.secrets, { key: 'hidden' })
    assert.equal(staged.volumeCapability, capability)
    assert.equal(staged.volumeContext, { pool: 'fast' })
    assert.equal(published.volumeCapability, capability)
    assert.equal(published.readonly, true)
    assert.equal(published.volumeContext, {
      pool: 'fast',
      'csi.storage.k8s.io/pod.name': 'a',
      'csi.storage.k8s.io/pod.namespace': 'default',
      'csi.storage.k8s.io/pod.uid': 'uid-a',
      'csi.storage.k8s.io/serviceAccount.name': 'default',
      'csi.storage.k8s.io/ephemeral': 'false',
    })
    const missing = volume('other', { nodePublishSecretRef: { namespace: 'storage', name: 'none' } })
    assert.equal(await persistent.mount(request(pod('b'), missing)), { wait: 'secret "storage/none" not found' })
    for (const [name, each] of [
      ['a', disk],
      ['b', missing],
    ] as const)
      await persistent.unmount?.(request(pod(name), each))
    assert.equal(
      (await mounts()).filter((each) => each.includes('uid-a')),
      [],
    )
  },
  root,
)

test(
  'a volume waits for its driver, and for its attachment',
  async (t) => {
    const { driver, mount, persistent, request, client } = await ready(t)
    const disk = volume('disk')
    const wait = async (asked = disk) => {
      const answer = await persistent.mount(request(pod('a'), asked))
      return 'wait' in answer ? answer.wait : 'mounted'
    }
    const absent = volume('d', { driver: 'absent.example.com' })
    assert.is(await wait(absent), 'driver name absent.example.com not found in the list of registered CSI drivers')
    await client.delete(csiDrivers, '', 'folders.example.com')
    const name = attachmentName('folders.example.com', 'handle-disk', 'one')
    assert.is(await wait(), `the volume is not attached yet (VolumeAttachment ${name})`)
    const attachment = await client.create(volumeAttachments, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name },
      spec: { attacher: 'folders.example.com', nodeName: 'one', source: { persistentVolumeName: 'disk' } },
    })
    const status = (more: object) => client.updateStatus(volumeAttachments, { ...attachment, ...more } as typeof attachment)
    const failed = await status({ status: { attached: false, attachError: { message: 'no such disk' } } })
    assert.is(await wait(), 'no such disk')
    await client.updateStatus(volumeAttachments, { ...failed, status: { attached: true, attachmentMetadata: { device: 'sdb' } } })
    await mount(pod('a'), disk)
    assert.equal(requestOf(driver, 0).publishContext, { device: 'sdb' })
    await persistent.unmount?.(request(pod('a'), disk))
  },
  root,
)

test(
  'what a driver refuses is said and leaves nothing mounted; it is asked again, and cleared up',
  async (t) => {
    let refuses = 'NodePublishVolume'
    const before = (call: string) => {
      if (call === refuses) throw new Error(`the disk of ${call} is broken`)
    }
    const { mount, persistent, request, directory } = await ready(t, { before })
    const [a, disk] = [pod('a'), volume('disk')]
    await assert.rejects(mount(a, disk), /NodePublishVolume: the disk of NodePublishVolume is broken/)
    refuses = 'NodeUnpublishVolume'
    const path = await mount(a, disk)
    await assert.rejects(persistent.unmount?.(request(a, disk)) ?? Promise.resolve(), /NodeUnpublishVolume is broken/)
    assert.ok(await isMounted(path))
    refuses = ''
    await persistent.unmount?.(request(a, disk))
    assert.equal(
      (await mounts()).filter((each) => each.startsWith(directory)),
      [],
    )
  },
  root,
)

test(
  'a volume of a Pod alone needs a driver that says it has such',
  async (t) => {
    const { driver, inline, client, place, read, root: directory } = await ready(t)
    const scratch = { name: 'scratch', csi: { driver: 'folders.example.com', volumeAttributes: { size: '1' } } }
    const request = { pod: pod('a'), volume: scratch, directory, place, read }
    const refused = await inline.mount(request)
    assert.match(JSON.stringify(refused), 'volume mode \\"Ephemeral\\" not supported by driver folders.example.com')
    await client.delete(csiDrivers, '', 'folders.example.com')
    await client.create(
      csiDrivers,
      csiDriver({ attachRequired: false, volumeLifecycleModes: ['Ephemeral'], podInfoOnMount: true }),
    )
    const mounted = await inline.mount(request)
    assert.ok('path' in mounted && (await isMounted(mounted.path)))
    const { volumeId, volumeContext } = requestOf(driver, 0)
    assert.match(volumeId, /^csi-[0-9a-f]{64}$/)
    assert.is(volumeContext['csi.storage.k8s.io/ephemeral'], 'true')
    assert.equal(driver.calls.length, 1, 'there is no stage')
    await inline.unmount(request)
    assert.not('path' in mounted && (await isMounted(mounted.path)))
  },
  root,
)

test(
  'what a Pod has here is undone by its uid alone, once its driver is there',
  async (t) => {
    const before = await ready(t)
    const path = await before.mount(pod('a'), volume('disk'))
    await before.stop()
    await before.driver.stop()
    const after = await csiNode(t, before.root)
    await assert.rejects(after.inline.unmountPod?.('uid-a') ?? Promise.resolve(), /its driver folders.example.com is not here/)
    assert.ok(await isMounted(path))
    await after.driver()
    await eventually('nothing is mounted', async () => {
      return (await mounts()).some((each) => each.startsWith(after.directory)) ? undefined : true
    })
    await after.inline.unmountPod?.('uid-a')
    await after.inline.unmountPod?.('uid-never')
  },
  root,
)

test(
  'a record that cannot be read keeps its own volume, and no other',
  async (t) => {
    const { mount, persistent, request, directory, inline } = await ready(t)
    await mount(pod('a'), volume('one'))
    await mount(pod('b'), volume('two'))
    const record = join(directory, 'pods/uid-a/volumes/kubernetes.io~csi/one/vol_data.json')
    const text = await readFile(record, 'utf8')
    await writeFile(record, '')
    await persistent.unmount?.(request(pod('b'), volume('two')))
    assert.equal(
      (await mounts()).filter((each) => each.startsWith(join(directory, 'pods/uid-b'))),
      [],
    )
    await assert.rejects(
      persistent.unmount?.(request(pod('a'), volume('one'))) ?? Promise.resolve(),
      /vol_data.json cannot be read/,
    )
    await writeFile(record, text)
    await inline.unmountPod?.('uid-a')
  },
  root,
)

test('one node of a machine has the drivers, another is refused', async (t) => {
  const { persistent, place } = await csiNode(t)
  await assert.rejects(persistent.open?.({ ...place, nodeName: 'two' }) ?? Promise.resolve(), /serves one node of a machine/)
})

test('the cluster knows the drivers of a node, with their topology, until they are gone', async (t) => {
  const { client, driver } = await csiNode(t)
  const one = await driver({ segments: { 'folders.example.com/rack': 'r1' } })
  const known = await eventually('the CSINode', () => client.get(csiNodes, '', 'one').catch(unlessMissing))
  assert.equal(known.spec.drivers, [
    { name: 'folders.example.com', nodeID: 'machine-1', topologyKeys: ['folders.example.com/rack'], allocatable: { count: 5 } },
  ])
  assert.is(known.metadata.ownerReferences?.[0]?.kind, 'Node')
  const { metadata } = await client.get(nodes, '', 'one')
  assert.is(metadata.labels?.['folders.example.com/rack'], 'r1')
  assert.is(metadata.annotations?.['csi.volume.kubernetes.io/nodeid'], '{"folders.example.com":"machine-1"}')
  await one.stop()
  await eventually('no driver', async () => (await client.get(csiNodes, '', 'one')).spec.drivers.length === 0 || undefined)
  assert.is((await client.get(nodes, '', 'one')).metadata.annotations?.['csi.volume.kubernetes.io/nodeid'], undefined)
})

test('a driver that cannot be used is told why', async (t) => {
  const { driver } = await csiNode(t)
  const old = await driver({ name: 'old.example.com', versions: ['0.3.0'] })
  const told = await eventually('an answer', () => old.told[0])
  assert.equal(told, {
    pluginRegistered: false,
    error: 'the driver old.example.com speaks version 0.3.0 of the interface, not 1',
  })
})

type Request = Sent<'NodeStageVolumeRequest'> & Sent<'NodePublishVolumeRequest'>
function requestOf({ requests }: TestDriver, index: number): Required<Request> {
  const found = requests[index]
  if (!found) throw new Error(`there are only ${requests.length} requests`)
  return found.request as Required<Request>
}

function unlessMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error
  return undefined
}
