import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { ApiHooksToken } from '@davit/core/api'
import { configMaps, pods, resourceQuotas, services } from '@davit/core/client'
import type { ResourceQuota } from '@davit/core/kinds'
import { assert, boot, createTestServices, test } from '@davit/core/testing'
import { lookup, WatchCachesToken } from '@davit/core/watch'
import plugin from './index.js'
import { QuotaLedger } from './ledger.js'
import { count, plane, podOf, quotaOf, refusal, requestOf, usedOf } from './testing.js'

test('what is created is charged, and refused with the words of Kubernetes when nothing is left', async (t) => {
  const { client } = await plane(t)
  await count(client, quotaOf({ pods: '2' }, { pods: '0' }))
  await client.create(pods, podOf('a'))
  await client.create(pods, podOf('b'))
  assert.equal(await usedOf(client), { pods: '2' })
  assert.is(
    await refusal(client.create(pods, podOf('c'))),
    'pods "c" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
  )
  await client.create(pods, { ...podOf('c'), metadata: { name: 'c', namespace: 'kube-system' } })
})

test('many creates at once never go beyond', async (t) => {
  const { client } = await plane(t)
  await count(client, quotaOf({ pods: '7', 'requests.cpu': '1' }, { pods: '0', 'requests.cpu': '0' }))
  const requests = { requests: { cpu: '100m' } }
  const names = Array.from({ length: 40 }, (_, index) => `pod-${index}`)
  const results = await Promise.allSettled(names.map((name) => client.create(pods, podOf(name, requests))))
  assert.is(results.filter(({ status }) => status === 'fulfilled').length, 7)
  assert.is((await client.list(pods, { namespace: 'default' })).items.length, 7)
  assert.equal(await usedOf(client), { pods: '7', 'requests.cpu': '700m' })
})

test('two servers over one store never give the last place away twice', async (t) => {
  const { client, kernel } = await plane(t)
  await count(client, quotaOf({ pods: '5' }, { pods: '0' }))
  const quotas = await lookup<ResourceQuota>(kernel.get(WatchCachesToken), '', 'resourcequotas')((known) => known)
  const ledgers = [1, 2, 3].map(() => new QuotaLedger(client, createTestServices().clock))
  const asked = Array.from({ length: 12 }, (_, index) => {
    const request = requestOf('pods', podOf(`pod-${index}`))
    return ledgers[index % 3]?.admit(request, () => quotas.list('default'))
  })
  const denials = (await Promise.all(asked)).filter((denial) => denial !== undefined)
  assert.is(denials.length, 7)
  assert.equal(await usedOf(client), { pods: '5' })
})

test('a dry run is checked and takes nothing', async (t) => {
  const { client } = await plane(t)
  await count(client, quotaOf({ pods: '1' }, { pods: '0' }))
  await client.create(pods, podOf('a'), { dryRun: true })
  assert.equal(await usedOf(client), { pods: '0' })
  await client.create(pods, podOf('a'))
  await refusal(client.create(pods, podOf('b'), { dryRun: true }))
})

test('every quota of the namespace is charged, and one that refuses lets none be charged', async (t) => {
  const { client } = await plane(t)
  await count(client, quotaOf({ pods: '5' }, { pods: '0' }))
  await count(client, quotaOf({ 'count/pods': '1' }, { 'count/pods': '0' }, {}, 'second'))
  await client.create(pods, podOf('a'))
  await refusal(client.create(pods, podOf('b')))
  assert.equal([await usedOf(client), await usedOf(client, 'second')], [{ pods: '1' }, { 'count/pods': '1' }])
})

test('a quota that nobody has counted yet limits nothing, one that is deleted no more', async (t) => {
  const { client } = await plane(t)
  await client.create(resourceQuotas, quotaOf({ configmaps: '0' }, {}))
  const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } })
  await client.create(configMaps, configMap('a'))
  await client.delete(resourceQuotas, 'default', 'q')
  await count(client, quotaOf({ configmaps: '0' }, { configmaps: '0' }))
  await refusal(client.create(configMaps, configMap('b')))
  await client.delete(resourceQuotas, 'default', 'q')
  await client.create(configMaps, configMap('b'))
})

test('a service that changes its type is charged for its ports', async (t) => {
  const { client } = await plane(t)
  await count(client, quotaOf({ 'services.nodeports': '0' }, { 'services.nodeports': '0' }))
  const metadata = { name: 'web', namespace: 'default' }
  const spec = { ports: [{ port: 80 }], selector: { app: 'web' } }
  await client.create(services, { apiVersion: 'v1', kind: 'Service', metadata, spec })
  const change = client.patch(services, 'default', 'web', 'merge', { spec: { type: 'NodePort' } })
  assert.match(await refusal(change), /exceeded quota: q, requested: services.nodeports=1/)
  await client.patch(services, 'default', 'web', 'merge', { metadata: { labels: { a: 'b' } } })
})

test('a namespace without a quota is not written for', async (t) => {
  const { client, kernel } = await plane(t)
  const written: string[] = []
  kernel.get(ApiHooksToken).committed.tap('test', ({ item }) => void written.push(item.key))
  await client.create(pods, podOf('a'))
  assert.equal(written, ['/core/pods/default/a'])
})

test('limits hold on after a restart, with what was charged before', async (t) => {
  const level = await mkdtemp(`${tmpdir()}/davit-quota-`)
  t.defer(() => rm(level, { recursive: true }))
  const first = await boot({ plugins: [{ plugin }], store: { level } })
  await count(first.client, quotaOf({ pods: '1' }, { pods: '0' }))
  await first.client.create(pods, podOf('a'))
  await first.stop()
  const again = await boot({ plugins: [{ plugin }], store: { level } })
  t.defer(() => again.stop())
  await refusal(again.client.create(pods, podOf('b')))
})
