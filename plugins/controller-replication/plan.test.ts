import { assert, test } from '@davit/core/testing'
import { burst, planReplicas } from './plan.js'
import { podOf } from './pod.js'
import { replicaSet, time } from './testing.js'

const counts: readonly [string, number, number, number, number][] = [
  ['as many as asked for', 2, 2, 0, 0],
  ['none of three', 3, 0, 3, 0],
  ['one of three', 3, 1, 2, 0],
  ['three of one', 1, 3, 0, 2],
  ['two of none', 0, 2, 0, 2],
  ['no more than a burst is made', burst + 200, 0, burst, 0],
  ['no more than a burst is removed', 0, burst + 7, 0, burst],
]
for (const [name, replicas, present, create, remove] of counts) {
  test(`counts: ${name}`, () => assert.equal(planReplicas(replicaSet(replicas), present), { create, remove }))
}

test('an owner on its way out makes and removes nothing', () => {
  const going = replicaSet(1, {}, { deletionTimestamp: time(0) })
  for (const present of [0, 3]) assert.equal(planReplicas(going, present), { create: 0, remove: 0 })
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
