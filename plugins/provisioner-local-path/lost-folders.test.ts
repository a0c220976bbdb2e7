import { events, isNotFound, nodes, persistentVolumes } from '@davit/core/client'
import { controlPlane } from '@davit/core/controller/testkit'
import { assert, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

async function plane(t: TestContext) {
  const at = await controlPlane(t, [{ plugin, config: { storageClass: '', lostNodeSeconds: 60 } }])
  const { client } = at
  const node = (name: string) =>
    client.create(nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      spec: {},
    })
  const volume = (name: string, of: string, finalizer = 'davit.dev/local-path-folder') => {
    const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [of] }]
    return client.create(persistentVolumes, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, finalizers: [finalizer] },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        local: { path: `/data/${name}` },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
      },
    })
  }
  const isThere = async (name: string) => {
    await at.quiet()
    return client.get(persistentVolumes, '', name).then(
      () => true,
      (error) => {
        if (!isNotFound(error)) throw error
        return false
      },
    )
  }
  return { ...at, node, volume, isThere }
}

test('a volume that goes with its node is let go after a while, whichever went first', async (t) => {
  const at = await plane(t)
  await Promise.all([at.node('one'), at.node('two')])
  await Promise.all([at.volume('before', 'one'), at.volume('after', 'one'), at.volume('other', 'two')])
  for (const name of ['before', 'other']) await at.client.delete(persistentVolumes, '', name)
  await at.pass(3_600_000)
  assert.ok(await at.isThere('before'), 'its node is there')
  await at.client.delete(nodes, '', 'one')
  await at.client.delete(persistentVolumes, '', 'after')
  await at.pass(59_000)
  assert.equal([await at.isThere('before'), await at.isThere('after')], [true, true])
  await at.pass(2000)
  assert.equal([await at.isThere('before'), await at.isThere('after')], [false, false])
  assert.ok(await at.isThere('other'))
  await at.pass(2000)
  const { items } = await at.client.list(events)
  const told = items.filter(({ involvedObject }) => involvedObject.name === 'before').map(({ message }) => message)
  assert.equal(told, ['no node reaches it any more: if its node still has the folder /data/before, it stays there'])
})

test('a node that comes back in time does its part itself; the wait begins anew when it goes again', async (t) => {
  const at = await plane(t)
  await at.node('one')
  await at.volume('v', 'one')
  await at.client.delete(persistentVolumes, '', 'v')
  await at.client.delete(nodes, '', 'one')
  await at.pass(40_000)
  await at.node('one')
  await at.pass(10_000)
  await at.client.delete(nodes, '', 'one')
  await at.pass(40_000)
  assert.ok(await at.isThere('v'))
  await at.pass(21_000)
  assert.not(await at.isThere('v'))
})

test('volumes that others hold, and those that nobody deletes, are left alone', async (t) => {
  const at = await plane(t)
  await at.volume('theirs', 'gone', 'example.com/hold')
  await at.volume('wanted', 'gone')
  await at.client.delete(persistentVolumes, '', 'theirs')
  await at.quiet()
  at.writes()
  await at.pass(600_000)
  assert.equal([await at.isThere('theirs'), await at.isThere('wanted')], [true, true])
  assert.equal(at.writes(), [])
})
