import { isNotFound, persistentVolumeClaims, pods } from '@davit/core/client'
import type { Pod } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { claim, makeClaim, makeClass, plane, storageClass } from './testing.js'

const template = {
  metadata: { labels: { kind: 'scratch' }, annotations: { why: 'test' } },
  spec: { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: '1Gi' } }, storageClassName: 'fast' },
}
const web: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    containers: [{ name: 'c', image: 'i' }],
    volumes: [
      { name: 'scratch', ephemeral: { volumeClaimTemplate: template } },
      { name: 'plain', emptyDir: {} },
    ],
  },
}

test('the claim of an ephemeral volume is made as its template says, is its Pod’s own, and is bound', async (t) => {
  const at = await plane(t)
  await makeClass(at.client, storageClass('fast'))
  const pod = await at.client.create(pods, web)
  await at.quiet()
  const made = await at.claim('web-scratch')
  assert.equal([made.metadata.labels, made.metadata.annotations?.why], [{ kind: 'scratch' }, 'test'])
  const [owner] = made.metadata.ownerReferences ?? []
  assert.equal([owner?.kind, owner?.uid, owner?.controller, owner?.blockOwnerDeletion], ['Pod', pod.metadata.uid, true, true])
  assert.is(made.status?.phase, 'Bound')
  assert.is((await at.client.list(persistentVolumeClaims)).items.length, 1)
})

test('a claim of that name that is not the Pod’s own is left alone, and the Pod is told', async (t) => {
  const at = await plane(t)
  const other = await makeClaim(at.client, claim('web-scratch'))
  await at.client.create(pods, web)
  assert.equal(await at.events('web'), [
    'Warning FailedBinding: ephemeral volume scratch: PVC default/web-scratch was not created for pod default/web (pod is not owner)',
  ])
  assert.is((await at.claim('web-scratch')).metadata.uid, other.metadata.uid)
})

test('a claim that goes while its Pod stays is made anew; a Pod that goes gets none', async (t) => {
  const at = await plane(t)
  await at.client.create(pods, { ...web, metadata: { ...web.metadata, finalizers: ['example.com/hold'] } })
  await at.quiet()
  const first = await at.claim('web-scratch')
  await at.client.delete(persistentVolumeClaims, 'default', 'web-scratch')
  await at.quiet()
  assert.is.not((await at.claim('web-scratch')).metadata.uid, first.metadata.uid)
  await at.client.delete(pods, 'default', 'web', { gracePeriodSeconds: 0 })
  await at.client.delete(persistentVolumeClaims, 'default', 'web-scratch')
  await at.quiet()
  await assert.rejects(at.claim('web-scratch'), (error) => isNotFound(error))
})

test('a claim that stood in the way goes, and the Pod gets its own', async (t) => {
  const at = await plane(t)
  const other = await makeClaim(at.client, claim('web-scratch'))
  const pod = await at.client.create(pods, web)
  await at.quiet()
  await at.client.delete(persistentVolumeClaims, 'default', 'web-scratch')
  await at.quiet()
  const made = await at.claim('web-scratch')
  assert.is.not(made.metadata.uid, other.metadata.uid)
  assert.is(made.metadata.ownerReferences?.[0]?.uid, pod.metadata.uid)
})
