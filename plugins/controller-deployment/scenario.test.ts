/** With the API alone: nobody makes Pods here, and ReplicaSets say what the test says. */
import { ApiHooksToken } from '@davit/core/api'
import { deployments, events, replicaSets } from '@davit/core/client'
import { type RolloutStrategy, RolloutStrategyToken, rolloutStrategyAnnotation } from '@davit/core/controller'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import { definePlugin, type PluginEntry } from '@davit/core/kernel'
import { assert, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'
import { deployment, template } from './testing.js'

const plane = (t: TestContext, more: readonly PluginEntry[] = []) => controlPlane(t, [{ plugin }, ...more])
const stored = ({ client }: ControlPlane) => client.get(deployments, 'default', 'web')
const progress = async (at: ControlPlane) => (await stored(at)).status?.conditions?.find(({ type }) => type === 'Progressing')
const sets = async ({ client }: ControlPlane) =>
  [...(await client.list(replicaSets, { namespace: 'default' })).items].sort((a, b) =>
    a.metadata.name < b.metadata.name ? -1 : 1,
  )
const patch = ({ client }: ControlPlane, body: object) => client.patch(deployments, 'default', 'web', 'merge', body)
/** As the ReplicaSet's controller would: all Pods that it wants are there and serve. */
async function serve({ client, pass }: ControlPlane): Promise<void> {
  for (const { metadata, spec } of (await client.list(replicaSets, { namespace: 'default' })).items) {
    const { replicas = 0 } = spec
    const status = { replicas, readyReplicas: replicas, availableReplicas: replicas, observedGeneration: metadata.generation }
    await client.patch(replicaSets, 'default', metadata.name, 'merge', { status }, { subresource: 'status' })
  }
  await pass(20)
}

test('annotations follow onto the ReplicaSet, and the revision onto the Deployment', async (t) => {
  const at = await plane(t)
  await at.client.create(deployments, deployment(2, { metadata: { annotations: { team: 'a' } } }))
  await at.pass(20)
  await patch(at, { metadata: { annotations: { 'kubernetes.io/change-cause': 'because' } } })
  await at.pass(20)
  const [set] = await sets(at)
  assert.equal(set?.metadata.annotations, {
    team: 'a',
    'kubernetes.io/change-cause': 'because',
    'deployment.kubernetes.io/revision': '1',
    'deployment.kubernetes.io/desired-replicas': '2',
    'deployment.kubernetes.io/max-replicas': '3',
  })
  const { metadata, status } = await stored(at)
  assert.is(metadata.annotations?.['deployment.kubernetes.io/revision'], '1')
  assert.equal([metadata.generation, status?.observedGeneration], [2, 2])
})

test('a change of what is no template reaches the ReplicaSet without a roll-out', async (t) => {
  const at = await plane(t)
  await at.client.create(deployments, deployment(2))
  await at.pass(20)
  await patch(at, { spec: { minReadySeconds: 7 } })
  await at.pass(20)
  assert.equal(
    (await sets(at)).map(({ spec }) => spec.minReadySeconds),
    [7],
  )
})

test('a revision that is near the end of 64 bits counts on exactly', async (t) => {
  const at = await plane(t)
  await at.client.create(deployments, deployment(0))
  await at.pass(20)
  const [set] = await sets(at)
  const annotations = { 'deployment.kubernetes.io/revision': '3500000000000000001' }
  await at.client.patch(replicaSets, 'default', set?.metadata.name ?? '', 'merge', { metadata: { annotations } })
  await patch(at, { spec: { template: template('web:2') } })
  await at.pass(20)
  assert.is((await stored(at)).metadata.annotations?.['deployment.kubernetes.io/revision'], '3500000000000000002')
})

test('another ReplicaSet that has its name makes it choose another', async (t) => {
  const at = await plane(t)
  await at.client.create(deployments, deployment(2))
  await at.pass(20)
  const name = (await sets(at))[0]?.metadata.name ?? ''
  await at.client.delete(deployments, 'default', 'web')
  await at.client.delete(replicaSets, 'default', name)
  await at.pass(20)
  const labels = { other: 'app' }
  await at.client.create(replicaSets, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: 'default', labels },
    spec: { replicas: 0, selector: { matchLabels: labels }, template: { ...template('other:1'), metadata: { labels } } },
  })
  await at.client.create(deployments, deployment(2))
  await at.pass(50)
  assert.is((await stored(at)).status?.collisionCount, 1)
  const mine = (await sets(at)).filter(({ metadata }) => metadata.ownerReferences)
  assert.equal(
    mine.map(({ spec }) => spec.replicas),
    [2],
  )
  assert.is.not(mine[0]?.metadata.name, name)
})

test('a refused ReplicaSet shows as a condition and an Event, and is tried again', async (t) => {
  let refusing = true
  const quota = definePlugin({
    id: 'test-quota',
    api: '^1.0',
    stage: 'cache',
    requires: { hooks: ApiHooksToken },
    async setup(context, { hooks }) {
      context.tap(hooks.validate, ({ kind }) =>
        refusing && kind.resource === 'replicasets' ? { code: 403, reason: 'Forbidden', message: 'exceeded quota' } : undefined,
      )
      return {}
    },
  })
  const at = await plane(t, [{ plugin: quota }])
  await at.client.create(deployments, deployment(2))
  await at.quiet()
  const refused = await progress(at)
  assert.equal([refused?.status, refused?.reason], ['False', 'ReplicaSetCreateError'])
  assert.match(refused?.message ?? '', /^Failed to create new replica set "web-\w+": .*exceeded quota/)
  assert.ok((await at.client.list(events)).items.some(({ reason }) => reason === 'ReplicaSetCreateError'))
  refusing = false
  await at.pass(10_000)
  assert.equal(
    (await sets(at)).map(({ spec }) => spec.replicas),
    [2],
  )
  assert.is((await progress(at))?.status, 'True')
})

test('a strategy of a plugin is followed by its name; without it nothing rolls out', async (t) => {
  // A canary: one new Pod, and no more before a person says so.
  const canary: RolloutStrategy = {
    name: 'Canary',
    step({ deployment, replicas, next, olds }) {
      const promoted = deployment.metadata.annotations?.['canary/promote'] === 'true' || olds.every(({ size }) => size === 0)
      if (!promoted) return { next: 1 }
      if (next?.available !== replicas) return { next: replicas }
      return { olds: Object.fromEntries(olds.map(({ name }) => [name, 0])) }
    },
  }
  const policy = definePlugin({
    id: 'rollout-canary',
    api: '^1.0',
    provides: { strategy: RolloutStrategyToken },
    setup: async () => ({ provides: { strategy: canary } }),
  })
  const sizes = async (at: ControlPlane) =>
    Object.fromEntries((await sets(at)).map(({ spec }) => [spec.template?.spec?.containers[0]?.image, spec.replicas]))
  const metadata = { annotations: { [rolloutStrategyAnnotation]: 'Canary' } }

  const without = await plane(t)
  await without.client.create(deployments, deployment(3, { metadata }))
  await without.pass(20)
  assert.equal(await sets(without), [])
  const [event] = (await without.client.list(events)).items
  assert.is(event?.reason, 'UnknownRolloutStrategy')

  const at = await plane(t, [{ plugin: policy }])
  await at.client.create(deployments, deployment(3, { metadata }))
  await at.pass(20)
  await serve(at)
  await patch(at, { spec: { template: template('web:2') } })
  await at.pass(20)
  await serve(at)
  assert.equal(await sizes(at), { 'web:1': 3, 'web:2': 1 })
  await at.pass(3_600_000)
  assert.equal(await sizes(at), { 'web:1': 3, 'web:2': 1 })
  await patch(at, { metadata: { annotations: { 'canary/promote': 'true' } } })
  await at.pass(20)
  await serve(at)
  assert.equal(await sizes(at), { 'web:1': 0, 'web:2': 3 })
})

test('every write says who, why and as a part of what', async (t) => {
  const at = await plane(t)
  await at.client.create(deployments, deployment(2))
  await at.pass(20)
  await serve(at)
  await patch(at, { spec: { replicas: 4 } })
  await at.pass(20)
  await serve(at)
  await patch(at, { spec: { template: template('web:2') } })
  await at.pass(20)
  const writes = at.writes()
  assert.ok(writes.length > 5)
  for (const { user, cause } of writes) {
    assert.is(user.name, 'system:controller:deployment-controller')
    assert.match(cause?.actor ?? '', /^controller-deployment@/)
  }
  const considered = writes.filter(({ kind }) => kind.resource === 'replicasets').flatMap(({ cause }) => cause?.considered ?? [])
  assert.ok(considered.includes('the size of the Deployment changed'))
  assert.ok(considered.includes('a step of RollingUpdate'))
})

test('a Deployment on its way out is counted, and changes nothing else', async (t) => {
  const at = await plane(t)
  await at.client.create(deployments, deployment(2, { metadata: { finalizers: ['example.com/wait'] } }))
  await at.pass(20)
  await serve(at)
  await at.client.delete(deployments, 'default', 'web', { propagationPolicy: 'Background' })
  await at.pass(20)
  at.writes()
  await patch(at, { spec: { replicas: 9, template: template('web:2') } })
  await at.pass(20)
  assert.equal(
    (await sets(at)).map(({ spec }) => spec.replicas),
    [2],
  )
  assert.equal(new Set(at.writes().map(({ kind }) => kind.resource)), new Set(['deployments']))
})
