import { configMaps, deployments, events, isNotFound, namespaces, pods, serviceAccounts } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import type { Namespace } from '@davit/core/kinds'
import { assert, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const plane = (t: TestContext) => controlPlane(t, [{ plugin }])

async function makeNamespace({ client, quiet }: ControlPlane, name: string): Promise<void> {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} })
  await quiet()
}
async function find({ client }: ControlPlane, name: string): Promise<Namespace | undefined> {
  return client.get(namespaces, '', name).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
    return undefined
  })
}
const makePod = (name: string, finalizers: string[] = []) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'team', finalizers },
  spec: { containers: [{ name: 'c', image: 'i' }] },
})
const reason = (namespace: Namespace | undefined, type: string) =>
  namespace?.status?.conditions?.find((condition) => condition.type === type)?.reason

test('a deleted namespace takes everything with it', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  await makeNamespace(cluster, 'team')
  await client.create(pods, makePod('web'))
  const spec = { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: makePod('x').spec } }
  await client.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', namespace: 'team' },
    spec,
  })
  const involvedObject = { kind: 'Pod', namespace: 'team', name: 'web' }
  const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e', namespace: 'team' }, involvedObject }
  await client.create(events, event)
  await client.delete(namespaces, '', 'team')
  await cluster.quiet()
  assert.is(await find(cluster, 'team'), undefined)
  for (const ref of [pods, deployments, events, configMaps, serviceAccounts]) {
    assert.equal((await client.list<{ metadata: { name: string } } & Namespace>(ref as never, { namespace: 'team' })).items, [])
  }
})

test('Pods that finalizers hold: the rest waits, the conditions say it, and nobody asks again and again', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  await makeNamespace(cluster, 'team')
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'later', namespace: 'team' } })
  await client.create(pods, makePod('held', ['test/hold']))
  await client.create(pods, makePod('free'))
  await client.delete(namespaces, '', 'team')
  await cluster.quiet()
  const waiting = await find(cluster, 'team')
  assert.is(waiting?.status?.phase, 'Terminating')
  assert.is(reason(waiting, 'NamespaceContentRemaining'), 'SomeResourcesRemain')
  assert.is(reason(waiting, 'NamespaceFinalizersRemaining'), 'SomeFinalizersRemain')
  const message = waiting?.status?.conditions?.find(({ type }) => type === 'NamespaceFinalizersRemaining')?.message
  assert.is(message, 'Some content in the namespace has finalizers remaining: test/hold in 1 resource instances')
  assert.ok(await client.get(configMaps, 'team', 'later'), 'Pods go first')
  cluster.writes()
  await cluster.pass(3_600_000)
  assert.equal(cluster.writes(), [])
  await client.patch(pods, 'team', 'held', 'merge', { metadata: { finalizers: [] } })
  await cluster.quiet()
  assert.is(await find(cluster, 'team'), undefined)
})

test('what is held of any other kind', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  await makeNamespace(cluster, 'team')
  const metadata = { name: 'held', namespace: 'team', finalizers: ['test/hold'] }
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
  await client.delete(namespaces, '', 'team')
  await cluster.quiet()
  assert.is(reason(await find(cluster, 'team'), 'NamespaceContentRemaining'), 'SomeResourcesRemain')
  await client.patch(configMaps, 'team', 'held', 'merge', { metadata: { finalizers: [] } })
  await cluster.quiet()
  assert.is(await find(cluster, 'team'), undefined)
})
