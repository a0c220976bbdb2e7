import { pods, replicaSets } from '../client/contract.js'
import type { Pod, ReplicaSet, Selector } from '../kinds/contract.js'
import { selectorFromObject } from '../kinds/contract.js'
import { assert, boot, type TestContext, test } from '../testing/contract.js'
import { adoptAndRelease } from './claim.js'
import { writeClaim } from './claim-write.js'
import { claimDependants, controllerOf, dependantsOf, indexDependants, ownerReference } from './contract.js'
import { orphansIn, siblingsOf } from './dependants.js'

const owner = (uid = 'owner', more: object = {}): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web', namespace: 'default', uid, ...more },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
  },
})
const pod = (name: string, of?: string, labels: Record<string, string> = { app: 'web' }, more: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'default',
    labels,
    ...(of !== undefined && { ownerReferences: [ownerReference(owner(of))] }),
    ...more,
  },
  spec: { containers: [{ name: 'a', image: 'a' }] },
})
const selector = selectorFromObject({ app: 'web' }).value
const names = (list: readonly Pod[]) => list.map(({ metadata }) => metadata.name)
const going = { deletionTimestamp: '2024-01-01T00:00:00Z' }
const other = { app: 'other' }

function claim(candidates: readonly Pod[], by = owner()): Record<'owned' | 'adopt' | 'release', string[]> {
  if (!selector) throw new Error('the selector cannot be read')
  const { owned, adopt, release } = adoptAndRelease(by, selector, candidates)
  return { owned: names(owned), adopt: names(adopt), release: names(release) }
}

const table: readonly [string, Pod, 'owned' | 'adopt' | 'release' | 'none'][] = [
  ['its own that match', pod('a', 'owner'), 'owned'],
  ['its own that match no more', pod('a', 'owner', other), 'release'],
  ['its own that match no more but are going', pod('a', 'owner', other, going), 'owned'],
  ['orphans that match', pod('a'), 'adopt'],
  ['orphans that do not', pod('a', undefined, other), 'none'],
  ['orphans that are going', pod('a', undefined, { app: 'web' }, going), 'none'],
  ["another's that match", pod('a', 'another'), 'none'],
  ["another's that do not", pod('a', 'another', other), 'none'],
]
for (const [name, candidate, expected] of table) {
  test(`claims: ${name}`, () => {
    const found = Object.entries(claim([candidate])).find(([, list]) => list.length > 0)
    assert.is(found?.[0] ?? 'none', expected)
  })
}

test('an owner on its way out takes nothing on, but lets go', () => {
  const result = claim([pod('a', 'owner'), pod('b'), pod('c', 'owner', other)], owner('owner', going))
  assert.equal(result, { owned: ['a'], adopt: [], release: ['c'] })
})

test('a reference that does not control leaves a Pod an orphan', () => {
  const references = [{ ...ownerReference(owner('another')), controller: false }]
  assert.equal(claim([pod('a', undefined, { app: 'web' }, { ownerReferences: references })]).adopt, ['a'])
})

async function plane(t: TestContext) {
  const booted = await boot()
  t.defer(() => booted.stop())
  const { client } = booted
  const made = await client.create(replicaSets, { ...owner(), metadata: { name: 'web', namespace: 'default' } })
  const cause = { actor: 'test', trigger: { timer: 'test' } }
  const write = (adopt: readonly Pod[], release: readonly Pod[] = [], by: ReplicaSet = made, more: { finalizer?: string } = {}) =>
    writeClaim(
      { client, cause },
      { owner: by, ownerResource: replicaSets, resource: pods, claim: { owned: [], adopt, release }, ...more },
    )
  return { ...booted, made, write, context: { client, cause } }
}

test('adoption gives a controller reference beside those that are there, release takes only its own', async (t) => {
  const { client, made, write } = await plane(t)
  const foreign = { apiVersion: 'v1', kind: 'ConfigMap', name: 'settings', uid: 'settings' }
  const orphan = await client.create(pods, pod('a', undefined, { app: 'web' }, { ownerReferences: [foreign] }))
  const answer = await write([orphan])
  const adopted = await client.get(pods, 'default', 'a')
  assert.equal(answer, [adopted], 'answers with what is stored')
  assert.equal(controllerOf(adopted), ownerReference(made))
  assert.is(adopted.metadata.ownerReferences?.length, 2)
  await write([adopted])
  assert.is(
    (await client.get(pods, 'default', 'a')).metadata.resourceVersion,
    adopted.metadata.resourceVersion,
    'again is no write',
  )
  await write([], [adopted])
  assert.equal((await client.get(pods, 'default', 'a')).metadata.ownerReferences, [foreign])
})

test('a finalizer comes with the reference and goes with it, beside those of others', async (t) => {
  const { client, made, write } = await plane(t)
  const mine = { finalizer: 'example.com/mine' }
  const theirs = 'example.com/theirs'
  const orphan = await client.create(pods, pod('a', undefined, { app: 'web' }, { finalizers: [theirs] }))
  await write([orphan], [], made, mine)
  const adopted = await client.get(pods, 'default', 'a')
  assert.equal(new Set(adopted.metadata.finalizers), new Set([theirs, mine.finalizer]))
  await write([], [adopted], made, mine)
  const released = await client.get(pods, 'default', 'a')
  assert.equal([released.metadata.finalizers, released.metadata.ownerReferences], [[theirs], undefined])
})

test('an owner that was replaced or is going adopts nothing', async (t) => {
  const { client, made, write } = await plane(t)
  const orphan = await client.create(pods, pod('a'))
  const replaced = { ...made, metadata: { ...made.metadata, uid: 'earlier' } }
  await assert.rejects(write([orphan], [], replaced), 'was replaced by another of its name')
  await client.patch(replicaSets, 'default', 'web', 'merge', { metadata: { finalizers: ['example.com/wait'] } })
  await client.delete(replicaSets, 'default', 'web', { propagationPolicy: 'Background' })
  await assert.rejects(write([orphan]), 'is being deleted and adopts nothing')
  assert.is(controllerOf(await client.get(pods, 'default', 'a')), undefined)
})

test('what is gone, or another of the same name, is left alone', async (t) => {
  const { client, made, write } = await plane(t)
  const mine = await client.create(pods, pod('a', made.metadata.uid))
  await client.delete(pods, 'default', 'a')
  assert.equal(await write([mine], [mine]), [])
  await client.create(pods, pod('a', made.metadata.uid))
  await write([], [mine])
  assert.is(controllerOf(await client.get(pods, 'default', 'a'))?.uid, made.metadata.uid)
})

test('one that cannot be adopted fails the claim, with the rest of it done', async (t) => {
  const { client, made, write } = await plane(t)
  const taken = await client.create(pods, pod('taken', 'another'))
  const [free, leaving] = [await client.create(pods, pod('free')), await client.create(pods, pod('leaving', made.metadata.uid))]
  await assert.rejects(write([taken, free], [leaving]), /Only one reference can have Controller set to true|controller/i)
  assert.is(controllerOf(await client.get(pods, 'default', 'free'))?.uid, made.metadata.uid)
  assert.is(controllerOf(await client.get(pods, 'default', 'leaving')), undefined)
})

test('dependants and orphans are found by index', async (t) => {
  const { client, clients, made, clock } = await plane(t)
  const informer = clients.informer(pods)
  indexDependants(informer)
  indexDependants(informer)
  await client.create(pods, pod('mine', made.metadata.uid))
  await client.create(pods, pod('twin', made.metadata.uid))
  await client.create(pods, pod('theirs', 'another'))
  await client.create(pods, pod('lonely'))
  await informer.whenSynced()
  await clock.settle()
  assert.equal(names(dependantsOf(informer, made)), ['mine', 'twin'])
  const [mine, twin, lonely] = ['mine', 'twin', 'lonely'].map((name) => informer.get('default', name) as Pod)
  assert.equal(names(siblingsOf(informer, mine as Pod)), ['mine', 'twin'])
  assert.equal(names(siblingsOf(informer, twin as Pod)), ['mine', 'twin'])
  assert.equal(names(siblingsOf(informer, lonely as Pod)), ['lonely'], 'one without a controller is alone, and in no index')
  assert.equal(names(orphansIn(informer, 'default')), ['lonely'])
  assert.equal(names(orphansIn(informer, 'elsewhere')), [])
  assert.equal(dependantsOf(informer, { ...made, metadata: { name: 'web' } }), [])
})

test("what is claimed is the owner's own and what it took on, without a write where all is so", async (t) => {
  const { client, clients, made, clock, context } = await plane(t)
  const informer = clients.informer(pods)
  indexDependants(informer)
  const finalizer = 'example.com/mine'
  const claimed = (by: Selector | undefined = selector) =>
    claimDependants(context, {
      owner: made,
      ownerResource: replicaSets,
      selector: by,
      resource: pods,
      informer,
      counts: ({ metadata }) => metadata.name !== 'out-of-question',
      finalizer,
    })
  const mine = await client.create(pods, pod('mine', made.metadata.uid))
  for (const name of ['orphan', 'out-of-question']) await client.create(pods, pod(name))
  await client.create(pods, pod('leaves', made.metadata.uid, other))
  await informer.whenSynced()
  await clock.settle()
  const first = await claimed()
  const adopted = await client.get(pods, 'default', 'orphan')
  assert.equal(first, [mine, adopted])
  assert.equal(adopted.metadata.finalizers, [finalizer])
  await clock.settle()
  const versions = async () => (await client.list(pods)).items.map(({ metadata }) => metadata.resourceVersion)
  const before = await versions()
  assert.equal(names(await claimed()).sort(), ['mine', 'orphan'])
  assert.equal(await versions(), before)
  const everything = selectorFromObject({}).value
  await client.create(pods, pod('late'))
  await clock.settle()
  assert.equal(names(await claimed(everything)).sort(), ['mine', 'orphan'], 'a selector of everything takes nobody on')
  assert.equal(controllerOf(await client.get(pods, 'default', 'late')), undefined)
})
