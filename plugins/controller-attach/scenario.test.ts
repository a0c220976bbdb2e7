import { csiDrivers, events, persistentVolumeClaims, persistentVolumes, pods, volumeAttachments } from '@davit/core/client'
import { controlPlane } from '@davit/core/controller/testkit'
import { attachmentName, type PersistentVolume, type PersistentVolumeClaim, type Pod } from '@davit/core/kinds'
import { assert, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const driver = 'disks.example.com'
const claim = (name: string): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeName: `pv-${name}` },
})
const volume = (name: string, mode = 'ReadWriteOnce'): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: `pv-${name}` },
  spec: {
    accessModes: [mode],
    capacity: { storage: '1Gi' },
    csi: { driver, volumeHandle: `handle-${name}` },
    claimRef: { namespace: 'default', name },
  },
})
const pod = (name: string, nodeName: string, claimName = 'data'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: {
    nodeName,
    containers: [{ name: 'main', image: 'i' }],
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }],
  },
})

async function plane(t: TestContext) {
  const at = await controlPlane(t, [{ plugin }])
  const { client } = at
  const attached = async () => {
    await at.quiet()
    return (await client.list(volumeAttachments)).items
      .map(({ spec }) => `${spec.source.persistentVolumeName} ${spec.nodeName}`)
      .sort()
  }
  const drop = (name: string) => client.delete(pods, 'default', name, { gracePeriodSeconds: 0 })
  const make = async (name: string, mode = 'ReadWriteOnce') => {
    await client.create(persistentVolumes, volume(name, mode))
    await client.create(persistentVolumeClaims, claim(name))
  }
  return { ...at, attached, drop, make }
}

test('a volume for one node alone is attached to another only once it is let go, and the Pod there is told why it waits', async (t) => {
  const { client, attached, drop, make } = await plane(t)
  await make('data')
  await client.create(pods, pod('a', 'one'))
  await client.create(pods, pod('b', 'two'))
  const [first] = await attached()
  assert.equal((await attached()).length, 1, 'one of both')
  const [holder, waiting] = first === 'pv-data one' ? ['a', 'b'] : ['b', 'a']
  const told = (await client.list(events, { namespace: 'default' })).items.find(({ reason }) => reason === 'FailedAttachVolume')
  assert.is(told?.involvedObject.name, waiting)
  assert.match(told?.message ?? '', 'Multi-Attach error for volume "pv-data"')
  await drop(holder)
  assert.equal(await attached(), [`pv-data ${waiting === 'b' ? 'two' : 'one'}`])
})

test('a volume is attached to each node that has a Pod with it, and let go after the last', async (t) => {
  const { client, attached, drop, make } = await plane(t)
  await make('data', 'ReadWriteMany')
  for (const [name, node] of [
    ['a', 'one'],
    ['b', 'one'],
    ['c', 'two'],
  ] as const)
    await client.create(pods, pod(name, node))
  assert.equal(await attached(), ['pv-data one', 'pv-data two'])
  const [first] = (await client.list(volumeAttachments)).items
  assert.is(first?.spec.attacher, driver)
  assert.is(first?.metadata.name, attachmentName(driver, 'handle-data', first?.spec.nodeName ?? ''))
  await drop('a')
  assert.equal(await attached(), ['pv-data one', 'pv-data two'])
  await drop('b')
  assert.equal(await attached(), ['pv-data two'])
  await drop('c')
  assert.equal(await attached(), [])
})

test('a claim that gets its volume after its Pod has a node is not missed', async (t) => {
  const { client, attached, make } = await plane(t)
  await client.create(pods, pod('a', 'one'))
  assert.equal(await attached(), [])
  await make('data')
  assert.equal(await attached(), ['pv-data one'])
})

test('drivers that attach nothing, and volumes of other kinds, have no attachment', async (t) => {
  const { client, attached, make } = await plane(t)
  await make('data')
  await client.create(persistentVolumes, {
    ...volume('disk'),
    spec: { ...volume('disk').spec, csi: undefined, hostPath: { path: '/x' } },
  })
  await client.create(persistentVolumeClaims, claim('disk'))
  const made = await client.create(csiDrivers, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name: driver },
    spec: { attachRequired: false },
  })
  await client.create(pods, pod('a', 'one'))
  await client.create(pods, pod('b', 'one', 'disk'))
  assert.equal(await attached(), [])
  await client.delete(csiDrivers, '', made.metadata.name)
  assert.equal(await attached(), ['pv-data one'], 'what nobody says otherwise of is attached')
})

test('what somebody deletes is made anew as long as it is needed, and what is not ours stays', async (t) => {
  const { client, attached, make } = await plane(t)
  await make('data')
  await client.create(pods, pod('a', 'one'))
  await attached()
  await client.delete(volumeAttachments, '', attachmentName(driver, 'handle-data', 'one'))
  assert.equal(await attached(), ['pv-data one'])
  await client.create(volumeAttachments, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: 'by-hand' },
    spec: { attacher: driver, nodeName: 'one', source: { persistentVolumeName: 'pv-other' } },
  })
  assert.equal(await attached(), ['pv-data one', 'pv-other one'])
})
