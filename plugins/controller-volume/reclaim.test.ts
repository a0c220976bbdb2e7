import { edit, isNotFound, nodes, persistentVolumeClaims, persistentVolumes } from '@davit/core/client'
import type { ReconcileContext } from '@davit/core/controller'
import { assert, type TestContext, test } from '@davit/core/testing'
import { Provisioning } from './provisioning.js'
import { claim, makeClaim, makeClass, plane, storageClass } from './testing.js'

async function bound(t: TestContext) {
  const at = await plane(t)
  await makeClass(at.client, storageClass('fast'))
  const made = await makeClaim(at.client, claim('data', { storageClassName: 'fast' }))
  await at.quiet()
  const name = `pvc-${made.metadata.uid}`
  const release = async () => {
    await at.client.delete(persistentVolumeClaims, 'default', 'data')
    await at.quiet()
  }
  const removals = () => at.provisioner.calls.filter((call) => call.startsWith('remove')).length
  return { ...at, name, release, removals }
}

test('a refusal whose words change is asked for once in a while, not at once again', async (t) => {
  const at = await bound(t)
  const words = ['request 1 failed', 'request 2 failed', 'request 3 failed']
  at.provisioner.remove = async () => {
    at.provisioner.calls.push('remove')
    const refused = words.shift()
    return refused === undefined ? undefined : { refused }
  }
  await at.release()
  assert.equal([at.removals(), (await at.volume(at.name)).status?.message], [1, 'request 1 failed'])
  const touched = edit(await at.volume(at.name), (draft) => {
    draft.metadata.labels = { touched: 'yes' }
  })
  await at.client.update(persistentVolumes, touched)
  await at.quiet()
  assert.is(at.removals(), 1)
  await at.pass(30_000)
  assert.equal([at.removals(), (await at.volume(at.name)).status?.message], [2, 'request 2 failed'])
  await at.pass(60_000)
  await assert.rejects(at.volume(at.name), (error) => isNotFound(error))
})

test('what a provisioner throws is told in events, and tried again', async (t) => {
  const at = await plane(t)
  at.provisioner.failure = new Error('the array does not answer')
  await makeClass(at.client, storageClass('fast'))
  const made = await makeClaim(at.client, claim('data', { storageClassName: 'fast' }))
  const failed = 'Warning ProvisioningFailed: failed to provision volume with StorageClass "fast": the array does not answer'
  assert.ok((await at.events('data')).includes(failed))
  at.provisioner.failure = undefined
  await at.pass(10_000)
  assert.is((await at.claim()).status?.phase, 'Bound')
  at.provisioner.failure = new Error('the array is busy')
  await at.client.delete(persistentVolumeClaims, 'default', 'data')
  const name = `pvc-${made.metadata.uid}`
  assert.equal(await at.events(name), ['Warning VolumeFailedDelete: the array is busy'])
  at.provisioner.failure = undefined
  await at.pass(10_000)
  await assert.rejects(at.volume(name), (error) => isNotFound(error))
})

test('what was given to another claim meanwhile, or is gone, is not given back', async (t) => {
  const at = await bound(t)
  at.provisioner.refusal = { refused: 'still busy' }
  await at.release()
  const known = await at.volume(at.name)
  const given = edit(known, (draft) => {
    draft.spec.claimRef = { namespace: 'default', name: 'other' }
  })
  await at.client.update(persistentVolumes, given)
  await at.quiet()
  at.provisioner.refusal = undefined
  const asked = at.removals()
  // As it is when the informer has not heard of it yet.
  const signal = new AbortController().signal
  const context = { ...at, cause: { actor: 'test', trigger: { timer: 'test' } }, signal } as unknown as ReconcileContext
  const provisioning = new Provisioning(() => [at.provisioner], at.clients.informer(nodes))
  assert.is(await provisioning.reclaim(known, context), undefined)
  assert.is((await at.volume(at.name)).metadata.deletionTimestamp, undefined)
  await at.client.delete(persistentVolumes, '', at.name)
  await provisioning.reclaim(known, context)
  assert.is(at.removals(), asked)
})
