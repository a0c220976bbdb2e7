import type { Pod, StatefulSetSpec } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { nextAvailableMs, statefulStatus } from './status.js'
import { now, pod, statefulSet } from './testing.js'

const names = { current: 'old', update: 'new', collisionCount: 0 }
const old = { revision: 'old' }
const status = (replicas: number, pods: readonly Pod[], spec: Partial<StatefulSetSpec> = {}) =>
  statefulStatus(statefulSet(replicas, spec, { generation: 4 }), pods, names, now)

test('in the middle of a roll-out both revisions are counted', () => {
  assert.equal(status(3, [pod(0, old), pod(1, { ...old, ready: false }), pod(2)]), {
    observedGeneration: 4,
    replicas: 3,
    readyReplicas: 2,
    currentReplicas: 2,
    updatedReplicas: 1,
    availableReplicas: 2,
    currentRevision: 'old',
    updateRevision: 'new',
    collisionCount: 0,
  })
})

test('the new revision becomes the current one when all Pods have it and serve, and not before', () => {
  const current = (...args: Parameters<typeof status>) => status(...args).currentRevision
  assert.is(current(2, [pod(0), pod(1)]), 'new')
  assert.is(status(2, [pod(0), pod(1)]).currentReplicas, 2)
  assert.is(current(2, [pod(0), pod(1, { ready: false })]), 'old')
  assert.is(current(2, [pod(0, old), pod(1)]), 'old', 'a partition keeps it')
  assert.is(current(2, [pod(0), pod(1), pod(2)]), 'old', 'one has yet to go')
  assert.is(current(2, [pod(0)]), 'old', 'one has yet to come')
  assert.is(current(0, []), 'new')
  assert.is(current(1, [pod(0)], { updateStrategy: { type: 'OnDelete' } }), 'old')
})

test('a Pod on its way out is a replica, and of no revision', () => {
  const { replicas, readyReplicas, updatedReplicas } = status(2, [pod(0), pod(1, { going: true })])
  assert.equal([replicas, readyReplicas, updatedReplicas], [2, 2, 1])
})

test('ready is available after minReadySeconds, and until then a timer waits', () => {
  const spec = { minReadySeconds: 10 }
  const pods = [pod(0, { readyFor: 4 }), pod(1, { readyFor: 10 }), pod(2, { ready: false })]
  const { readyReplicas, availableReplicas } = status(3, pods, spec)
  assert.equal([readyReplicas, availableReplicas], [2, 1])
  assert.is(nextAvailableMs(statefulSet(3, spec), pods, now), 6000)
  assert.is(nextAvailableMs(statefulSet(3), pods, now), undefined)
})

test('conditions of others stay', () => {
  const conditions = [{ type: 'Mine', status: 'True' }]
  const set = { ...statefulSet(0), status: { replicas: 0, conditions } }
  assert.equal(statefulStatus(set, [], names, now).conditions, conditions)
})
