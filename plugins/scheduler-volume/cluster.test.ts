import { edit, leases, nodes, persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '@davit/core/client'
import type { PersistentVolume, PersistentVolumeClaim } from '@davit/core/kinds'
import { allowScheduler, schedulerHost } from '@davit/core/scheduler/testkit'
import { assert, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'
import { boundTo, claim, completed, node, pod, storageClass, volume } from './testing.js'

const selected = 'volume.kubernetes.io/selected-node'

async function cluster(t: TestContext, names: readonly string[] = ['one'], config: object = {}) {
  const plane = await boot({ plugins: [{ plugin }, { plugin: schedulerHost, config }, { plugin: allowScheduler }] })
  t.defer(() => plane.stop())
  const { client, clock } = plane
  const rest = async (ms = 0) => {
    for (let turn = 0; turn < 15; turn += 1) await clock.settle()
    if (ms === 0) return
    await clock.advance(ms)
    for (let turn = 0; turn < 15; turn += 1) await clock.settle()
  }
  for (const name of names) {
    const { status, ...made } = node(name)
    await client.updateStatus(nodes, { ...(await client.create(nodes, made)), status })
  }
  await client.create(storageClasses, storageClass('later'))
  const run = async (name: string, ...claims: string[]) => {
    const { metadata, ...wanted } = pod(name, ...claims)
    await client.create(pods, { ...wanted, metadata: { name: metadata.name, namespace: 'default' } })
    await rest()
  }
  const nodeOf = async (name: string) => (await client.get(pods, 'default', name)).spec.nodeName
  const why = async (name: string) => {
    const found = await client.get(pods, 'default', name)
    return found.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message
  }
  const claimOf = (name = 'data') => client.get(persistentVolumeClaims, 'default', name)
  const makeVolume = async (made: PersistentVolume) => {
    const { status, ...wanted } = made
    return client.updateStatus(persistentVolumes, { ...(await client.create(persistentVolumes, wanted)), status })
  }
  const makeClaim = (made: PersistentVolumeClaim) => client.create(persistentVolumeClaims, made)
  /** As the volume controller does, once a volume is set aside or made. */
  const bind = async (volumeName: string, name = 'data') => {
    const changed = edit(await claimOf(name), (draft) => {
      draft.spec.volumeName = volumeName
      draft.metadata.annotations = { ...draft.metadata.annotations, ...completed.annotations }
    })
    await client.update(persistentVolumeClaims, changed)
    await rest()
  }
  return { ...plane, rest, run, nodeOf, why, claimOf, makeVolume, makeClaim, bind }
}

test('a Pod without claims is placed at once', async (t) => {
  const { run, nodeOf } = await cluster(t)
  await run('web')
  assert.is(await nodeOf('web'), 'one')
})

test('a Pod follows the volumes that its claims are bound to, as soon as they are', async (t) => {
  const { run, nodeOf, why, rest, makeVolume, makeClaim } = await cluster(t, ['one', 'two', 'three'])
  await run('web', 'data')
  assert.is(await why('web'), '0/3 nodes are available: persistentvolumeclaim "data" not found.')
  await makeVolume(volume('v', 'two'))
  await makeClaim(claim('data', boundTo('v'), completed))
  await rest(2_000)
  assert.is(await nodeOf('web'), 'two')
  await makeVolume(volume('w', 'nowhere'))
  await makeClaim(claim('far', boundTo('w'), completed))
  await run('lonely', 'far')
  assert.is(await why('lonely'), '0/3 nodes are available: 3 node(s) had volume node affinity conflict.')
})

test('an unbound claim that does not wait for Pods keeps its Pod waiting', async (t) => {
  const { client, run, nodeOf, why, bind, rest, makeClaim, makeVolume } = await cluster(t)
  await client.create(storageClasses, storageClass('now', { volumeBindingMode: 'Immediate' }))
  await makeClaim(claim('data', { storageClassName: 'now' }))
  await run('web', 'data')
  assert.is(await why('web'), '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.')
  await makeVolume(volume('v', 'one', { storageClassName: 'now' }))
  await bind('v')
  await rest(2_000)
  assert.is(await nodeOf('web'), 'one')
})

test('a claim that waits for its Pod is told the node, and the Pod waits until it is bound', async (t) => {
  const { run, nodeOf, claimOf, bind, makeClaim, makeVolume } = await cluster(t)
  await makeClaim(claim('data'))
  await run('web', 'data')
  assert.is((await claimOf()).metadata.annotations?.[selected], 'one')
  assert.is(await nodeOf('web'), undefined)
  await run('other')
  assert.is(await nodeOf('other'), 'one', 'others do not wait')
  await makeVolume(volume('v', 'one'))
  await bind('v')
  assert.is(await nodeOf('web'), 'one')
})

test('a volume that is there is set aside for the claim', async (t) => {
  const { client, run, nodeOf, claimOf, bind, makeClaim, makeVolume } = await cluster(t, ['one', 'two'])
  await client.create(storageClasses, storageClass('hand', { provisioner: 'kubernetes.io/no-provisioner' }))
  await makeVolume(volume('v', 'two', { storageClassName: 'hand' }))
  await makeClaim(claim('data', { storageClassName: 'hand' }))
  await run('web', 'data')
  const { claimRef } = (await client.get(persistentVolumes, '', 'v')).spec
  assert.equal([claimRef?.name, claimRef?.uid], ['data', (await claimOf()).metadata.uid])
  assert.is((await claimOf()).metadata.annotations?.[selected], undefined)
  await bind('v')
  assert.is(await nodeOf('web'), 'two')
})

test('two Pods at once do not get the same volume', async (t) => {
  const { client, run, why, rest, makeClaim, makeVolume } = await cluster(t)
  await client.create(storageClasses, storageClass('hand', { provisioner: 'kubernetes.io/no-provisioner' }))
  await makeVolume(volume('v', 'one', { storageClassName: 'hand' }))
  for (const name of ['a', 'b']) await makeClaim(claim(name, { storageClassName: 'hand' }))
  await Promise.all([run('web-a', 'a'), run('web-b', 'b')])
  await rest()
  const messages = [await why('web-a'), await why('web-b')]
  assert.ok(messages.includes("0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind."))
  assert.ok(messages.includes(undefined))
})

test('a provisioner that cannot make it there sends the Pod elsewhere', async (t) => {
  const { client, run, claimOf, rest, why, makeClaim } = await cluster(t, ['one', 'two'])
  await makeClaim(claim('data'))
  await run('web', 'data')
  const first = (await claimOf()).metadata.annotations?.[selected] ?? ''
  await client.patch(nodes, '', first, 'merge', { spec: { unschedulable: true } })
  await client.patch(persistentVolumeClaims, 'default', 'data', 'merge', { metadata: { annotations: { [selected]: null } } })
  await rest()
  assert.is(await why('web'), 'binding volumes: provisioning failed for PVC "data"')
  await rest(2_000)
  assert.ok((await claimOf()).metadata.annotations?.[selected])
})

test('a claim that is never bound gives the place back, and one that goes does', async (t) => {
  const { client, run, why, rest, makeClaim } = await cluster(t, ['one'], { permitDeadlineMs: 5_000 })
  await makeClaim(claim('data'))
  await run('web', 'data')
  await rest(6_000)
  assert.is(await why('web'), 'volume-binding did not permit it in 5000 ms')
  await rest(3_000)
  await client.delete(persistentVolumeClaims, 'default', 'data')
  await rest()
  assert.match((await why('web')) ?? '', /PVC "data" is going|not found|is being deleted/)
})

test('a claim for one Pod alone is used by one Pod alone', async (t) => {
  const { client, run, nodeOf, why, rest, makeClaim, makeVolume } = await cluster(t, ['one', 'two'])
  await makeVolume(volume('v'))
  await makeClaim(claim('data', { ...boundTo('v'), accessModes: ['ReadWriteOncePod'] }, completed))
  await run('first', 'data')
  await run('second', 'data')
  assert.ok(await nodeOf('first'))
  const reason = 'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode'
  assert.is(await why('second'), `0/2 nodes are available: 2 ${reason}.`)
  await client.delete(pods, 'default', 'first', { gracePeriodSeconds: 0 })
  await rest(11_000)
  assert.ok(await nodeOf('second'))
})

test('a scheduler whose lease another has taken sets no volume aside any more', async (t) => {
  const { client, rest, run, claimOf, makeClaim } = await cluster(t, ['one'], { leaderElect: 'always' })
  await rest(1)
  await makeClaim(claim('data'))
  await makeClaim(claim('later'))
  await run('web', 'data')
  assert.is((await claimOf()).metadata.annotations?.[selected], 'one', 'while it leads it may')
  const lease = await client.get(leases, 'kube-system', 'kube-scheduler')
  const taken = edit(lease, (draft) => {
    draft.spec = { ...draft.spec, holderIdentity: 'another' }
  })
  await client.update(leases, taken)
  await run('late', 'later')
  assert.is((await claimOf('later')).metadata.annotations?.[selected], undefined)
})
