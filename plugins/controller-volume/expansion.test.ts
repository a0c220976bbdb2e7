import { edit, persistentVolumeClaims, persistentVolumes } from '@davit/core/client'
import type { PersistentVolumeClaim } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { planExpansion, resizedStatus, resizingStatus } from './expansion-plan.js'
import { claim, makeClaim, makeClass, makeVolume, plane, storageClass, volume } from './testing.js'

const ofClass = { storageClassName: 'fast' }
const asking = (size: string) => ({ resources: { requests: { storage: size } } })

async function bound(t: Parameters<typeof plane>[0]) {
  const at = await plane(t)
  await makeClass(at.client, storageClass('fast', { allowVolumeExpansion: true }))
  const made = await makeClaim(at.client, claim('data', ofClass))
  await at.quiet()
  const grow = async (size: string) => {
    await at.client.patch(persistentVolumeClaims, 'default', 'data', 'merge', { spec: asking(size) })
    await at.quiet()
  }
  return { ...at, grow, name: `pvc-${made.metadata.uid}` }
}

test('a claim that asks for more gets it, and says so', async (t) => {
  const at = await bound(t)
  await at.grow('3Gi')
  const [{ status, metadata }, own] = [await at.claim(), await at.volume(at.name)]
  assert.equal(status, {
    phase: 'Bound',
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '3Gi' },
    allocatedResources: { storage: '3Gi' },
  })
  assert.is(own.spec.capacity?.storage, '3Gi')
  assert.is(metadata.annotations?.['volume.kubernetes.io/storage-resizer'], 'example.com/disk')
  assert.match(
    (await at.events('data')).join('\n'),
    'Normal VolumeResizeSuccessful: ExpandVolume succeeded for volume default/data',
  )
  at.writes()
  await at.pass(3_600_000)
  assert.equal(at.writes(), [])
})

test('a growth that is refused shows, is tried again, and may be taken back', async (t) => {
  const at = await bound(t)
  at.provisioner.refusal = { refused: 'no room' }
  await at.grow('9Gi')
  const failed = (await at.claim()).status
  assert.equal(failed?.capacity, { storage: '1Gi' })
  assert.equal(failed?.allocatedResourceStatuses, { storage: 'ControllerResizeInfeasible' })
  assert.equal(
    failed?.conditions?.map(({ type, status }) => `${type} ${status}`),
    ['Resizing True'],
  )
  assert.match((await at.events('data')).join('\n'), `VolumeResizeFailed: resize volume "${at.name}" failed: no room`)
  at.provisioner.refusal = undefined
  await at.grow('2Gi')
  assert.equal((await at.claim()).status?.capacity, { storage: '2Gi' })
  assert.is((await at.claim()).status?.conditions, undefined)
})

test('what was refused is tried again by itself', async (t) => {
  const at = await bound(t)
  at.provisioner.refusal = { refused: 'no room' }
  await at.grow('9Gi')
  at.provisioner.refusal = undefined
  await at.pass(30_000)
  assert.equal((await at.claim()).status?.capacity, { storage: '9Gi' })
})

test('a claim that is made again under the same name is not held back by what was refused before', async (t) => {
  const at = await bound(t)
  at.provisioner.refusal = { refused: 'no room' }
  await at.grow('9Gi')
  at.provisioner.refusal = undefined
  await at.client.delete(persistentVolumeClaims, 'default', 'data')
  await at.quiet()
  await makeClaim(at.client, claim('data', ofClass))
  await at.quiet()
  await at.grow('9Gi')
  assert.equal((await at.claim()).status?.capacity, { storage: '9Gi' })
})

test('a growth that breaks is told, and tried again', async (t) => {
  const at = await bound(t)
  at.provisioner.failure = new Error('the array does not answer')
  await at.grow('9Gi')
  const events = (await at.events('data')).join('\n')
  assert.match(events, `VolumeResizeFailed: resize volume "${at.name}" failed: the array does not answer`)
  at.provisioner.failure = undefined
  await at.pass(10_000)
  assert.equal((await at.claim()).status?.capacity, { storage: '9Gi' })
})

test('a volume that nobody here made waits for somebody outside', async (t) => {
  const at = await plane(t)
  await makeVolume(at.client, volume('v'))
  await at.quiet()
  await makeClaim(at.client, claim('data'))
  await at.quiet()
  await at.client.patch(persistentVolumeClaims, 'default', 'data', 'merge', { spec: asking('2Gi') })
  assert.match((await at.events('data')).join('\n'), 'Normal ExternalExpanding: waiting for an external controller')
  const larger = edit(await at.volume('v'), (draft) => {
    draft.spec.capacity = { storage: '2Gi' }
  })
  await at.client.update(persistentVolumes, larger)
  const told = edit(await at.claim(), (draft) => {
    draft.metadata.labels = { woken: 'yes' }
  })
  await at.client.update(persistentVolumeClaims, told)
  await at.quiet()
  assert.equal((await at.claim()).status?.capacity, { storage: '2Gi' })
})

test('when a claim is to grow', () => {
  const own = (size: string, has: string, more: Partial<PersistentVolumeClaim['status']> = {}): PersistentVolumeClaim => ({
    ...claim('data', { ...asking(size), volumeName: 'v' }, { uid: 'u1' }),
    status: { phase: 'Bound', capacity: { storage: has }, ...more },
  })
  const disk = (size: string, uid = 'u1') =>
    volume('v', size, { claimRef: { uid } }, { annotations: { 'pv.kubernetes.io/provisioned-by': 'p' } })
  assert.equal(planExpansion(own('1Gi', '1Gi'), disk('1Gi')), { act: 'nothing' })
  assert.equal(planExpansion(own('2Gi', '1Gi'), disk('1Gi')), { act: 'expand', size: '2Gi', provisioner: 'p' })
  assert.equal(planExpansion(own('2Gi', '1Gi'), disk('2Gi')), { act: 'tell', size: '2Gi' })
  assert.equal(planExpansion(own('2Gi', '1Gi'), disk('1Gi', 'u2')), { act: 'nothing' })
  assert.equal(planExpansion(own('2Gi', '1Gi'), undefined), { act: 'nothing' })
  assert.equal(planExpansion({ ...own('2Gi', '1Gi'), status: { phase: 'Pending' } }, disk('1Gi')), { act: 'nothing' })
  const condition = { type: 'Resizing', status: 'True' }
  assert.equal(planExpansion(own('1Gi', '1Gi', { conditions: [condition] }), disk('1Gi')), { act: 'tell', size: '1Gi' })
})

test('the status while it grows and after keeps what others wrote', () => {
  const other = { type: 'ModifyingVolume', status: 'True' }
  const during = resizingStatus({ phase: 'Bound', conditions: [other] }, '2Gi', '2024-01-01T00:00:00Z')
  assert.equal(during.conditions, [other, { type: 'Resizing', status: 'True', lastTransitionTime: '2024-01-01T00:00:00Z' }])
  assert.equal(during.allocatedResourceStatuses, { storage: 'ControllerResizeInProgress' })
  assert.equal(resizedStatus(during, '2Gi'), {
    phase: 'Bound',
    conditions: [other],
    capacity: { storage: '2Gi' },
    allocatedResources: { storage: '2Gi' },
  })
})
