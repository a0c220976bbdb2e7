import { isNotFound, persistentVolumeClaims, persistentVolumes, pods } from '@davit/core/client'
import { controlPlane } from '@davit/core/controller/testkit'
import type { PersistentVolumeClaim, Pod } from '@davit/core/kinds'
import { assert, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const claim = (name: string): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
})
const pod = (name: string, more: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: {
    containers: [{ name: 'main', image: 'i' }],
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
    ...more,
  },
})

async function plane(t: TestContext) {
  const at = await controlPlane(t, [{ plugin }])
  const { client } = at
  const find = async (): Promise<PersistentVolumeClaim | undefined> => {
    await at.quiet()
    return client.get(persistentVolumeClaims, 'default', 'data').catch((error: unknown) => {
      if (!isNotFound(error)) throw error
      return undefined
    })
  }
  await client.create(persistentVolumeClaims, claim('data'))
  return { ...at, find, drop: () => client.delete(persistentVolumeClaims, 'default', 'data') }
}

test('a claim that is there is protected, one that nobody uses goes at once', async (t) => {
  const { find, drop } = await plane(t)
  assert.equal((await find())?.metadata.finalizers, ['kubernetes.io/pvc-protection'])
  await drop()
  assert.is(await find(), undefined)
})

test('a claim that a Pod on a node uses stays until that goes', async (t) => {
  const { client, find, drop, pass } = await plane(t)
  await find()
  await client.create(pods, pod('a', { nodeName: 'one' }))
  await client.create(pods, pod('b', { nodeName: 'one' }))
  await drop()
  assert.ok((await find())?.metadata.deletionTimestamp)
  await client.delete(pods, 'default', 'a', { gracePeriodSeconds: 0 })
  assert.ok(await find())
  await client.delete(pods, 'default', 'b', { gracePeriodSeconds: 0 })
  await pass(1000)
  assert.is(await find(), undefined)
})

test('a Pod that is on no node keeps nothing', async (t) => {
  const { client, find, drop } = await plane(t)
  await find()
  await client.create(pods, pod('a'))
  await client.create(pods, pod('b', { nodeName: 'one', volumes: [] }))
  await drop()
  assert.is(await find(), undefined)
})

test('the claim of an ephemeral volume goes with its Pod', async (t) => {
  const { client, pass } = await plane(t)
  const volumeClaimTemplate = { spec: claim('').spec ?? {} }
  const owner = await client.create(
    pods,
    pod('web', { nodeName: 'one', volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate } }] }),
  )
  const made = claim('web-v')
  const reference = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: owner.metadata.uid ?? '', controller: true }
  await client.create(persistentVolumeClaims, { ...made, metadata: { ...made.metadata, ownerReferences: [reference] } })
  await pass(1000)
  await client.delete(persistentVolumeClaims, 'default', 'web-v')
  await pass(1000)
  assert.ok(await client.get(persistentVolumeClaims, 'default', 'web-v'))
  await client.delete(pods, 'default', 'web', { gracePeriodSeconds: 0 })
  await pass(1000)
  await assert.rejects(client.get(persistentVolumeClaims, 'default', 'web-v'), (error) => isNotFound(error))
})

test('a volume stays while it is bound', async (t) => {
  const { client, pass } = await plane(t)
  const made = await client.create(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v' },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/tmp' } },
  })
  await pass(1000)
  const stored = await client.get(persistentVolumes, '', 'v')
  assert.equal(stored.metadata.finalizers, ['kubernetes.io/pv-protection'])
  const bound = await client.updateStatus(persistentVolumes, { ...stored, status: { phase: 'Bound' } })
  await client.delete(persistentVolumes, '', 'v')
  await pass(1000)
  const going = await client.get(persistentVolumes, '', 'v')
  assert.ok(going.metadata.deletionTimestamp)
  await client.updateStatus(persistentVolumes, { ...going, status: { phase: 'Released' } })
  await pass(1000)
  await assert.rejects(client.get(persistentVolumes, '', 'v'), (error) => isNotFound(error))
  assert.is(bound.metadata.uid, made.metadata.uid)
})

test('what is settled is not written', async (t) => {
  const { find, pass, writes } = await plane(t)
  await find()
  writes()
  await pass(3_600_000)
  assert.equal(writes(), [])
})
