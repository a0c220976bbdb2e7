/** With the API alone: the test plays the kubelet. */
import { ApiHooksToken } from '@davit/core/api'
import { controllerRevisions, events, persistentVolumeClaims, pods, statefulSets } from '@davit/core/client'
import { controllerOf, sortRevisions } from '@davit/core/controller'
import type { ControlPlane } from '@davit/core/controller/testkit'
import { definePlugin } from '@davit/core/kernel'
import { assert, createTestServices, test } from '@davit/core/testing'
import { change, data, makeReady, namesOf, plane, pod, podsOf, serveAll, statefulSet, stored, template } from './testing.js'

const revisions = async ({ client }: ControlPlane) =>
  sortRevisions((await client.list(controllerRevisions, { namespace: 'default' })).items)
const claims = async ({ client }: ControlPlane) => (await client.list(persistentVolumeClaims, { namespace: 'default' })).items
const images = async (at: ControlPlane) => (await podsOf(at.client)).map(({ spec }) => spec.containers[0]?.image)
const told = async ({ client }: ControlPlane) =>
  (await client.list(events, { namespace: 'default' })).items.map(({ reason, message }) => `${reason}: ${message}`).sort()

test('Pods come one after the other, with their identity, and the status follows', async (t) => {
  const at = await plane(t)
  await at.client.create(statefulSets, statefulSet(3))
  await at.quiet()
  assert.equal(await namesOf(at.client), ['db-0'])
  assert.equal(await serveAll(at), ['db-0', 'db-1', 'db-2'])
  const [revision] = await revisions(at)
  const name = revision?.metadata.name ?? ''
  const [, second] = await podsOf(at.client)
  assert.equal(second?.metadata.labels, {
    app: 'db',
    'apps.kubernetes.io/pod-index': '1',
    'controller-revision-hash': name,
    'statefulset.kubernetes.io/pod-name': 'db-1',
  })
  assert.equal([second?.spec.hostname, second?.spec.subdomain], ['db-1', 'dbs'])
  assert.equal((await stored(at.client)).status, {
    observedGeneration: 1,
    replicas: 3,
    readyReplicas: 3,
    currentReplicas: 3,
    updatedReplicas: 3,
    availableReplicas: 3,
    currentRevision: name,
    updateRevision: name,
    collisionCount: 0,
  })
  assert.ok((await told(at)).includes('SuccessfulCreate: create Pod db-1 in StatefulSet db successful'))
})

test('a settled set causes no write', async (t) => {
  const at = await plane(t)
  await at.client.create(statefulSets, statefulSet(2, { volumeClaimTemplates: [data] }))
  await serveAll(at)
  await at.pass(1000)
  at.writes()
  await at.pass(3_600_000)
  await at.client.patch(pods, 'default', 'db-0', 'merge', { metadata: { annotations: { note: 'x' } } })
  await at.pass(1000)
  assert.equal(at.writes(), [])
})

test('in parallel all come at once', async (t) => {
  const at = await plane(t)
  await at.client.create(statefulSets, statefulSet(3, { podManagementPolicy: 'Parallel', ordinals: { start: 7 } }))
  await at.quiet()
  assert.equal(await namesOf(at.client), ['db-7', 'db-8', 'db-9'])
})

test('scaling down takes the highest, one after the other', async (t) => {
  const at = await plane(t)
  await at.client.create(statefulSets, statefulSet(3))
  await serveAll(at)
  await at.pass(10_000)
  at.writes()
  await change(at.client, { replicas: 1 })
  await at.pass(100)
  assert.equal(await namesOf(at.client), ['db-0'])
  const removed = at.writes().filter(({ verb }) => verb === 'delete')
  assert.equal(
    removed.map(({ cause }) => cause?.considered),
    [['db-2 is scaled down'], ['db-1 is scaled down']],
  )
})

test('a roll-out goes from the highest down, waits for each, and ends with the new revision as the current one', async (t) => {
  const at = await plane(t)
  await at.client.create(statefulSets, statefulSet(3))
  await serveAll(at)
  const before = (await stored(at.client)).status?.currentRevision
  await change(at.client, { template: template('db:2') })
  await at.pass(100)
  assert.equal(await images(at), ['db:1', 'db:1', 'db:2'])
  const { status } = await stored(at.client)
  assert.equal([status?.currentRevision, status?.updatedReplicas, status?.currentReplicas], [before, 1, 2])
  assert.is.not(status?.updateRevision, before)
  assert.equal(await serveAll(at), ['db-2', 'db-1', 'db-0'])
  const done = (await stored(at.client)).status
  assert.equal([done?.currentRevision, done?.currentReplicas, done?.updatedReplicas], [status?.updateRevision, 3, 3])
})

test('a partition keeps the lower numbers as they were, also when they are made again', async (t) => {
  const at = await plane(t)
  await at.client.create(statefulSets, statefulSet(3))
  await serveAll(at)
  await change(at.client, { template: template('db:2'), updateStrategy: { rollingUpdate: { partition: 2 } } })
  await at.pass(100)
  await serveAll(at)
  assert.equal(await images(at), ['db:1', 'db:1', 'db:2'])
  await at.client.delete(pods, 'default', 'db-0')
  await at.pass(100)
  await serveAll(at)
  assert.equal(await images(at), ['db:1', 'db:1', 'db:2'])
  await change(at.client, { updateStrategy: { rollingUpdate: { partition: 0 } } })
  await at.pass(100)
  await serveAll(at)
  assert.equal(await images(at), ['db:2', 'db:2', 'db:2'])
})

test('going back to an earlier template gives its revision the next number; old ones beyond the limit go', async (t) => {
  const at = await plane(t)
  await at.client.create(statefulSets, statefulSet(1, { revisionHistoryLimit: 1 }))
  await serveAll(at)
  const first = (await stored(at.client)).status?.currentRevision
  for (const image of ['db:2', 'db:1']) {
    await change(at.client, { template: template(image) })
    await at.pass(100)
    await serveAll(at)
  }
  assert.is((await stored(at.client)).status?.currentRevision, first)
  assert.equal(
    (await revisions(at)).map(({ revision }) => revision),
    [2, 3],
  )
  for (const image of ['db:3', 'db:4']) {
    await change(at.client, { template: template(image) })
    await at.pass(100)
    await serveAll(at)
  }
  await at.pass(1000)
  assert.equal(
    (await revisions(at)).map(({ revision }) => revision),
    [4, 5],
  )
})

test('OnDelete leaves the Pods to the user', async (t) => {
  const at = await plane(t)
  await at.client.create(statefulSets, statefulSet(2, { updateStrategy: { type: 'OnDelete' } }))
  await serveAll(at)
  await change(at.client, { template: template('db:2') })
  await at.pass(1000)
  assert.equal(await images(at), ['db:1', 'db:1'])
  await at.client.delete(pods, 'default', 'db-0')
  await at.pass(100)
  assert.equal(await images(at), ['db:2', 'db:1'])
})

test('each Pod has claims of its own, which outlive it', async (t) => {
  const at = await plane(t)
  const labelled = { ...data, metadata: { ...data.metadata, labels: { tier: 'disk' } } }
  await at.client.create(statefulSets, statefulSet(2, { volumeClaimTemplates: [labelled] }))
  await serveAll(at)
  assert.equal(
    (await claims(at)).map(({ metadata }) => [metadata.name, metadata.labels, metadata.ownerReferences]),
    [0, 1].map((ordinal) => [`data-db-${ordinal}`, { app: 'db', tier: 'disk' }, undefined]),
  )
  const [first] = await podsOf(at.client)
  const volume = first?.spec.volumes?.find(({ name }) => name === 'data')
  assert.equal(volume?.persistentVolumeClaim?.claimName, 'data-db-0')
  await change(at.client, { replicas: 1 })
  await at.pass(100)
  assert.is((await claims(at)).length, 2)
  assert.ok((await told(at)).includes('SuccessfulCreate: create Claim data-db-0 Pod db-0 in StatefulSet db success'))
})

test('the retention policy is told by owner references, and follows its changes', async (t) => {
  const at = await plane(t)
  const policy = { whenDeleted: 'Delete', whenScaled: 'Delete' }
  await at.client.create(
    statefulSets,
    statefulSet(2, { volumeClaimTemplates: [data], persistentVolumeClaimRetentionPolicy: policy }),
  )
  await serveAll(at)
  const kinds = async () => (await claims(at)).map((claim) => controllerOf(claim)?.kind)
  assert.equal(await kinds(), ['StatefulSet', 'StatefulSet'])
  const [, second] = await podsOf(at.client)
  await change(at.client, { replicas: 1 })
  await at.pass(100)
  assert.equal(await kinds(), ['StatefulSet', 'Pod'])
  assert.is(controllerOf((await claims(at))[1] ?? data)?.uid, second?.metadata.uid)
  await change(at.client, { replicas: 2 })
  await at.pass(1000)
  assert.equal(await namesOf(at.client), ['db-0'], 'the claim of the Pod that went has to go first')
  await at.client.delete(persistentVolumeClaims, 'default', 'data-db-1')
  await at.pass(100)
  assert.equal(await namesOf(at.client), ['db-0', 'db-1'])
  await change(at.client, { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' } })
  await at.pass(100)
  assert.equal(await kinds(), [undefined, undefined])
})

test('minReadySeconds delays the next Pod by a timer', async (t) => {
  const at = await plane(t)
  await at.client.create(statefulSets, statefulSet(2, { minReadySeconds: 30 }))
  await at.quiet()
  await makeReady(at, 'db-0')
  await at.pass(28_000)
  assert.equal(await namesOf(at.client), ['db-0'])
  assert.is((await stored(at.client)).status?.availableReplicas, 0)
  await at.pass(3000)
  assert.equal(await namesOf(at.client), ['db-0', 'db-1'])
  assert.is((await stored(at.client)).status?.availableReplicas, 1)
})

test('a Pod that failed is made again, and a warning says so', async (t) => {
  const at = await plane(t)
  await at.client.create(statefulSets, statefulSet(1))
  await serveAll(at)
  const [before] = await podsOf(at.client)
  await at.client.patch(pods, 'default', 'db-0', 'merge', { status: { phase: 'Failed' } }, { subresource: 'status' })
  await at.pass(100)
  const [after] = await podsOf(at.client)
  assert.is.not(after?.metadata.uid, before?.metadata.uid)
  assert.ok((await told(at)).includes('RecreatingFailedPod: StatefulSet default/db is recreating failed Pod db-0'))
})

test('an orphan of its name is adopted, one of another name is not; what stops matching is let go', async (t) => {
  const at = await plane(t)
  const { metadata, ...rest } = pod(0, { labels: { app: 'db' } })
  const orphan = (name: string) => ({ ...rest, metadata: { name, namespace: 'default', labels: metadata.labels } })
  await at.client.create(pods, orphan('db-0'))
  await at.client.create(pods, orphan('other'))
  const set = await at.client.create(statefulSets, statefulSet(1))
  await at.quiet()
  const adopted = await at.client.get(pods, 'default', 'db-0')
  assert.is(controllerOf(adopted)?.uid, set.metadata.uid)
  assert.is(adopted.metadata.labels?.['statefulset.kubernetes.io/pod-name'], 'db-0', 'and has its identity')
  assert.is(controllerOf(await at.client.get(pods, 'default', 'other')), undefined)
  await at.client.patch(pods, 'default', 'db-0', 'merge', { metadata: { labels: { app: 'debug' } } })
  await at.pass(100)
  assert.is(controllerOf(await at.client.get(pods, 'default', 'db-0')), undefined)
})

test('a refusal is told, tried again, and gone when it is resolved', async (t) => {
  let refusing = true
  const quota = definePlugin({
    id: 'test-quota',
    api: '^1.0',
    stage: 'cache',
    requires: { hooks: ApiHooksToken },
    async setup(context, { hooks }) {
      context.tap(hooks.validate, ({ kind, operation }) =>
        refusing && kind.resource === 'pods' && operation === 'CREATE'
          ? { code: 403, reason: 'Forbidden', message: 'exceeded quota' }
          : undefined,
      )
      return {}
    },
  })
  const at = await plane(t, [{ plugin: quota }])
  await at.client.create(statefulSets, statefulSet(1))
  await at.pass(100)
  assert.equal(await namesOf(at.client), [])
  const [refused] = await told(at)
  assert.match(refused ?? '', /^FailedCreate: create Pod db-0 in StatefulSet db failed error: .*exceeded quota/)
  assert.is((await stored(at.client)).status?.replicas, 0)
  refusing = false
  await at.pass(10_000)
  assert.equal(await namesOf(at.client), ['db-0'])
})

test('a set on its way out makes nothing more', async (t) => {
  const at = await plane(t)
  await at.client.create(statefulSets, statefulSet(1, {}, { finalizers: ['example.com/wait'] }))
  await serveAll(at)
  await at.client.delete(statefulSets, 'default', 'db')
  await at.client.delete(pods, 'default', 'db-0')
  for (const { metadata } of await revisions(at)) await at.client.delete(controllerRevisions, 'default', metadata.name)
  await at.pass(1000)
  assert.equal([await namesOf(at.client), await revisions(at)], [[], []])
  assert.is((await stored(at.client)).status?.replicas, 0)
})

test('every write says who and why', async (t) => {
  const at = await plane(t)
  await at.client.create(statefulSets, statefulSet(1, { volumeClaimTemplates: [data] }))
  await serveAll(at)
  await change(at.client, { template: template('db:2') })
  await at.pass(100)
  const writes = at.writes()
  assert.ok(writes.length >= 6)
  for (const { user, cause } of writes) {
    assert.is(user.name, 'system:controller:statefulset-controller')
    assert.match(cause?.actor ?? '', /^controller-statefulset@/)
  }
})

test('thirty random kills in the middle of roll-outs end in what is asked for, and no number is there twice', async (t) => {
  const at = await plane(t)
  const { random } = createTestServices('thirty kills')
  await at.client.create(statefulSets, statefulSet(4, { podManagementPolicy: 'Parallel', volumeClaimTemplates: [data] }))
  await serveAll(at)
  for (let kill = 0; kill < 30; kill += 1) {
    const list = await podsOf(at.client)
    const victim = list[random.integer(list.length)]
    if (victim) await at.client.delete(pods, 'default', victim.metadata.name).catch(() => undefined)
    if (random.integer(5) === 0) await change(at.client, { template: template(`db:${kill}`), replicas: 2 + random.integer(4) })
    if (random.integer(3) === 0) await at.quiet()
  }
  await change(at.client, { template: template('db:last'), replicas: 4 })
  await at.pass(1000)
  await serveAll(at)
  await at.pass(1000)
  await serveAll(at)
  assert.equal(await images(at), ['db:last', 'db:last', 'db:last', 'db:last'])
  const { status } = await stored(at.client)
  assert.equal([status?.readyReplicas, status?.currentRevision], [4, status?.updateRevision])
})
