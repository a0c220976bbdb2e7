import { persistentVolumeClaims, storageClasses } from '@davit/core/client'
import type { PersistentVolumeClaimSpec } from '@davit/core/kinds'
import { assert, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const mark = 'storageclass.kubernetes.io/is-default-class'

async function plane(t: TestContext) {
  const { client, clock, stop } = await boot({ plugins: [{ plugin }] })
  t.defer(stop)
  let count = 0
  return {
    clock,
    storageClass: (name: string, value?: string) =>
      client.create(storageClasses, {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name, ...(value && { annotations: { [mark]: value } }) },
        provisioner: 'example.com/x',
      }),
    async claim(spec: Partial<PersistentVolumeClaimSpec> = {}, annotations: Record<string, string> = {}) {
      count += 1
      const metadata = { name: `claim-${count}`, namespace: 'default', annotations }
      const resources = { requests: { storage: '1Gi' } }
      const made = await client.create(persistentVolumeClaims, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata,
        spec: { accessModes: ['ReadWriteOnce'], resources, ...spec },
      })
      return made.spec?.storageClassName
    },
  }
}

test('a claim that names no class gets the default one, if there is one', async (t) => {
  const { claim, storageClass } = await plane(t)
  assert.is(await claim(), undefined)
  await storageClass('plain')
  await storageClass('not', 'false')
  assert.is(await claim(), undefined)
  await storageClass('standard', 'true')
  assert.is(await claim(), 'standard')
})

test('a claim that says something keeps it', async (t) => {
  const { claim, storageClass } = await plane(t)
  await storageClass('standard', 'true')
  assert.is(await claim({ storageClassName: '' }), '')
  assert.is(await claim({ storageClassName: 'other' }), 'other')
  assert.is(await claim({}, { 'volume.beta.kubernetes.io/storage-class': 'old' }), undefined)
})

test('of several defaults the newest counts', async (t) => {
  const { claim, clock, storageClass } = await plane(t)
  await storageClass('b', 'true')
  await storageClass('a', 'true')
  assert.is(await claim(), 'a')
  await clock.advance(2000)
  await storageClass('newest', 'true')
  assert.is(await claim(), 'newest')
})
