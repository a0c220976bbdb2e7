import { type Pod, selectorFromObject } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { burst, planReplicas } from './plan.js'
import { podOf } from './pod.js'
import { pod, replicaSet, time } from './testing.js'

const selector = selectorFromObject({ app: 'web' }).value
if (!selector) throw new Error('the selector cannot be read')
const plan = (replicas: number, candidates: readonly Pod[], metadata = {}) =>
  planReplicas(replicaSet(replicas, {}, metadata), selector, candidates)
const names = (list: readonly Pod[]) => list.map(({ metadata }) => metadata.name)
const mine = (name: string, traits = {}) => pod(name, { owner: 'owner', ...traits })

test('as many as asked for: nothing to do', () => {
  const planned = plan(2, [mine('a'), mine('b')])
  assert.is(planned.create, 0)
  assert.is(planned.remove, 0)
  assert.equal(names(planned.pods), ['a', 'b'])
})

const counts: readonly [string, number, readonly Pod[], number, number][] = [
  ['none of three', 3, [], 3, 0],
  ['one of three', 3, [mine('a')], 2, 0],
  ['three of one', 1, [mine('a'), mine('b'), mine('c')], 0, 2],
  ['two of none', 0, [mine('a'), mine('b')], 0, 2],
  ['finished ones do not count', 2, [mine('a', { phase: 'Succeeded' }), mine('b', { phase: 'Failed' }), mine('c')], 1, 0],
  ['those on their way out do not count', 2, [mine('a', { deleting: true }), mine('b')], 1, 0],
  ['unknown ones count', 1, [mine('a', { phase: 'Unknown' })], 0, 0],
  ["others' do not count", 1, [pod('a', { owner: 'another' })], 1, 0],
  ['an orphan that matches counts', 1, [pod('a')], 0, 0],
  ['an orphan that does not match is none of ours', 1, [pod('a', { labels: { app: 'db' } })], 1, 0],
  ['one of ours that matches no more does not count', 1, [mine('a', { labels: { app: 'db' } })], 1, 0],
  ['a surplus of orphans goes too', 1, [mine('a'), pod('b')], 0, 1],
  ['no more than a burst is made', burst + 200, [], burst, 0],
]
for (const [name, replicas, candidates, create, remove] of counts) {
  test(`counts: ${name}`, () => {
    const planned = plan(replicas, candidates)
    assert.equal([planned.create, planned.remove], [create, remove])
  })
}

test('no more than a burst is removed', () => {
  const many = Array.from({ length: burst + 7 }, (_, index) => mine(`pod-${index}`))
  assert.is(plan(0, many).remove, burst)
})

test('matching orphans are adopted, others released', () => {
  const { claim } = plan(3, [mine('a'), pod('b'), mine('c', { labels: { app: 'db' } }), pod('d', { phase: 'Failed' })])
  assert.equal([names(claim.owned), names(claim.adopt), names(claim.release)], [['a'], ['b'], ['c']])
})

test('an owner on its way out makes, removes and adopts nothing', () => {
  for (const candidates of [[], [mine('a'), mine('b'), pod('c')]]) {
    const planned = plan(1, candidates, { deletionTimestamp: time(0) })
    assert.equal([planned.create, planned.remove, planned.claim.adopt.length], [0, 0, 0])
  }
})

test('a Pod is made from the template', () => {
  const template = {
    metadata: {
      name: 'ignored',
      labels: { app: 'web', tier: 'front' },
      annotations: { note: 'x' },
      finalizers: ['example.com/keep'],
    },
    spec: { containers: [{ name: 'main', image: 'web:1' }], priority: 3 },
  }
  const made = podOf(replicaSet(1, { template }))
  assert.equal(made.metadata, {
    name: '',
    generateName: 'web-',
    namespace: 'default',
    labels: { app: 'web', tier: 'front' },
    annotations: { note: 'x' },
    finalizers: ['example.com/keep'],
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'owner', controller: true, blockOwnerDeletion: true },
    ],
  })
  assert.equal(made.spec, template.spec)
})
