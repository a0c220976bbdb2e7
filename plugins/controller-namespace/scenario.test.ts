import { configMaps, isNotFound, namespaces, pods, serviceAccounts } from '@davit/core/client'
import { controlPlane } from '@davit/core/controller/testkit'
import { assert, test } from '@davit/core/testing'
import plugin from './index.js'

const named = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} })
const configMap = (namespace: string, name: string, finalizers: string[] = []) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, finalizers },
  data: {},
})
const pod = (namespace: string, name: string, node?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: { containers: [{ name: 'c', image: 'i' }], ...(node && { nodeName: node }) },
})

test('a deleted namespace is emptied and goes', async (t) => {
  const plane = await controlPlane(t, [{ plugin }])
  const { client } = plane
  await client.create(namespaces, named('gone'))
  for (let index = 0; index < 40; index++) await client.create(configMaps, configMap('gone', `c-${index}`))
  await client.create(pods, pod('gone', 'unscheduled'))
  await client.create(configMaps, configMap('default', 'elsewhere'))
  await client.delete(namespaces, '', 'gone')
  await plane.quiet()
  await assert.rejects(client.get(namespaces, '', 'gone'), isNotFound)
  assert.is((await client.list(configMaps, { namespace: 'gone' })).items.length, 0)
  assert.is((await client.get(configMaps, 'default', 'elsewhere')).metadata.name, 'elsewhere')
})

test('what has a finalizer keeps the namespace, whose conditions say so; without it both go', async (t) => {
  const plane = await controlPlane(t, [{ plugin }])
  const { client } = plane
  await client.create(namespaces, named('held'))
  await client.create(configMaps, configMap('held', 'c', ['example.com/hold']))
  await client.delete(namespaces, '', 'held')
  await plane.quiet()
  const held = await client.get(namespaces, '', 'held')
  assert.is(held.status?.phase, 'Terminating')
  const remaining = held.status?.conditions?.find((condition) => condition.type === 'NamespaceFinalizersRemaining')
  assert.match(remaining?.message ?? '', 'example.com/hold in 1 resource instances')

  plane.writes()
  await plane.pass(10_000)
  assert.equal(plane.writes(), [], 'waiting writes nothing')

  await client.patch(configMaps, 'held', 'c', 'merge', { metadata: { finalizers: null } })
  await plane.pass(1000)
  await assert.rejects(client.get(namespaces, '', 'held'), isNotFound)
})

test('a Pod that ends on its node takes the namespace with it at once', async (t) => {
  const plane = await controlPlane(t, [{ plugin }])
  const { client } = plane
  await client.create(namespaces, named('busy'))
  await client.create(pods, pod('busy', 'p', 'one'))
  await client.delete(namespaces, '', 'busy')
  await plane.quiet()
  assert.ok((await client.get(pods, 'busy', 'p')).metadata.deletionTimestamp, 'it has its grace')
  await client.delete(pods, 'busy', 'p', { gracePeriodSeconds: 0 })
  await plane.quiet()
  await assert.rejects(client.get(namespaces, '', 'busy'), isNotFound)
})

test('every namespace has the account default, again after it was deleted', async (t) => {
  const plane = await controlPlane(t, [{ plugin }])
  const { client } = plane
  await client.create(namespaces, named('new'))
  await plane.quiet()
  for (const namespace of ['default', 'kube-system', 'new']) await client.get(serviceAccounts, namespace, 'default')
  await client.delete(serviceAccounts, 'new', 'default')
  await plane.quiet()
  await client.get(serviceAccounts, 'new', 'default')
})
