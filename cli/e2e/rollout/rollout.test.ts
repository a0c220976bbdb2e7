import { deployments, pods, replicaSets } from '@davit/core/client'
import { assert, createTestServices, test } from '@davit/core/testing'
import { imageOf, workloads } from './testing.js'

const revision = 'deployment.kubernetes.io/revision'
const condition = (deployment: Awaited<ReturnType<Awaited<ReturnType<typeof workloads>>['deployment']>>, type: string) =>
  deployment.status?.conditions?.find((each) => each.type === type)

test('a Deployment makes a ReplicaSet, which makes Pods; its status says how far it is', async (t) => {
  const at = await workloads(t)
  await at.deploy(3)
  const [set] = await at.sets()
  assert.match(set?.metadata.name ?? '', /^web-[a-z0-9]{8,10}$/)
  const hash = set?.metadata.name.slice(4) ?? ''
  assert.equal(set?.metadata.labels, { app: 'web', 'pod-template-hash': hash })
  assert.equal(set?.spec.selector, { matchLabels: { app: 'web', 'pod-template-hash': hash } })
  assert.is(set?.metadata.annotations?.[revision], '1')
  assert.is((await at.pods()).length, 3)
  const before = await at.deployment()
  assert.equal([before.status?.replicas, before.status?.unavailableReplicas], [3, 3])
  assert.equal([condition(before, 'Available')?.status, condition(before, 'Progressing')?.reason], ['False', 'ReplicaSetUpdated'])
  await at.converge()
  const after = await at.deployment()
  const { conditions: _conditions, ...counts } = after.status ?? {}
  assert.equal(counts, { observedGeneration: 1, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 })
  assert.is(after.metadata.generation, 1, 'the revision counts no generation')
  assert.is(after.metadata.annotations?.[revision], '1')
  assert.equal(
    [condition(after, 'Available')?.reason, condition(after, 'Progressing')?.reason, condition(after, 'Progressing')?.message],
    ['MinimumReplicasAvailable', 'NewReplicaSetAvailable', `ReplicaSet "${set?.metadata.name}" has successfully progressed.`],
  )
  assert.equal(await at.messages('ScalingReplicaSet'), [`Scaled up replica set ${set?.metadata.name} from 0 to 3`])
})

test('a settled Deployment causes no write and holds no timer', async (t) => {
  const at = await workloads(t)
  await at.deploy(3)
  await at.converge()
  await at.setImage('web:2')
  await at.converge()
  at.writes()
  await at.pass(3_600_000)
  assert.equal(at.writes(), [])
})

for (const [maxSurge, maxUnavailable, replicas] of [
  [1, 0, 3],
  [0, 1, 3],
  ['25%', '25%', 10],
  ['100%', 0, 4],
  ['30%', '50%', 7],
  ['10%', 0, 5],
] as const) {
  test(`a roll-out keeps its limits at every commit: surge ${maxSurge}, unavailable ${maxUnavailable} of ${replicas}`, async (t) => {
    const at = await workloads(t)
    await at.deploy(replicas, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } } })
    await at.converge()
    const { random } = createTestServices(`${maxSurge} ${maxUnavailable}`)
    const most =
      replicas + (typeof maxSurge === 'number' ? maxSurge : Math.ceil((replicas * Number.parseInt(maxSurge, 10)) / 100))
    const away =
      typeof maxUnavailable === 'number' ? maxUnavailable : Math.floor((replicas * Number.parseInt(maxUnavailable, 10)) / 100)
    at.seen.length = 0
    await at.setImage('web:2')
    await at.pass(20)
    while (await at.kubelet(1 + random.integer(2), random));
    assert.ok(at.seen.length > replicas)
    assert.ok(Math.max(...at.seen.map(({ active }) => active)) <= most, 'never more than the surge allows')
    assert.ok(Math.min(...at.seen.map(({ ready }) => ready)) >= replicas - away, 'never fewer than may be unavailable')
    const sizes = Object.fromEntries((await at.sets()).map((set) => [imageOf(set), set.spec.replicas]))
    assert.equal(sizes, { 'web:1': 0, 'web:2': replicas })
    assert.is((await at.deployment()).status?.availableReplicas, replicas)
  })
}

test('undo makes the old ReplicaSet the new one, with a higher revision and its history', async (t) => {
  const at = await workloads(t)
  await at.deploy(2)
  await at.converge()
  await at.setImage('web:2')
  await at.converge()
  // What `kubectl rollout undo` sends: the old template, as a strategic patch.
  await at.setImage('web:1')
  await at.converge()
  const sets = await at.sets()
  assert.is(sets.length, 2)
  const first = sets.find((set) => imageOf(set) === 'web:1')
  assert.equal(
    [first?.spec.replicas, first?.metadata.annotations?.[revision], first?.metadata.annotations?.[`${revision}-history`]],
    [2, '3', '1'],
  )
  assert.is((await at.deployment()).metadata.annotations?.[revision], '3')
  assert.is(condition(await at.deployment(), 'Progressing')?.reason, 'NewReplicaSetAvailable')
})

test('Recreate waits for the last old Pod, terminating ones included', async (t) => {
  const at = await workloads(t)
  await at.deploy(3, { strategy: { type: 'Recreate' } })
  await at.converge()
  await at.setImage('web:2')
  await at.pass(20)
  const terminating = await at.pods()
  assert.is(terminating.length, 3)
  assert.ok(terminating.every(({ metadata }) => metadata.deletionTimestamp))
  assert.is((await at.sets()).length, 1)
  for (const [index, { metadata }] of terminating.entries()) {
    assert.is((await at.sets()).length, 1, `${index} of 3 old Pods are gone`)
    await at.client.delete(pods, 'default', metadata.name, { gracePeriodSeconds: 0 })
    await at.pass(20)
  }
  await at.converge()
  assert.equal(
    (await at.pods()).map(({ spec }) => spec.containers[0]?.image),
    ['web:2', 'web:2', 'web:2'],
  )
  assert.is((await at.deployment()).status?.availableReplicas, 3)
})

test('scaling in the middle of a roll-out is shared out in proportion', async (t) => {
  const at = await workloads(t)
  await at.deploy(10, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } })
  await at.converge()
  await at.setImage('web:2')
  await at.pass(20)
  const sizes = async () => Object.fromEntries((await at.sets()).map((set) => [imageOf(set), set.spec.replicas]))
  assert.equal(await sizes(), { 'web:1': 8, 'web:2': 5 })
  await at.change({ spec: { replicas: 15 } })
  await at.pass(20)
  assert.equal(await sizes(), { 'web:1': 11, 'web:2': 7 })
  await at.converge()
  assert.equal(await sizes(), { 'web:1': 0, 'web:2': 15 })
})

test('a paused Deployment scales but does not roll out, and goes on when it is resumed', async (t) => {
  const at = await workloads(t)
  await at.deploy(2)
  await at.converge()
  await at.change({ spec: { paused: true } })
  await at.setImage('web:2')
  await at.change({ spec: { replicas: 4 } })
  await at.converge()
  assert.equal(
    (await at.sets()).map((set) => [imageOf(set), set.spec.replicas]),
    [['web:1', 4]],
  )
  assert.equal(
    [condition(await at.deployment(), 'Progressing')?.status, condition(await at.deployment(), 'Progressing')?.reason],
    ['Unknown', 'DeploymentPaused'],
  )
  await at.change({ spec: { paused: false } })
  await at.converge()
  assert.equal(
    (await at.pods()).map(({ spec }) => spec.containers[0]?.image),
    ['web:2', 'web:2', 'web:2', 'web:2'],
  )
  assert.is(condition(await at.deployment(), 'Progressing')?.reason, 'NewReplicaSetAvailable')
})

test('a roll-out that does not get on is given up after its deadline, by the clock', async (t) => {
  const at = await workloads(t)
  await at.deploy(1, { progressDeadlineSeconds: 60 })
  await at.pass(58_000)
  assert.is(condition(await at.deployment(), 'Progressing')?.status, 'True')
  await at.pass(4000)
  const late = condition(await at.deployment(), 'Progressing')
  assert.equal([late?.status, late?.reason], ['False', 'ProgressDeadlineExceeded'])
  assert.match(late?.message ?? '', /^ReplicaSet "web-\w+" has timed out progressing\.$/)
  at.writes()
  await at.pass(3_600_000)
  assert.equal(at.writes(), [])
  await at.converge()
  assert.is(condition(await at.deployment(), 'Progressing')?.reason, 'NewReplicaSetAvailable')
})

test('old ReplicaSets beyond the limit are forgotten, the lowest revision first', async (t) => {
  const at = await workloads(t)
  await at.deploy(1, { revisionHistoryLimit: 2 })
  await at.converge()
  for (const image of ['web:2', 'web:3', 'web:4', 'web:5']) {
    await at.setImage(image)
    await at.converge()
  }
  assert.equal((await at.sets()).map(imageOf).sort(), ['web:3', 'web:4', 'web:5'])
})

test('an orphaned ReplicaSet with an equal template is adopted, and keeps its Pods', async (t) => {
  const at = await workloads(t)
  await at.deploy(2)
  await at.converge()
  const before = (await at.pods()).map(({ metadata }) => metadata.name).sort()
  const [set] = await at.sets()
  await at.client.delete(deployments, 'default', 'web', { propagationPolicy: 'Background' })
  await at.client.patch(replicaSets, 'default', set?.metadata.name ?? '', 'merge', { metadata: { ownerReferences: null } })
  await at.pass(20)
  await at.deploy(2)
  await at.converge()
  assert.equal((await at.pods()).map(({ metadata }) => metadata.name).sort(), before)
  assert.equal(
    (await at.sets()).map(({ metadata }) => metadata.uid),
    [set?.metadata.uid],
  )
  assert.is((await at.sets())[0]?.metadata.ownerReferences?.[0]?.uid, (await at.deployment()).metadata.uid)
})

test('fifty random kills in the middle of roll-outs end in the wanted state', async (t) => {
  const at = await workloads(t)
  const { random } = createTestServices('kills and roll-outs')
  await at.deploy(6)
  for (let kill = 0; kill < 50; kill += 1) {
    const list = await at.pods()
    const victim = list[random.integer(list.length)]
    const grace = random.integer(2) === 0 ? { gracePeriodSeconds: 0 } : {}
    if (victim) await at.client.delete(pods, 'default', victim.metadata.name, grace).catch(() => undefined)
    if (kill % 10 === 5) await at.setImage(`web:${kill}`)
    if (random.integer(2) === 0) await at.kubelet(random.integer(4), random)
  }
  await at.converge()
  const active = await at.pods()
  assert.equal(
    active.map(({ spec }) => spec.containers[0]?.image),
    Array.from({ length: 6 }, () => 'web:45'),
  )
  assert.is((await at.deployment()).status?.availableReplicas, 6)
})
