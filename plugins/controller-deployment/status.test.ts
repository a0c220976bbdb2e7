import { assert, test } from '@davit/core/testing'
import { conditionOf, withCondition } from './conditions.js'
import { countedStatus, withFailures } from './status.js'
import { type DeploymentTraits, deployment, now, replicaSet, time } from './testing.js'

const count = (
  replicas: number,
  traits: DeploymentTraits,
  next: ReturnType<typeof replicaSet> | undefined,
  ...olds: ReturnType<typeof replicaSet>[]
) =>
  countedStatus({
    deployment: deployment(replicas, traits),
    sets: { next, olds },
    conditions: [],
    collisionCount: undefined,
    now,
  })

test('the counts are sums over all ReplicaSets', () => {
  const { conditions: _conditions, ...counts } = count(
    10,
    {},
    replicaSet('new', 5, { pods: 4, ready: 3, available: 2 }),
    replicaSet('old', 8, { pods: 9, ready: 7, available: 6 }),
  )
  assert.equal(counts, {
    observedGeneration: 1,
    replicas: 13,
    updatedReplicas: 4,
    readyReplicas: 10,
    availableReplicas: 8,
    unavailableReplicas: 5,
  })
})

test('zero is absent, as in what is stored', () => {
  const { conditions: _conditions, ...counts } = count(0, {}, undefined)
  assert.equal(counts, { observedGeneration: 1 })
})

test('collisions are carried along', () => {
  const input = { deployment: deployment(1), sets: { next: undefined, olds: [] }, conditions: [], now }
  assert.is(countedStatus({ ...input, collisionCount: 2 }).collisionCount, 2)
})

const availability: readonly [string, number, number, DeploymentTraits, string][] = [
  ['all', 4, 4, {}, 'True'],
  ['as many as must be', 4, 3, {}, 'True'],
  ['one too few', 4, 2, {}, 'False'],
  ['none wanted', 0, 0, {}, 'True'],
  ['none may be missing', 3, 2, { surge: 1, unavailable: 0 }, 'False'],
  ['Recreate: all must be', 4, 3, { spec: { strategy: { type: 'Recreate' } } }, 'False'],
]
for (const [name, replicas, available, traits, status] of availability) {
  test(`available: ${name}`, () => {
    const { conditions = [] } = count(replicas, traits, replicaSet('new', replicas, { available }))
    const condition = conditionOf(conditions, 'Available')
    const reason = status === 'True' ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable'
    assert.equal([condition?.status, condition?.reason, condition?.lastTransitionTime], [status, reason, time(0)])
  })
}

test('a ReplicaSet that fails shows, the new one before the others', () => {
  const next = replicaSet('new', 1, { failure: 'new quota' })
  const old = replicaSet('old', 1, { failure: 'old quota' })
  const message = (sets: Parameters<typeof withFailures>[1]) =>
    conditionOf(withFailures([], sets, now), 'ReplicaFailure')?.message
  assert.is(message({ next, olds: [old] }), 'new quota')
  assert.is(message({ next: replicaSet('new', 1), olds: [old] }), 'old quota')
  const failing = withFailures([], { next, olds: [] }, now)
  assert.equal(withFailures(failing, { next: replicaSet('new', 1), olds: [] }, now), [])
})

test('a condition that says the same stays, and the transition is that of its status', () => {
  const say = (status: 'True' | 'False', reason: string) => ({ type: 'Available' as const, status, reason, message: reason })
  const first = withCondition([], say('True', 'A'), now - 60_000)
  assert.is(withCondition(first, { ...say('True', 'A'), message: 'other words' }, now), first)
  const [second] = withCondition(first, say('True', 'B'), now)
  assert.equal([second?.lastUpdateTime, second?.lastTransitionTime], [time(0), time(60)])
  const [third] = withCondition(first, say('False', 'B'), now)
  assert.is(third?.lastTransitionTime, time(0))
})
