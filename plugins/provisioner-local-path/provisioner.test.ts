import type { Node, PersistentVolumeClaimSpec, StorageClass } from '@davit/core/kinds'
import { assert, suite } from '@davit/core/testing'
import { localPathProvisioner } from './provisioner.js'
import { startingClass } from './starting-class.js'

const test = suite('local-path provisioner')
const signal = new AbortController().signal

const node = (annotations: Record<string, string>, labels: Record<string, string> = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'one', labels, annotations },
  spec: {},
})
const keeps = node({ 'davit.dev/volumes-directory': '/data/nodes/one/volumes' }, { 'kubernetes.io/hostname': 'first' })

function provision(
  spec: Partial<PersistentVolumeClaimSpec> = {},
  of: Node | undefined = keeps,
  more: Partial<StorageClass> = {},
) {
  const claim = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'default' } },
    spec: { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: '3Gi' } }, ...spec },
  }
  const storageClass = { ...startingClass('local-path', true), ...more }
  return localPathProvisioner.provision({ name: 'pvc-1', claim, storageClass, ...(of && { node: of }) }, signal)
}

test('a volume lies in a folder of its own where its node keeps volumes, and nowhere else', async () => {
  const made = await provision()
  if ('refused' in made) assert.unreachable(made.refused)
  else {
    assert.equal(made.spec.local, { path: '/data/nodes/one/volumes/pvc-1' })
    assert.equal(made.spec.capacity, { storage: '3Gi' })
    const [term] = made.spec.nodeAffinity?.required?.nodeSelectorTerms ?? []
    assert.equal(term?.matchExpressions, [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['first'] }])
    assert.equal(made.finalizers, ['davit.dev/local-path-folder'])
  }
  assert.equal(await provision(), made, 'the same question has the same answer')
})

const refusals: readonly [string, Parameters<typeof provision>, RegExp][] = [
  ['a block device', [{ volumeMode: 'Block' }], /only volumes with a file system/],
  ['many writers', [{ accessModes: ['ReadWriteOnce', 'ReadWriteMany'] }], /cannot be ReadWriteMany/],
  ['many readers', [{ accessModes: ['ReadOnlyMany'] }], /cannot be ReadOnlyMany/],
  ['a parameter', [{}, keeps, { parameters: { size: 'x' } }], /the parameter "size" is not known/],
]
for (const [what, asked, message] of refusals) {
  test(`refuses ${what}`, async () => {
    const answer = await provision(...asked)
    assert.match('refused' in answer ? answer.refused : '', message)
  })
}

test('needs a node, and one that keeps volumes', async () => {
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: {} }
  const storageClass = startingClass('x', false)
  const answer = await localPathProvisioner.provision({ name: 'pvc-1', claim, storageClass }, signal)
  assert.match('refused' in answer ? answer.refused : '', 'a folder needs a node')
  assert.equal(await provision({}, node({})), { refused: 'node "one" keeps no volumes', elsewhere: true })
})

test('a volume for one Pod alone is fine, and every volume may grow', async () => {
  assert.not('refused' in (await provision({ accessModes: ['ReadWriteOncePod'] })))
  const volume = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pvc-1' }, spec: {} }
  assert.equal(await localPathProvisioner.expand?.(volume, '9Gi', signal), { size: '9Gi' })
  assert.is(await localPathProvisioner.remove(volume, signal), undefined)
})
