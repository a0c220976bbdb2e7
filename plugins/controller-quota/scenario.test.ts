import { configMaps, pods, resourceQuotas, secrets, services } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import type { Pod, ResourceQuota } from '@davit/core/kinds'
import { assert, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

type List = Readonly<Record<string, string>>

interface Plane extends ControlPlane {
  quota(hard: List, spec?: Partial<ResourceQuota['spec']>): Promise<void>
  used(name?: string): Promise<List | undefined>
  pod(name: string, spec?: Partial<Pod['spec']>): Promise<Pod>
}

async function plane(t: TestContext): Promise<Plane> {
  const made = await controlPlane(t, [{ plugin }])
  const { client } = made
  return {
    ...made,
    async quota(hard, spec = {}) {
      const metadata = { name: 'q', namespace: 'default' }
      await client.create(resourceQuotas, { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard, ...spec } })
    },
    async used(name = 'q') {
      await made.quiet()
      return (await client.get(resourceQuotas, 'default', name)).status?.used
    },
    pod(name, spec = {}) {
      const metadata = { name, namespace: 'default' }
      const containers = [{ name: 'main', image: 'web:1', resources: { requests: { cpu: '100m' } } }]
      return client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers, ...spec } })
    },
  }
}

test('a new quota is counted, with every name and also with zero', async (t) => {
  const at = await plane(t)
  await at.pod('a')
  const hard = { pods: '5', 'requests.cpu': '1', 'services.nodeports': '2', secrets: '9', 'count/deployments.apps': '1' }
  await at.quota(hard)
  assert.equal(await at.used(), {
    ...{ pods: '1', 'requests.cpu': '100m', 'services.nodeports': '0', secrets: '0', 'count/deployments.apps': '0' },
  })
  assert.equal((await at.client.get(resourceQuotas, 'default', 'q')).status?.hard, hard)
})

test('what goes and what ends is given back', async (t) => {
  const at = await plane(t)
  await at.quota({ pods: '5', 'count/pods': '5' })
  for (const name of ['a', 'b', 'c']) await at.pod(name)
  assert.equal(await at.used(), { pods: '3', 'count/pods': '3' })
  await at.pass(10_000)
  await at.client.delete(pods, 'default', 'a', { gracePeriodSeconds: 0 })
  assert.equal(await at.used(), { pods: '2', 'count/pods': '2' })
  const b = await at.client.get(pods, 'default', 'b')
  await at.client.updateStatus(pods, { ...b, status: { ...b.status, phase: 'Succeeded' } })
  assert.equal(await at.used(), { pods: '1', 'count/pods': '2' })
})

test('a limit that changes shows at once, and what it counts anew too', async (t) => {
  const at = await plane(t)
  await at.quota({ pods: '5' })
  await at.pod('a')
  await at.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' } })
  assert.equal(await at.used(), { pods: '1' })
  await at.client.patch(resourceQuotas, 'default', 'q', 'merge', { spec: { hard: { pods: null, secrets: '4' } } })
  await at.pass(5000)
  const { status } = await at.client.get(resourceQuotas, 'default', 'q')
  assert.equal(status, { hard: { secrets: '4' }, used: { secrets: '1' } })
})

test('a charge whose object never came is given back, and one that may still come is kept', async (t) => {
  const at = await plane(t)
  await at.quota({ pods: '5' })
  await at.pod('a')
  assert.equal(await at.used(), { pods: '1' })
  await at.pass(5000)
  const stored = await at.client.get(resourceQuotas, 'default', 'q')
  await at.client.updateStatus(resourceQuotas, { ...stored, status: { hard: { pods: '5' }, used: { pods: '3' } } })
  await at.pass(1000)
  assert.equal(await at.used(), { pods: '3' })
  await at.pass(1500)
  assert.equal(await at.used(), { pods: '1' })
})

test('scopes choose the Pods', async (t) => {
  const at = await plane(t)
  await at.quota({ pods: '5' }, { scopes: ['Terminating'] })
  await at.pod('a')
  await at.pod('b', { activeDeadlineSeconds: 60 })
  assert.equal(await at.used(), { pods: '1' })
})

test('services and their ports follow changes of type', async (t) => {
  const at = await plane(t)
  await at.quota({ services: '5', 'services.nodeports': '5' })
  const metadata = { name: 'web', namespace: 'default' }
  const spec = { type: 'NodePort', ports: [{ port: 80 }] }
  await at.client.create(services, { apiVersion: 'v1', kind: 'Service', metadata, spec })
  assert.equal(await at.used(), { services: '2', 'services.nodeports': '1' })
  await at.pass(5000)
  await at.client.patch(services, 'default', 'web', 'merge', { spec: { type: 'ClusterIP' } })
  assert.equal(await at.used(), { services: '2', 'services.nodeports': '0' })
})

test('a Pod that stays beyond its grace takes nothing but its place in the store', async (t) => {
  const at = await plane(t)
  await at.quota({ pods: '5', 'count/pods': '5' })
  await at.pod('a', { nodeName: 'one' })
  await at.pass(5000)
  await at.client.delete(pods, 'default', 'a', { gracePeriodSeconds: 30 })
  assert.equal(await at.used(), { pods: '1', 'count/pods': '1' })
  await at.pass(61_000)
  assert.equal(await at.used(), { pods: '0', 'count/pods': '1' })
})

test('a settled quota writes nothing and follows nothing more than it names', async (t) => {
  const at = await plane(t)
  await at.quota({ configmaps: '50' })
  await at.pass(5000)
  at.writes()
  await at.pod('a')
  await at.pass(3_600_000)
  assert.equal(at.writes(), [])
  await at.client.delete(resourceQuotas, 'default', 'q')
  const metadata = { name: 'x', namespace: 'default' }
  await at.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
  await at.pass(5000)
  assert.equal(at.writes(), [])
})
