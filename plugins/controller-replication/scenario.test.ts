import { ApiHooksToken } from '@davit/core/api'
import { events, namespaces, pods, replicaSets, replicationControllers } from '@davit/core/client'
import { controllerOf, type VictimChoice, VictimChoiceToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { assert, createTestServices, test } from '@davit/core/testing'
import { makeReady, ownedBy, plane, pod, podsOf, replicaSet, replicationController, scale, stored } from './testing.js'

test('Pods are made, named after their owner, and the status follows', async (t) => {
  const at = await plane(t)
  await at.client.create(replicaSets, replicaSet(3))
  await at.quiet()
  const made = await podsOf(at.client)
  assert.is(made.length, 3)
  for (const { metadata } of made) {
    assert.match(metadata.name, /^web-[a-z0-9]{5}$/)
    assert.equal(metadata.labels, { app: 'web' })
  }
  assert.equal((await stored(at.client)).status, { replicas: 3, fullyLabeledReplicas: 3, observedGeneration: 1 })
  for (const each of made) await makeReady(at, each)
  await at.quiet()
  const { status } = await stored(at.client)
  assert.equal([status?.readyReplicas, status?.availableReplicas], [3, 3])
})

test('a settled owner causes no write', async (t) => {
  const at = await plane(t)
  await at.client.create(replicaSets, replicaSet(2))
  await at.pass(1000)
  for (const each of await podsOf(at.client)) await makeReady(at, each)
  await at.pass(1000)
  at.writes()
  await at.pass(3_600_000)
  assert.equal(at.writes(), [])
  const [first] = await podsOf(at.client)
  await at.client.patch(pods, 'default', first?.metadata.name ?? '', 'merge', { metadata: { annotations: { note: 'x' } } })
  await at.pass(1000)
  assert.equal(at.writes(), [], 'a change that does not matter causes none either')
})

test('scaling up makes what is missing, scaling down removes by rank', async (t) => {
  const at = await plane(t)
  await at.client.create(replicaSets, replicaSet(2))
  await at.quiet()
  const old = await podsOf(at.client)
  for (const each of old) await makeReady(at, each)
  await at.pass(5000)
  await scale(at.client, 5)
  await at.quiet()
  assert.is((await podsOf(at.client)).length, 5)
  await scale(at.client, 2)
  await at.quiet()
  const left = (await podsOf(at.client)).map(({ metadata }) => metadata.name)
  assert.equal(left.sort(), old.map(({ metadata }) => metadata.name).sort(), 'those that are not ready go first')
  assert.is((await stored(at.client)).status?.replicas, 2)
})

test('what is deleted or fails is replaced', async (t) => {
  const at = await plane(t)
  await at.client.create(replicaSets, replicaSet(2))
  await at.quiet()
  const [gone, failing] = await podsOf(at.client)
  await at.client.delete(pods, 'default', gone?.metadata.name ?? '')
  await at.quiet()
  assert.is((await podsOf(at.client)).length, 2)
  await at.client.patch(
    pods,
    'default',
    failing?.metadata.name ?? '',
    'merge',
    { status: { phase: 'Failed' } },
    { subresource: 'status' },
  )
  await at.quiet()
  const active = (await podsOf(at.client)).filter(({ status }) => status?.phase !== 'Failed')
  assert.is(active.length, 2)
})

test('orphans that match are adopted; a Pod that stops matching is let go and replaced', async (t) => {
  const at = await plane(t)
  const orphan = pod('lonely')
  await at.client.create(pods, { ...orphan, metadata: { name: 'lonely', namespace: 'default', labels: { app: 'web' } } })
  await at.client.create(replicaSets, replicaSet(2))
  await at.quiet()
  const owner = await stored(at.client)
  assert.is((await podsOf(at.client)).length, 2)
  assert.is(controllerOf(await at.client.get(pods, 'default', 'lonely'))?.uid, owner.metadata.uid)
  await at.client.patch(pods, 'default', 'lonely', 'merge', { metadata: { labels: { app: 'debug' } } })
  await at.quiet()
  assert.is(controllerOf(await at.client.get(pods, 'default', 'lonely')), undefined)
  assert.is((await podsOf(at.client)).length, 3)
})

test('a Pod of another owner is left alone, and other references stay when a Pod is let go', async (t) => {
  const at = await plane(t)
  const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'settings', uid: 'other' }
  const metadata = { name: 'theirs', namespace: 'default', labels: { app: 'web' }, ownerReferences: ownedBy('somebody else') }
  await at.client.create(pods, { ...pod('theirs'), metadata })
  await at.client.create(replicaSets, replicaSet(1))
  await at.quiet()
  assert.is((await podsOf(at.client)).length, 2)
  const [mine] = (await podsOf(at.client)).filter(({ metadata: { name } }) => name !== 'theirs')
  const name = mine?.metadata.name ?? ''
  const references = [...(mine?.metadata.ownerReferences ?? []), other]
  await at.client.patch(pods, 'default', name, 'merge', { metadata: { ownerReferences: references, labels: { app: 'x' } } })
  await at.quiet()
  assert.equal((await at.client.get(pods, 'default', name)).metadata.ownerReferences, [other])
})

test('minReadySeconds delays availability by a timer', async (t) => {
  const at = await plane(t)
  await at.client.create(replicaSets, replicaSet(1, { minReadySeconds: 10 }))
  await at.quiet()
  for (const each of await podsOf(at.client)) await makeReady(at, each)
  await at.pass(9000)
  assert.equal(
    [(await stored(at.client)).status?.readyReplicas, (await stored(at.client)).status?.availableReplicas],
    [1, undefined],
  )
  await at.pass(1500)
  assert.is((await stored(at.client)).status?.availableReplicas, 1)
})

test('a refusal shows as a condition and an Event, one call at a time finds out, and it goes when it is resolved', async (t) => {
  let refused = 0
  let refusing = true
  const quota = definePlugin({
    id: 'test-quota',
    api: '^1.0',
    stage: 'cache',
    requires: { hooks: ApiHooksToken },
    async setup(context, { hooks }) {
      context.tap(hooks.validate, ({ kind, operation }) => {
        if (!refusing || kind.resource !== 'pods' || operation !== 'CREATE') return undefined
        refused += 1
        return { code: 403, reason: 'Forbidden', message: 'exceeded quota' }
      })
      return {}
    },
  })
  const at = await plane(t, [{ plugin: quota }])
  await at.client.create(replicaSets, replicaSet(20))
  await at.quiet()
  assert.is(refused, 2, 'once at first, and once more when its own status woke it; never all twenty')
  const [condition] = (await stored(at.client)).status?.conditions ?? []
  assert.equal([condition?.type, condition?.status, condition?.reason], ['ReplicaFailure', 'True', 'FailedCreate'])
  assert.match(condition?.message ?? '', /exceeded quota/)
  const [event] = (await at.client.list(events, { namespace: 'default' })).items
  assert.equal([event?.type, event?.reason, event?.source?.component], ['Warning', 'FailedCreate', 'replicaset-controller'])
  assert.match(event?.message ?? '', /^Error creating: .*exceeded quota/)
  at.writes()
  await at.pass(200)
  assert.ok(refused > 1, 'it is tried again')
  assert.equal(at.writes(), [], 'without a write each time')
  refusing = false
  await at.pass(10_000)
  assert.is((await podsOf(at.client)).length, 20)
  assert.is((await stored(at.client)).status?.conditions, undefined)
})

test('Events tell what was made and removed', async (t) => {
  const at = await plane(t)
  await at.client.create(replicaSets, replicaSet(1))
  await at.quiet()
  const [made] = await podsOf(at.client)
  await scale(at.client, 0)
  await at.quiet()
  const told = (await at.client.list(events, { namespace: 'default' })).items.map(
    ({ reason, message }) => `${reason}: ${message}`,
  )
  const name = made?.metadata.name
  assert.equal(told.sort(), [`SuccessfulCreate: Created pod: ${name}`, `SuccessfulDelete: Deleted pod: ${name}`])
})

test('every write says who and why', async (t) => {
  const at = await plane(t)
  await at.client.create(replicaSets, replicaSet(1))
  await at.quiet()
  await scale(at.client, 0)
  await at.quiet()
  const writes = at.writes()
  assert.ok(writes.length >= 4)
  for (const { user, cause } of writes) {
    assert.is(user.name, 'system:controller:replicaset-controller')
    assert.match(cause?.actor ?? '', /^controller-replication@/)
    assert.ok(cause && 'object' in cause.trigger && cause.trigger.object.resourceVersion !== '')
  }
  const removal = writes.find(({ verb }) => verb === 'delete')
  assert.equal(removal?.cause?.considered, ['chosen by the order of Kubernetes'])
})

test('a policy chooses who goes', async (t) => {
  const choice: VictimChoice = {
    name: 'first by name',
    rank: ({ candidates }) => [...candidates].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
  }
  const policy = definePlugin({
    id: 'test-policy',
    api: '^1.0',
    provides: { choice: VictimChoiceToken },
    setup: async () => ({ provides: { choice } }),
  })
  const at = await plane(t, [{ plugin: policy }])
  await at.client.create(replicaSets, replicaSet(4))
  await at.quiet()
  const names = (await podsOf(at.client)).map(({ metadata }) => metadata.name).sort()
  await scale(at.client, 2)
  await at.quiet()
  assert.equal((await podsOf(at.client)).map(({ metadata }) => metadata.name).sort(), names.slice(2))
})

test('ReplicationControllers do the same under their own name', async (t) => {
  const at = await plane(t)
  await at.client.create(replicationControllers, replicationController(2))
  await at.quiet()
  const made = await podsOf(at.client)
  assert.is(made.length, 2)
  assert.is(controllerOf(made[0] ?? pod('none'))?.kind, 'ReplicationController')
  assert.equal(new Set(at.writes().map(({ user }) => user.name)), new Set(['system:controller:replication-controller']))
  const { status } = await at.client.get(replicationControllers, 'default', 'web')
  assert.equal(status, { replicas: 2, fullyLabeledReplicas: 2, observedGeneration: 1 })
})

test('nothing is made in a namespace that goes, and nobody complains', async (t) => {
  const at = await plane(t)
  await at.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'short' }, spec: {} })
  await at.client.create(replicaSets, replicaSet(0, {}, { namespace: 'short' }))
  await at.quiet()
  await at.client.delete(namespaces, '', 'short')
  await at.client.patch(replicaSets, 'short', 'web', 'merge', { spec: { replicas: 2 } })
  await at.pass(1000)
  assert.equal((await at.client.list(pods, { namespace: 'short' })).items, [])
  assert.is((await at.client.get(replicaSets, 'short', 'web')).status?.conditions, undefined)
})

test('fifty random kills leave exactly as many as asked for, and never one too many', async (t) => {
  const at = await plane(t)
  const { random } = createTestServices('fifty kills')
  let most = 0
  let present = 0
  const watch = at.kernel.get(ApiHooksToken).committed.tap('count', ({ verb, kind }) => {
    if (kind.resource !== 'pods') return
    present += verb === 'create' ? 1 : verb === 'delete' ? -1 : 0
    most = Math.max(most, present)
  })
  t.defer(watch)
  await at.client.create(replicaSets, replicaSet(7))
  await at.quiet()
  for (let kill = 0; kill < 50; kill += 1) {
    const list = await podsOf(at.client)
    const victim = list[random.integer(list.length)]
    if (victim) await at.client.delete(pods, 'default', victim.metadata.name).catch(() => undefined)
    if (random.integer(3) === 0) await at.quiet()
  }
  await at.pass(1000)
  assert.is((await podsOf(at.client)).length, 7)
  assert.is(most, 7)
})
