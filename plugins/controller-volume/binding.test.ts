import { edit, isNotFound, nodes, persistentVolumeClaims, persistentVolumes, pods } from '@davit/core/client'
import { assert, test } from '@davit/core/testing'
import { claim, makeClaim, makeClass, makeVolume, plane, storageClass, volume } from './testing.js'

const annotationsOf = ({ metadata }: { metadata: { annotations?: Record<string, string> | undefined } }) =>
  Object.keys(metadata.annotations ?? {}).sort()

test('a claim and a volume find each other, whichever comes first, and each names the other', async (t) => {
  const at = await plane(t)
  await makeClaim(at.client, claim('data', { storageClassName: '' }))
  await at.quiet()
  assert.is((await at.claim()).status?.phase, 'Pending')
  assert.equal(await at.events('data'), [
    'Normal FailedBinding: no persistent volumes available for this claim and no storage class is set',
  ])
  await makeVolume(at.client, volume('v', '5Gi'))
  await at.quiet()
  const [bound, taken] = [await at.claim(), await at.volume('v')]
  assert.equal(bound.status, { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '5Gi' } })
  assert.is(bound.spec.volumeName, 'v')
  assert.equal(annotationsOf(bound), ['pv.kubernetes.io/bind-completed', 'pv.kubernetes.io/bound-by-controller'])
  assert.is(taken.spec.claimRef?.uid, bound.metadata.uid)
  assert.is(taken.status?.phase, 'Bound')
  assert.ok(taken.status?.lastPhaseTransitionTime)
  assert.equal(annotationsOf(taken), ['pv.kubernetes.io/bound-by-controller'])
  at.writes()
  await at.pass(3_600_000)
  assert.equal(at.writes(), [], 'what is settled is not written')
})

test('many claims at once get one volume each, and nobody two', async (t) => {
  const at = await plane(t)
  const names = Array.from({ length: 12 }, (_, index) => `n${index}`)
  await Promise.all(names.flatMap((name) => [makeClaim(at.client, claim(name)), makeVolume(at.client, volume(`v-${name}`))]))
  await at.pass(100)
  const claims = await at.client.list(persistentVolumeClaims)
  const volumes = await at.client.list(persistentVolumes)
  assert.equal(new Set(claims.items.map(({ spec }) => spec.volumeName)).size, 12)
  assert.ok(claims.items.every(({ status }) => status?.phase === 'Bound'))
  for (const { metadata, spec } of volumes.items) {
    const owner = claims.items.find((each) => each.spec.volumeName === metadata.name)
    assert.is(spec.claimRef?.uid, owner?.metadata.uid)
  }
})

test('set aside by the volume, asked for by the claim, and both', async (t) => {
  const at = await plane(t)
  const claimRef = (name: string) => ({ namespace: 'default', name })
  await makeVolume(at.client, volume('large', '9Gi', { claimRef: claimRef('a') }))
  await makeVolume(at.client, volume('fits', '1Gi'))
  await makeVolume(at.client, volume('both', '9Gi', { claimRef: claimRef('c') }))
  await at.quiet()
  assert.is((await at.volume('large')).status?.phase, 'Available')
  await makeClaim(at.client, claim('a'))
  await makeClaim(at.client, claim('b', { volumeName: 'fits' }))
  await makeClaim(at.client, claim('c', { volumeName: 'both' }))
  await at.quiet()
  assert.equal([(await at.claim('a')).spec.volumeName, (await at.claim('b')).status?.phase], ['large', 'Bound'])
  assert.is((await at.claim('c')).status?.phase, 'Bound')
  assert.equal(annotationsOf(await at.volume('large')), [], 'the user set it aside')
  assert.equal(annotationsOf(await at.claim('b')), ['pv.kubernetes.io/bind-completed'])
  assert.equal(annotationsOf(await at.volume('both')), [])
})

test('a claim that asks for a volume that is not its own waits, and is told', async (t) => {
  const at = await plane(t)
  await makeVolume(at.client, volume('taken', '1Gi', { claimRef: { namespace: 'default', name: 'other' } }))
  await makeVolume(at.client, volume('small', '1Mi'))
  await makeClaim(at.client, claim('a', { volumeName: 'taken' }))
  await makeClaim(at.client, claim('b', { volumeName: 'small' }))
  assert.equal(await at.events('a'), ['Warning FailedBinding: volume "taken" already bound to a different claim.'])
  assert.equal(await at.events('b'), [
    'Warning VolumeMismatch: Cannot bind to requested volume "small": requested PV is too small',
  ])
  await at.client.delete(persistentVolumes, '', 'small')
  await makeVolume(at.client, volume('small', '2Gi'))
  await at.quiet()
  assert.is((await at.claim('b')).status?.phase, 'Bound')
})

test('a claim that was changed behind its back is bound again, one whose volume goes is lost', async (t) => {
  const at = await plane(t)
  await makeVolume(at.client, volume('v'))
  await at.quiet()
  await makeClaim(at.client, claim('data'))
  await at.quiet()
  const freed = edit(await at.volume('v'), (draft) => {
    delete draft.spec.claimRef
  })
  await at.client.update(persistentVolumes, freed)
  await at.quiet()
  assert.is((await at.volume('v')).spec.claimRef?.name, 'data')
  await at.client.delete(persistentVolumes, '', 'v')
  assert.equal(await at.events('data'), [
    'Warning ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!',
  ])
  const lost = await at.claim()
  assert.equal(lost.status, { phase: 'Lost' })
})

test('a kept volume is released with its claim, and is nobody’s until somebody says so', async (t) => {
  const at = await plane(t)
  await makeVolume(at.client, volume('v'))
  await makeClaim(at.client, claim('data'))
  await at.quiet()
  await at.client.delete(persistentVolumeClaims, 'default', 'data')
  await at.quiet()
  assert.is((await at.volume('v')).status?.phase, 'Released')
  await makeClaim(at.client, claim('data'))
  await at.quiet()
  assert.is((await at.claim()).status?.phase, 'Pending', 'one of the same name is another claim')
  const given = edit(await at.volume('v'), (draft) => {
    delete draft.spec.claimRef
  })
  await at.client.update(persistentVolumes, given)
  await at.quiet()
  assert.is((await at.claim()).status?.phase, 'Bound')
})

test('a volume that nobody can delete or recycle has failed, and says why', async (t) => {
  const at = await plane(t)
  for (const policy of ['Delete', 'Recycle'] as const) {
    await makeVolume(at.client, volume(`v-${policy}`.toLowerCase(), '1Gi', { persistentVolumeReclaimPolicy: policy }))
    await makeClaim(at.client, claim('data', { volumeName: `v-${policy}`.toLowerCase() }))
    await at.quiet()
    await at.client.delete(persistentVolumeClaims, 'default', 'data')
    await at.quiet()
  }
  assert.equal([(await at.volume('v-delete')).status?.phase, (await at.volume('v-recycle')).status?.phase], ['Failed', 'Failed'])
  assert.equal(await at.events('v-recycle'), ['Warning VolumeFailedRecycle: No recycler plugin found for the volume!'])
  assert.match((await at.volume('v-delete')).status?.message ?? '', 'no deletable volume plugin matched')
})

test('a class has a volume made, and gives it back', async (t) => {
  const at = await plane(t)
  await makeClass(at.client, storageClass('fast', { mountOptions: ['noatime'] }))
  const made = await makeClaim(at.client, claim('data', { storageClassName: 'fast' }))
  await at.quiet()
  const name = `pvc-${made.metadata.uid}`
  const [bound, own] = [await at.claim(), await at.volume(name)]
  assert.is(bound.status?.phase, 'Bound')
  assert.is(bound.metadata.annotations?.['volume.kubernetes.io/storage-provisioner'], 'example.com/disk')
  assert.equal(own.spec.mountOptions, ['noatime'])
  assert.equal([own.spec.persistentVolumeReclaimPolicy, own.spec.storageClassName], ['Delete', 'fast'])
  assert.is(own.metadata.annotations?.['pv.kubernetes.io/provisioned-by'], 'example.com/disk')
  assert.equal(await at.events('data'), [`Normal ProvisioningSucceeded: Successfully provisioned volume ${name}`])
  at.provisioner.refusal = { refused: 'still busy' }
  await at.client.delete(persistentVolumeClaims, 'default', 'data')
  await at.quiet()
  assert.equal([(await at.volume(name)).status?.phase, (await at.volume(name)).status?.message], ['Failed', 'still busy'])
  at.provisioner.refusal = undefined
  await at.pass(30_000)
  await assert.rejects(at.volume(name), (error) => isNotFound(error))
  assert.equal([...new Set(at.provisioner.calls)], ['provision pvc-', 'remove /made/pvc-'])
})

test('what a provisioner refuses is told, and tried again', async (t) => {
  const at = await plane(t)
  at.provisioner.refusal = { refused: 'no room' }
  await makeClass(at.client, storageClass('fast'))
  await makeClaim(at.client, claim('data', { storageClassName: 'fast' }))
  assert.equal(await at.events('data'), [
    'Warning ProvisioningFailed: failed to provision volume with StorageClass "fast": no room',
  ])
  at.provisioner.refusal = undefined
  await at.pass(30_000)
  assert.is((await at.claim()).status?.phase, 'Bound')
  await makeClaim(at.client, claim('picky', { storageClassName: 'fast', selector: { matchLabels: { a: 'b' } } }))
  assert.match((await at.events('picky')).join(), 'claim.Spec.Selector is not supported')
})

test('classes that are not there, that are made by hand, and that somebody outside serves', async (t) => {
  const at = await plane(t)
  await makeClaim(at.client, claim('data', { storageClassName: 'missing' }))
  assert.equal(await at.events('data'), ['Warning ProvisioningFailed: storageclass.storage.k8s.io "missing" not found'])
  await makeClass(at.client, storageClass('missing'))
  await at.quiet()
  assert.is((await at.claim()).status?.phase, 'Bound', 'it came later')
  await makeClass(at.client, storageClass('hand', { provisioner: 'kubernetes.io/no-provisioner' }))
  await makeClaim(at.client, claim('b', { storageClassName: 'hand' }))
  assert.match((await at.events('b')).join(), 'no volume plugin matched name: kubernetes.io/no-provisioner')
  await makeClass(at.client, storageClass('outside', { provisioner: 'rancher.io/local-path' }))
  await makeClaim(at.client, claim('c', { storageClassName: 'outside' }))
  assert.match(
    (await at.events('c')).join(),
    "Normal ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'rancher.io/local-path'",
  )
  const waiting = await at.claim('c')
  assert.is(waiting.metadata.annotations?.['volume.beta.kubernetes.io/storage-provisioner'], 'rancher.io/local-path')
})

test('a claim without a class gets the default one as soon as there is one', async (t) => {
  const at = await plane(t)
  await makeClaim(at.client, claim('data'))
  await makeClaim(at.client, claim('none', { storageClassName: '' }))
  await at.quiet()
  const mark = { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }
  await makeClass(at.client, storageClass('standard', {}, mark))
  await at.quiet()
  assert.equal([(await at.claim()).spec.storageClassName, (await at.claim()).status?.phase], ['standard', 'Bound'])
  assert.is((await at.claim('none')).status?.phase, 'Pending')
})

test('a claim that waits for its Pod is made for the node that the scheduler names', async (t) => {
  const at = await plane(t)
  await makeClass(at.client, storageClass('later', { volumeBindingMode: 'WaitForFirstConsumer' }))
  await makeClaim(at.client, claim('data', { storageClassName: 'later' }))
  const waits = 'Normal WaitForFirstConsumer: waiting for first consumer to be created before binding'
  assert.equal(await at.events('data'), [waits])
  await at.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] },
  })
  await at.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {} })
  const choose = async (node: string) => {
    const annotations = { 'volume.kubernetes.io/selected-node': node }
    await at.client.patch(persistentVolumeClaims, 'default', 'data', 'merge', { metadata: { annotations } })
    await at.quiet()
  }
  await choose('nowhere')
  const selected = async () => (await at.claim()).metadata.annotations?.['volume.kubernetes.io/selected-node']
  assert.is(await selected(), undefined, 'the scheduler is to choose anew')
  assert.match((await at.events('data')).join('\n'), 'Normal WaitForPodScheduled: waiting for pod web to be scheduled')
  at.provisioner.refusal = { refused: 'no room here', elsewhere: true }
  await choose('one')
  assert.is(await selected(), undefined)
  at.provisioner.refusal = undefined
  await choose('one')
  assert.is((await at.claim()).status?.phase, 'Bound')
  assert.is(at.provisioner.calls.at(-1), 'provision pvc- on one')
})
