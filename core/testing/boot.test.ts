import { configMaps, namespaces } from '../client/contract.js'
import { assert, boot, test } from './contract.js'

const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' }, data: { key: 'value' } }

test('a control plane is up in well under 100 ms', async (t) => {
  const warm = await boot()
  await warm.stop()
  const began = performance.now()
  const plane = await boot()
  t.defer(() => plane.stop())
  const took = performance.now() - began
  assert.ok(took < 100, `boot took ${took} ms`)
  assert.is((await plane.client.list(namespaces)).items.length, 4)
})

test('the same seed gives the same names and ids at the same time', async (t) => {
  const made = async () => {
    const plane = await boot({ seed: 'seven' })
    t.defer(() => plane.stop())
    return plane.client.create(configMaps, { ...map, metadata: { name: '', generateName: 'a-', namespace: 'default' } })
  }
  assert.equal(await made(), await made())
})

test('what was written to a directory is there at the next boot', async (t) => {
  const store = { level: await t.directory() }
  const first = await boot({ store, clock: 'real' })
  await first.client.create(configMaps, map)
  await first.stop()
  const second = await boot({ store, clock: 'real' })
  t.defer(() => second.stop())
  assert.equal((await second.client.get(configMaps, 'default', 'a')).data, map.data)
  assert.is((await second.client.list(namespaces)).items.length, 4)
})
