import type { Pod, StatefulSetSpec } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { type Action, planStatefulSet } from './plan.js'
import { now, pod, statefulSet } from './testing.js'

const parallel = { podManagementPolicy: 'Parallel' } as const
const partition = (value: number) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: value } } }) as const
const onDelete = { updateStrategy: { type: 'OnDelete' } } as const
const old = { revision: 'old' }

function told(action: Action): string {
  if (action.do === 'create') return `create ${action.ordinal} ${action.revision}`
  return action.do === 'delete' ? `delete ${action.pod.metadata.name} ${action.why}` : `label ${action.pod.metadata.name}`
}

function plan(replicas: number, pods: readonly Pod[], spec: Partial<StatefulSetSpec> = {}, stale: readonly number[] = []) {
  const set = statefulSet(replicas, spec)
  return planStatefulSet({ set, pods, update: 'new', isStale: (ordinal) => stale.includes(ordinal), now }).map(told)
}

const cases: readonly [string, string[], string[]][] = [
  ['the first is made alone', plan(3, []), ['create 0 update']],
  ['the next waits for the one before', plan(3, [pod(0, { ready: false })]), []],
  ['and for its end', plan(3, [pod(0, { going: true })]), []],
  ['and for it to be available', plan(3, [pod(0, { readyFor: 5 })], { minReadySeconds: 10 }), []],
  ['and follows then', plan(3, [pod(0, { readyFor: 10 })], { minReadySeconds: 10 }), ['create 1 update']],
  ['a gap is filled from below', plan(3, [pod(1), pod(2)]), ['create 0 update']],
  ['in parallel all are made', plan(3, [pod(1, { ready: false })], parallel), ['create 0 update', 'create 2 update']],
  [
    'numbers start where they are told to',
    plan(2, [], { ...parallel, ordinals: { start: 5 } }),
    ['create 5 update', 'create 6 update'],
  ],
  ['a number waits while its claims are those of an earlier Pod', plan(2, [], {}, [0]), []],
  ['in parallel only that one waits', plan(3, [], parallel, [1]), ['create 0 update', 'create 2 update']],
  ['what failed is removed', plan(2, [pod(0, { phase: 'Failed' }), pod(1)]), ['delete db-0 failed']],
  ['what succeeded too', plan(1, [pod(0, { phase: 'Succeeded' })]), ['delete db-0 succeeded']],
  ['but not twice', plan(1, [pod(0, { phase: 'Failed', going: true })]), []],
  ['labels of the identity are put back', plan(1, [pod(0, { labels: { 'controller-revision-hash': 'new' } })]), ['label db-0']],
  ['the highest goes first, alone', plan(1, [pod(0), pod(1), pod(2)]), ['delete db-2 scaled down']],
  ['the next waits until it is gone', plan(1, [pod(0), pod(1), pod(2, { going: true })]), []],
  ['nothing goes while one that stays is unhealthy', plan(1, [pod(0, { ready: false }), pod(1)]), []],
  ['nor while one below it is', plan(0, [pod(0), pod(1, { ready: false }), pod(2)]), ['delete db-2 scaled down']],
  ['an unhealthy one above the first unhealthy waits', plan(0, [pod(0, { ready: false }), pod(1, { ready: false })]), []],
  ['the only unhealthy one may go', plan(0, [pod(0), pod(1, { ready: false })]), ['delete db-1 scaled down']],
  ['in parallel all go', plan(1, [pod(0), pod(1), pod(2)], parallel), ['delete db-2 scaled down', 'delete db-1 scaled down']],
  ['numbers below the start go', plan(1, [pod(0), pod(1)], { ordinals: { start: 1 } }), ['delete db-0 scaled down']],
  ['numbers are numbers, not text', plan(1, [pod(0), pod(9), pod(10)]), ['delete db-10 scaled down']],
  ['the highest is updated first', plan(3, [pod(0, old), pod(1, old), pod(2, old)]), ['delete db-2 outdated']],
  ['then the one below it', plan(3, [pod(0, old), pod(1, old), pod(2)]), ['delete db-1 outdated']],
  ['not before that one serves', plan(3, [pod(0, old), pod(1, old), pod(2, { ready: false })], parallel), []],
  ['nor while it goes', plan(3, [pod(0, old), pod(1, old), pod(2, { ...old, going: true })], parallel), []],
  ['not below the partition', plan(3, [pod(0, old), pod(1, old), pod(2)], partition(2)), []],
  ['one below the partition is made as it was', plan(3, [pod(1), pod(2)], partition(1)), ['create 0 current']],
  ['one at the partition as it is to be', plan(3, [pod(0, old)], partition(1)), ['create 1 update']],
  [
    'the partition counts from the start',
    plan(2, [pod(5, old)], { ordinals: { start: 5 }, ...partition(1) }),
    ['create 6 update'],
  ],
  ['OnDelete updates nothing', plan(2, [pod(0, old), pod(1, old)], onDelete), []],
  ['but makes what is missing of the new template', plan(2, [pod(0, old)], onDelete), ['create 1 update']],
  [
    'a broken revision stays in the way, as in Kubernetes: who reverts the template has to delete its Pod',
    plan(3, [pod(0), pod(1), pod(2, { revision: 'broken', ready: false })]),
    [],
  ],
  [
    'in parallel it is replaced',
    plan(2, [pod(0), pod(1, { revision: 'broken', ready: false })], parallel),
    ['delete db-1 outdated'],
  ],
  ['scaling down comes before updating', plan(1, [pod(0, old), pod(1, old)]), ['delete db-1 scaled down']],
  ['nothing is to be done', plan(2, [pod(0), pod(1)]), []],
]
for (const [name, actual, expected] of cases) test(name, () => assert.equal(actual, expected))

test('a Pod whose name is none of the set is left alone', () => {
  const other = { ...pod(0), metadata: { ...pod(0).metadata, name: 'db-007' } }
  assert.equal(plan(0, [other]), [])
})

test('more replicas than a list can hold are made in rounds', () => {
  assert.is(plan(2_000_000_000, [], parallel).length, 500)
  assert.equal(plan(2_000_000_000, []), ['create 0 update'])
  assert.equal(plan(2_000_000_000, [pod(0)], { updateStrategy: { type: 'RollingUpdate' } }), ['create 1 update'])
})
