import { assert, suite } from '@davit/core/testing'
import type { Node, PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec, StorageClass } from './contract.js'
import {
  awaitsDefaultClass,
  bindsWithPod,
  defaultStorageClass,
  isVolumeOfClaim,
  matchVolume,
  offerOf,
  offersTo,
  reachesVolume,
  storageClassOf,
  volumeMismatch,
} from './volume-match.js'

const test = suite('volume match')

type VolumeSpec = PersistentVolume['spec']
const volume = (name: string, size: string, spec: Partial<VolumeSpec> = {}, more: Partial<PersistentVolume['metadata']> = {}) => {
  const made: PersistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, ...more },
    spec: { capacity: { storage: size }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' }, ...spec },
    status: { phase: 'Available' },
  }
  return made
}
const claim = (size: string, spec: Partial<PersistentVolumeClaimSpec> = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'default', uid: 'u1' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } }, ...spec },
})
const node = (name: string): Node => ({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { host: name } }, spec: {} })
const only = (name: string): VolumeSpec['nodeAffinity'] => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'host', operator: 'In', values: [name] }] }] },
})
const nameOf = (found: PersistentVolume | undefined) => found?.metadata.name

test('the smallest that is large enough', () => {
  const all = [volume('huge', '10Gi'), volume('small', '500Mi'), volume('fits', '2Gi'), volume('fits-too', '2048Mi')]
  assert.is(nameOf(matchVolume(claim('1Gi'), all)), 'fits')
  assert.is(nameOf(matchVolume(claim('3Gi'), all)), 'huge')
  assert.is(matchVolume(claim('11Gi'), all), undefined)
})

test('of equal ones that with the fewest modes, then the first by name', () => {
  const both: VolumeSpec['accessModes'] = ['ReadWriteOnce', 'ReadOnlyMany']
  const all = [volume('b', '1Gi', { accessModes: both }), volume('d', '1Gi'), volume('c', '1Gi')]
  assert.is(nameOf(matchVolume(claim('1Gi'), all)), 'c')
  assert.is(nameOf(matchVolume(claim('1Gi', { accessModes: ['ReadOnlyMany'] }), all)), 'b')
})

const unfit: readonly [string, PersistentVolume, Partial<PersistentVolumeClaimSpec>][] = [
  ['that is bound', { ...volume('v', '1Gi'), status: { phase: 'Bound' } }, {}],
  ['that is released', { ...volume('v', '1Gi'), status: { phase: 'Released' } }, {}],
  ['that is going', volume('v', '1Gi', {}, { deletionTimestamp: '2024-01-01T00:00:00Z' }), {}],
  ["that is another claim's", volume('v', '1Gi', { claimRef: { namespace: 'default', name: 'other' } }), {}],
  ["that was another's of this name", volume('v', '1Gi', { claimRef: { namespace: 'default', name: 'data', uid: 'u0' } }), {}],
  ['of another class', volume('v', '1Gi', { storageClassName: 'fast' }), {}],
  ['without a class', volume('v', '1Gi'), { storageClassName: 'fast' }],
  ['of another mode', volume('v', '1Gi', { volumeMode: 'Block' }), {}],
  ['without an access mode', volume('v', '1Gi'), { accessModes: ['ReadWriteMany'] }],
  ['without the label', volume('v', '1Gi'), { selector: { matchLabels: { a: 'b' } } }],
  ['with a selector that cannot be', volume('v', '1Gi'), { selector: { matchExpressions: [{ key: 'a', operator: 'Like' }] } }],
]
for (const [what, candidate, spec] of unfit) {
  test(`never one ${what}`, () => assert.is(matchVolume(claim('1Gi', spec), [candidate]), undefined))
}

test('an index finds for a claim all that it might have, and little else', () => {
  const claimRef = (name: string) => ({ claimRef: { namespace: 'default', name } })
  const all = [
    volume('free', '1Gi', { storageClassName: 'fast' }),
    volume('slow', '1Gi', { storageClassName: 'slow' }),
    volume('mine', '1Gi', { ...claimRef('data'), storageClassName: 'slow' }),
    volume('taken', '1Gi', { ...claimRef('other'), storageClassName: 'fast' }),
    volume('classless', '1Gi'),
  ]
  const found = (spec: Partial<PersistentVolumeClaimSpec>) =>
    all.filter((each) => offersTo(claim('1Gi', spec)).includes(offerOf(each))).map(nameOf)
  assert.equal(found({ storageClassName: 'fast' }), ['free', 'mine'])
  assert.equal(found({}), ['mine', 'classless'])
  assert.equal(found({ storageClassName: '' }), ['mine', 'classless'])
})

test('a selector and a class that hold', () => {
  const candidate = volume('v', '1Gi', { storageClassName: 'fast' }, { labels: { a: 'b' } })
  assert.is(
    nameOf(matchVolume(claim('1Gi', { storageClassName: 'fast', selector: { matchLabels: { a: 'b' } } }), [candidate])),
    'v',
  )
})

test('one that is set aside for the claim comes first, whatever its class, unless it is too small', () => {
  const claimRef = { namespace: 'default', name: 'data' }
  const reserved = volume('mine', '10Gi', { claimRef, storageClassName: 'other' })
  assert.is(nameOf(matchVolume(claim('1Gi'), [volume('fits', '1Gi'), reserved])), 'mine')
  assert.is(nameOf(matchVolume(claim('1Gi'), [volume('fits', '1Gi'), reserved], { reservedOnly: true })), 'mine')
  assert.is(matchVolume(claim('1Gi'), [volume('fits', '1Gi')], { reservedOnly: true }), undefined)
  assert.is(nameOf(matchVolume(claim('1Gi'), [volume('mine', '1Mi', { claimRef }), volume('fits', '1Gi')])), 'fits')
  assert.ok(isVolumeOfClaim(reserved, claim('1Gi')))
})

test('only what the node reaches and what is not promised away', () => {
  const all = [volume('a', '1Gi', { nodeAffinity: only('one') }), volume('b', '2Gi', { nodeAffinity: only('two') })]
  assert.is(nameOf(matchVolume(claim('1Gi'), all, { node: node('two') })), 'b')
  assert.is(matchVolume(claim('1Gi'), all, { node: node('three') }), undefined)
  assert.is(nameOf(matchVolume(claim('1Gi'), all, { without: new Set(['a']) })), 'b')
  const reserved = volume('c', '1Gi', { nodeAffinity: only('one'), claimRef: { namespace: 'default', name: 'data' } })
  assert.is(matchVolume(claim('1Gi'), [...all, reserved], { node: node('two') }), undefined, 'the claim is tied to another node')
  assert.ok(reachesVolume(volume('d', '1Gi'), node('one')))
})

test('why a volume that is asked for by name does not do', () => {
  const mine = claim('1Gi', { volumeName: 'v' })
  assert.is(volumeMismatch(mine, volume('v', '1Gi')), undefined)
  assert.is(volumeMismatch(mine, volume('v', '1Mi')), 'requested PV is too small')
  assert.is(volumeMismatch(mine, volume('v', '1Gi', { storageClassName: 'x' })), 'storageClassName does not match')
  assert.is(volumeMismatch(mine, volume('v', '1Gi', { volumeMode: 'Block' })), 'incompatible volumeMode')
  assert.is(volumeMismatch(mine, volume('v', '1Gi', { accessModes: ['ReadOnlyMany'] })), 'incompatible accessMode')
})

test('the class by its old name too, and which claims wait for the default', () => {
  const old = claim('1Gi')
  old.metadata.annotations = { 'volume.beta.kubernetes.io/storage-class': 'slow' }
  assert.is(storageClassOf(old), 'slow')
  assert.equal([awaitsDefaultClass(old), awaitsDefaultClass(claim('1Gi'))], [false, true])
  assert.is(awaitsDefaultClass(claim('1Gi', { storageClassName: '' })), false)
})

const storageClass = (name: string, seconds: number, mark?: string): StorageClass => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name,
    creationTimestamp: `2024-01-01T00:00:0${seconds}Z`,
    ...(mark && { annotations: { 'storageclass.kubernetes.io/is-default-class': mark } }),
  },
  provisioner: 'p',
})

test('the newest of those that are marked is the default', () => {
  const all = [
    storageClass('c', 1, 'true'),
    storageClass('b', 2, 'true'),
    storageClass('a', 2, 'true'),
    storageClass('z', 3, 'false'),
  ]
  assert.is(defaultStorageClass(all)?.metadata.name, 'a')
  assert.is(defaultStorageClass([storageClass('z', 3)]), undefined)
  assert.is(bindsWithPod(undefined), false)
  assert.is(bindsWithPod({ ...storageClass('z', 3), volumeBindingMode: 'WaitForFirstConsumer' }), true)
})
