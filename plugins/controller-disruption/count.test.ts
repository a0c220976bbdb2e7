import type { PodDisruptionBudget } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { disruptedPods, expectationOf, healthyPods, needsScale } from './count.js'
import { countedStatus, failedStatus } from './status.js'
import { budgetOf, podOf } from './testing.js'
import { keysOfPod } from './waking.js'

const now = Date.UTC(2024, 0, 1)
const ready = (name: string, status = 'True') => ({ ...podOf(name), status: { conditions: [{ type: 'Ready', status }] } })

const expectations: readonly [PodDisruptionBudget['spec'], boolean, number, number][] = [
  [{ minAvailable: 2 }, false, 4, 2],
  [{ minAvailable: 9 }, false, 4, 9],
  [{ minAvailable: '50%' }, true, 5, 3],
  [{ minAvailable: '0%' }, true, 5, 0],
  [{ minAvailable: '100%' }, true, 5, 5],
  [{ maxUnavailable: 1 }, true, 5, 4],
  [{ maxUnavailable: 0 }, true, 5, 5],
  [{ maxUnavailable: 9 }, true, 5, 0],
  [{ maxUnavailable: '30%' }, true, 5, 3],
  [{}, false, 0, 0],
]
for (const [spec, asks, expected, desired] of expectations) {
  test(`of 4 Pods and 5 replicas: ${JSON.stringify(spec)}`, () => {
    const budget = budgetOf(spec)
    assert.is(needsScale(budget), asks)
    assert.equal(expectationOf(budget, 4, 5), { expected, desired })
  })
}

test('who is not ready, goes or is about to go is not healthy', () => {
  const going = { ...ready('c'), metadata: { ...ready('c').metadata, deletionTimestamp: '2024-01-01T00:00:00Z' } }
  const pods = [ready('a'), ready('b', 'False'), going, ready('d'), podOf('e')]
  assert.is(healthyPods(pods, { d: '2024-01-01T00:00:00Z' }), 1)
})

test('an eviction holds its place for two minutes, or until its Pod goes', () => {
  const at = (ago: number) => `${new Date(now - ago).toISOString().slice(0, 19)}Z`
  const counts = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }
  const disrupted = { fresh: at(20_000), old: at(121_000), gone: at(1000) }
  const budget = { ...budgetOf({}), status: { ...counts, disruptedPods: disrupted } }
  const found = disruptedPods(budget, [ready('fresh'), ready('old'), ready('other')], now)
  assert.equal(found.pods, { fresh: at(20_000) })
  assert.equal(
    found.overdue.map(({ metadata }) => metadata.name),
    ['old'],
  )
  assert.is(found.recheckMs, 100_001)
  assert.equal(disruptedPods(budget, [], now), { pods: {}, overdue: [] })
})

test('the condition keeps its time while it stays, and failures keep the counts', () => {
  const counted = { expected: 3, desired: 2, healthy: 3, disrupted: {} }
  const budget = budgetOf({ minAvailable: 2 }, { generation: 4 })
  const status = countedStatus(budget, counted, now)
  assert.equal([status.disruptionsAllowed, status.observedGeneration], [1, 4])
  assert.equal(status.conditions, [
    {
      ...{ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', message: '' },
      ...{ observedGeneration: 4, lastTransitionTime: '2024-01-01T00:00:00Z' },
    },
  ])
  const later = countedStatus({ ...budget, status }, { ...counted, healthy: 9 }, now + 60_000)
  assert.is(later.conditions?.[0]?.lastTransitionTime, '2024-01-01T00:00:00Z')
  const failed = failedStatus({ ...budget, status: later }, 'why', now + 60_000)
  assert.equal([failed.currentHealthy, failed.expectedPods, failed.disruptionsAllowed], [9, 3, 0])
  const [condition] = failed.conditions ?? []
  assert.equal(
    [condition?.reason, condition?.message, condition?.lastTransitionTime],
    ['SyncFailed', 'why', '2024-01-01T00:01:00Z'],
  )
})

test('a budget without Pods allows nothing', () => {
  const status = countedStatus(budgetOf({ minAvailable: 0 }), { expected: 0, desired: 0, healthy: 0, disrupted: {} }, now)
  assert.is(status.disruptionsAllowed, 0)
})

test('only changes that matter wake the budgets of a Pod, old labels too', () => {
  const budgets = [budgetOf({}), budgetOf({ selector: { matchLabels: { app: 'db' } } }, { name: 'db' })]
  const pod = ready('a')
  const wake = (object: typeof pod, old?: typeof pod) => keysOfPod(budgets, object, { deleted: false, ...(old && { old }) })
  assert.equal(wake(pod), ['default/web'])
  assert.equal(wake(pod, { ...pod, status: { ...pod.status, conditions: [...pod.status.conditions] } }), [])
  assert.equal(wake(pod, ready('a', 'False')), ['default/web'])
  assert.equal(wake({ ...pod, metadata: { ...pod.metadata, labels: { app: 'db' } } } as typeof pod, pod), [
    'default/web',
    'default/db',
  ])
  assert.equal(keysOfPod([], pod, { deleted: true }), [])
})
