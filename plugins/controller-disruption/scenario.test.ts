import { ApiError, deployments, events, jobs, podDisruptionBudgets, pods, statefulSets } from '@davit/core/client'
import { assert, test } from '@davit/core/testing'
import { budgetOf, labels, plane, podOf } from './testing.js'

const template = { metadata: { labels }, spec: podOf('').spec }
const refused = (error: unknown) => error instanceof ApiError && error.code === 429

test('evictions are granted while enough stay, and no more', async (t) => {
  const at = await plane(t)
  await at.client.create(podDisruptionBudgets, budgetOf({ minAvailable: 2 }))
  for (const name of ['a', 'b', 'c']) await at.run(name)
  assert.equal(await at.counts(), [3, 2, 3, 1])
  await at.evict('a')
  await assert.rejects(at.evict('b'), (error: unknown) => {
    assert.ok(refused(error))
    const [cause] = (error as ApiError).status.details?.causes ?? []
    assert.equal(cause?.reason, 'DisruptionBudget')
    return true
  })
  assert.equal(await at.counts(), [2, 2, 2, 0])
  await assert.rejects(at.evict('b'), (error: unknown) => {
    const [cause] = (error as ApiError).status.details?.causes ?? []
    assert.is(cause?.message, 'The disruption budget web needs 2 healthy pods and has 2 currently')
    return true
  })
  await at.run('d')
  assert.equal(await at.counts(), [3, 2, 3, 1])
  await at.evict('b')
})

test('two evictions at once never take the same disruption', async (t) => {
  const at = await plane(t)
  await at.client.create(podDisruptionBudgets, budgetOf({ minAvailable: 3 }))
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) await at.run(name)
  assert.equal(await at.counts(), [5, 3, 5, 2])
  const results = await Promise.allSettled(names.map((name) => at.evict(name)))
  assert.is(results.filter(({ status }) => status === 'fulfilled').length, 2)
  assert.ok(results.every((result) => result.status === 'fulfilled' || refused(result.reason)))
  assert.equal(await at.counts(), [3, 3, 3, 0])
})

test('percentages and maxUnavailable count what the owners are scaled to', async (t) => {
  const at = await plane(t)
  const owner = await at.replicaSet('web', 4)
  await at.client.create(podDisruptionBudgets, budgetOf({ maxUnavailable: '50%' }))
  for (const name of ['a', 'b', 'c']) await at.run(name, owner)
  assert.equal(await at.counts(), [3, 2, 4, 1])
  await at.setReady('a', false)
  assert.equal(await at.counts(), [2, 2, 4, 0])
  const [condition] = (await at.status()).conditions ?? []
  assert.equal([condition?.status, condition?.reason], ['False', 'InsufficientPods'])
})

test('a Deployment speaks for its ReplicaSets, and owners of several kinds are added up', async (t) => {
  const at = await plane(t)
  const spec = { replicas: 5, selector: { matchLabels: labels }, template }
  const metadata = { name: 'front', namespace: 'default' }
  const front = await at.client.create(deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec })
  const reference = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'front', uid: front.metadata.uid ?? '' },
    controller: true,
  }
  const first = await at.replicaSet('front-1', 1, { ownerReferences: [reference] })
  const second = await at.replicaSet('front-2', 4, { ownerReferences: [reference] })
  const set = await at.client.create(statefulSets, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'back', namespace: 'default' },
    spec: { ...spec, replicas: 3, serviceName: 'back' },
  })
  await at.client.create(podDisruptionBudgets, budgetOf({ minAvailable: '100%' }))
  await at.run('a', first)
  await at.run('b', second)
  await at.run('c', set)
  assert.equal(await at.counts(), [3, 8, 8, 0])
})

test('an owner that scales nothing, or that is gone, lets nothing go and says why', async (t) => {
  const at = await plane(t)
  const job = await at.client.create(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'once', namespace: 'default' },
    spec: { template: { spec: { ...podOf('').spec, restartPolicy: 'Never' } } },
  })
  await at.client.create(podDisruptionBudgets, budgetOf({ maxUnavailable: 1 }))
  await at.run('a', job)
  const failed = await at.status()
  assert.is(failed.disruptionsAllowed, 0)
  const [condition] = failed.conditions ?? []
  assert.equal(
    [condition?.status, condition?.reason, condition?.message],
    ['False', 'SyncFailed', 'jobs.batch does not implement the scale subresource'],
  )
  await at.client.delete(pods, 'default', 'a', { gracePeriodSeconds: 0 })
  const lost = { ...(await at.replicaSet('lost', 1)) }
  await at.run('b', { ...lost, metadata: { ...lost.metadata, uid: 'another' } })
  await at.pass(60_000)
  assert.is((await at.status()).conditions?.[0]?.message, 'found no controllers for pod "b"')
})

test('Pods that nobody owns count for a plain minAvailable alone, and an Event says so', async (t) => {
  const at = await plane(t)
  await at.run('a')
  await at.client.create(podDisruptionBudgets, budgetOf({ maxUnavailable: 1 }))
  assert.equal(await at.counts(), [1, 0, 0, 0])
  await at.pass(1000)
  const { items } = await at.client.list(events, { namespace: 'default' })
  assert.ok(items.some(({ reason, message }) => reason === 'UnmanagedPods' && message?.includes('(selector: app=web)')))
})

test('a Pod that an eviction did not take is counted again after two minutes', async (t) => {
  const at = await plane(t)
  await at.client.create(podDisruptionBudgets, budgetOf({ minAvailable: 1 }))
  for (const name of ['a', 'b']) await at.run(name)
  const status = await at.status()
  const seconds = new Date(at.clock.now()).toISOString().slice(0, 19)
  const stored = await at.client.get(podDisruptionBudgets, 'default', 'web')
  const spent = { ...status, disruptionsAllowed: 0, disruptedPods: { a: `${seconds}Z` } }
  await at.client.updateStatus(podDisruptionBudgets, { ...stored, status: spent })
  assert.equal(await at.counts(), [1, 1, 2, 0])
  await at.pass(121_000)
  assert.equal(await at.counts(), [2, 1, 2, 1])
  assert.is((await at.status()).disruptedPods, undefined)
})

test('a settled budget writes nothing, and one that changes is counted anew', async (t) => {
  const at = await plane(t)
  await at.client.create(podDisruptionBudgets, budgetOf({ minAvailable: 1 }))
  await at.run('a')
  await at.status()
  at.writes()
  await at.client.patch(pods, 'default', 'a', 'merge', { metadata: { annotations: { note: 'x' } } })
  await at.pass(3_600_000)
  assert.equal(at.writes(), [])
  await at.client.patch(podDisruptionBudgets, 'default', 'web', 'merge', { spec: { minAvailable: 0 } })
  assert.equal(await at.counts(), [1, 0, 1, 1])
  assert.is((await at.status()).observedGeneration, 2)
})

test('an eviction waits for the controller to see the newest budget', async (t) => {
  const at = await plane(t)
  await at.client.create(podDisruptionBudgets, budgetOf({ minAvailable: 0 }))
  await at.run('a')
  await at.status()
  const change = at.client.patch(podDisruptionBudgets, 'default', 'web', 'merge', { spec: { minAvailable: 1 } })
  await change.then(() => assert.rejects(at.evict('a'), refused))
  assert.equal(await at.counts(), [1, 1, 1, 0])
})

test('who is not ready goes as the policy says', async (t) => {
  const at = await plane(t)
  await at.client.create(podDisruptionBudgets, budgetOf({ minAvailable: 2 }))
  for (const name of ['a', 'b']) await at.run(name, undefined, name === 'a')
  assert.equal(await at.counts(), [1, 2, 2, 0])
  await assert.rejects(at.evict('b'), refused)
  await at.client.patch(podDisruptionBudgets, 'default', 'web', 'merge', { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } })
  await at.evict('b')
  await assert.rejects(at.client.get(pods, 'default', 'b'))
})
