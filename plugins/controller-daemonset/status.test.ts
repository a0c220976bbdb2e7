import type { DaemonSetSpec } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import type { Seat } from './plan.js'
import { daemonStatus, nextAvailableMs } from './status.js'
import { daemonSet, now, pod } from './testing.js'

const seat = (node: string, pods: Seat['pods'], runs = true): Seat => ({ node, runs, pods })
const status = (seats: readonly Seat[], spec: Partial<DaemonSetSpec> = {}, collisionCount = 0) =>
  daemonStatus({ set: daemonSet(spec, { generation: 2 }), seats, hash: 'new', collisionCount, now })

test('nodes are counted, not Pods', () => {
  const seats = [
    seat('a', [pod('a', { hash: 'old' }), pod('a', { name: 'beside' })]),
    seat('b', [pod('b')]),
    seat('c', [pod('c', { ready: false })]),
    seat('d', []),
    seat('e', [pod('e')], false),
  ]
  assert.equal(status(seats), {
    desiredNumberScheduled: 4,
    currentNumberScheduled: 3,
    numberMisscheduled: 1,
    numberReady: 2,
    updatedNumberScheduled: 2,
    numberAvailable: 2,
    numberUnavailable: 2,
    observedGeneration: 2,
  })
})

test('without nodes all is zero', () => {
  assert.equal(status([]), {
    desiredNumberScheduled: 0,
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    numberReady: 0,
    observedGeneration: 2,
  })
})

test('ready is available after minReadySeconds, and until then a timer waits', () => {
  const pods = [pod('a', { age: 4 }), pod('b', { age: 10 })]
  const spec = { minReadySeconds: 10 }
  const { numberReady, numberAvailable } = status(
    pods.map((each) => seat(each.metadata.name, [each])),
    spec,
  )
  assert.equal([numberReady, numberAvailable], [2, 1])
  assert.is(nextAvailableMs(daemonSet(spec), pods, now), 6000)
  assert.is(nextAvailableMs(daemonSet(), pods, now), undefined)
})

test('collisions are told once there was one', () => {
  assert.is(status([]).collisionCount, undefined)
  assert.is(status([], {}, 1).collisionCount, 1)
})
