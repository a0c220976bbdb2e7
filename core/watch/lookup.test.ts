import { configMaps } from '../client/contract.js'
import type { ConfigMap } from '../kinds/contract.js'
import { assert, boot, test } from '../testing/contract.js'
import { type Lookup, lookup, WatchCachesToken } from './contract.js'

const configMap = (name: string, namespace = 'default'): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
})

test('what is written is found by the next look, without a turn between', async (t) => {
  const { client, kernel, stop } = await boot()
  t.defer(stop)
  await client.create(configMaps, configMap('a'))
  const look = lookup<ConfigMap>(kernel.get(WatchCachesToken), '', 'configmaps')
  const names = (objects: Lookup<ConfigMap>) => objects.list('default').map(({ metadata }) => metadata.name)
  assert.equal(await look(names), ['a'], 'the first use waits for the load')
  await client.create(configMaps, configMap('b'))
  assert.equal(look(names), ['a', 'b'], 'later ones answer at once')
  await client.delete(configMaps, 'default', 'a')
  assert.equal(look(names), ['b'])
  assert.is(
    look((objects) => objects.get('default', 'b')?.metadata.name),
    'b',
  )
  assert.is(
    look((objects) => objects.get('default', 'a')),
    undefined,
  )
})

test('namespaces are told apart', async (t) => {
  const { client, kernel, stop } = await boot()
  t.defer(stop)
  await client.create(configMaps, configMap('a'))
  await client.create(configMaps, configMap('a', 'kube-system'))
  const look = lookup<ConfigMap>(kernel.get(WatchCachesToken), '', 'configmaps')
  const places = (namespace?: string) => (objects: Lookup<ConfigMap>) =>
    objects.list(namespace).map(({ metadata }) => metadata.namespace)
  assert.equal(await look(places()), ['default', 'kube-system'])
  assert.equal(await look(places('kube-system')), ['kube-system'])
  assert.equal(await look(places('missing')), [])
})

test('what `use` throws comes out', async (t) => {
  const { kernel, stop } = await boot()
  t.defer(stop)
  const look = lookup(kernel.get(WatchCachesToken), '', 'configmaps')
  const fail = (): never => {
    throw new Error('no')
  }
  await assert.rejects(Promise.resolve(look(fail)), /no/)
  assert.throws(() => look(fail), /no/)
})
