import { ApiError, persistentVolumeClaims, persistentVolumes, storageClasses } from '@davit/core/client'
import type { PersistentVolumeClaim } from '@davit/core/kinds'
import { assert, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const claim = (storageClassName: string, more: Partial<PersistentVolumeClaim['metadata']> = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'default', ...more },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName },
})

async function plane(t: TestContext) {
  const { client, stop } = await boot({ plugins: [{ plugin }] })
  t.defer(stop)
  const grow = () =>
    client.patch(persistentVolumeClaims, 'default', 'data', 'merge', { spec: { resources: { requests: { storage: '2Gi' } } } })
  const bind = async (made: PersistentVolumeClaim) =>
    client.updateStatus(persistentVolumeClaims, { ...made, status: { phase: 'Bound', capacity: { storage: '1Gi' } } })
  return { client, grow, bind }
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.unreachable('it was let through'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof ApiError)
  assert.is(error.code, 403)
  return error.message
}

test('new claims and volumes are protected, once', async (t) => {
  const { client } = await plane(t)
  const made = await client.create(persistentVolumeClaims, claim('x', { finalizers: ['example.com/own'] }))
  assert.equal(made.metadata.finalizers, ['example.com/own', 'kubernetes.io/pvc-protection'])
  const volume = await client.create(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v', finalizers: ['kubernetes.io/pv-protection'] },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/tmp' } },
  })
  assert.equal(volume.metadata.finalizers, ['kubernetes.io/pv-protection'])
  const { metadata } = await client.patch(persistentVolumeClaims, 'default', 'data', 'merge', { metadata: { finalizers: null } })
  assert.is(metadata.finalizers, undefined, 'who takes it off knows why')
})

test('a claim grows only when it is bound and its class lets it', async (t) => {
  const { client, grow, bind } = await plane(t)
  const classOf = (name: string, allowVolumeExpansion: boolean) => ({
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'example.com/x' },
    ...{ metadata: { name }, allowVolumeExpansion },
  })
  await client.create(storageClasses, classOf('fixed', false))
  await client.create(storageClasses, classOf('elastic', true))
  const fixed = await client.create(persistentVolumeClaims, claim('fixed'))
  await assert.rejects(grow())
  await bind(fixed)
  assert.is(
    await refusal(grow()),
    'persistentvolumeclaims "data" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that ' +
      'provisions the pvc must support resize',
  )
  await client.patch(persistentVolumeClaims, 'default', 'data', 'merge', { metadata: { finalizers: null } })
  await client.delete(persistentVolumeClaims, 'default', 'data')
  await bind(await client.create(persistentVolumeClaims, claim('elastic')))
  assert.is((await grow()).spec?.resources?.requests?.storage, '2Gi')
})
