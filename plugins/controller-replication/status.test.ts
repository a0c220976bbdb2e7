import type { Pod, ReplicaSetStatus } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { nextAvailableMs, replicaStatus } from './status.js'
import { now, pod, replicaSet, time } from './testing.js'

const failed = { failure: { reason: 'FailedCreate' as const, message: 'exceeded quota' } }
const owner = (status?: ReplicaSetStatus, minReadySeconds = 0) => ({
  ...replicaSet(3, { minReadySeconds }, { generation: 4 }),
  ...(status && { status }),
})
const counts = (minReadySeconds: number, list: readonly Pod[]) => {
  const status = replicaStatus(owner(undefined, minReadySeconds), list, {}, now)
  return [status.replicas, status.fullyLabeledReplicas, status.readyReplicas, status.availableReplicas]
}

const table: readonly [string, number, readonly Pod[], (number | undefined)[]][] = [
  ['nothing yet', 0, [], [0, undefined, undefined, undefined]],
  ['pods that are not ready', 0, [pod('a'), pod('b')], [2, 2, undefined, undefined]],
  ['ready is available at once', 0, [pod('a', { readyFor: 0 }), pod('b')], [2, 2, 1, 1]],
  ['ready for too short a time', 10, [pod('a', { readyFor: 9 }), pod('b', { readyFor: 10 })], [2, 2, 2, 1]],
  ['labels of the template are missing', 0, [pod('a', { labels: { other: 'x' } })], [1, undefined, undefined, undefined]],
]
for (const [name, minReadySeconds, list, expected] of table) {
  test(`counts: ${name}`, () => assert.equal(counts(minReadySeconds, list), expected))
}

test('the generation that was looked at is said', () => {
  assert.is(replicaStatus(owner(), [], {}, now).observedGeneration, 4)
})

test('a failure is a condition until an attempt succeeds', () => {
  const first = replicaStatus(owner(), [], failed, now)
  assert.equal(first.conditions, [
    { type: 'ReplicaFailure', status: 'True', lastTransitionTime: time(0), reason: 'FailedCreate', message: 'exceeded quota' },
  ])
  const again = { failure: { ...failed.failure, message: 'exceeded quota by another name' } }
  assert.equal(replicaStatus(owner(first), [], again, now + 9000), first, 'the same failure is no change')
  assert.equal(replicaStatus(owner(first), [], undefined, now).conditions, first.conditions, 'no attempt says nothing')
  assert.is(replicaStatus(owner(first), [], {}, now).conditions, undefined)
})

test('another failure takes the place of the first', () => {
  const first = replicaStatus(owner(), [], failed, now)
  const other = { failure: { reason: 'FailedDelete' as const, message: 'no' } }
  const { conditions } = replicaStatus(owner(first), [], other, now + 5000)
  assert.equal(
    conditions?.map(({ reason, lastTransitionTime }) => [reason, lastTransitionTime]),
    [['FailedDelete', time(-5)]],
  )
})

test('conditions of others stay', () => {
  const theirs = { type: 'Paused', status: 'True' }
  const { conditions } = replicaStatus(owner({ replicas: 0, conditions: [theirs] }), [], failed, now)
  assert.equal(
    conditions?.map(({ type }) => type),
    ['Paused', 'ReplicaFailure'],
  )
  assert.equal(replicaStatus(owner({ replicas: 0, conditions: [theirs] }), [], {}, now).conditions, [theirs])
})

test('the next Pod that becomes available says when to look again', () => {
  const list = [pod('a', { readyFor: 3 }), pod('b', { readyFor: 8 }), pod('c', { readyFor: 20 }), pod('d')]
  assert.is(nextAvailableMs(owner(undefined, 10), list, now), 2000)
  assert.is(nextAvailableMs(owner(undefined, 0), list, now), undefined)
  assert.is(nextAvailableMs(owner(undefined, 5), [pod('c', { readyFor: 20 })], now), undefined)
})
