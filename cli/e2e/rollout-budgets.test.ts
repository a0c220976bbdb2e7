import { assert, test } from '@davit/core/testing'
import { RolloutBudgets } from './rollout-budgets.js'

const pod = (name: string, ready: boolean, { image = 'web:1', app = 'web', going = false } = {}) => ({
  metadata: { uid: name, name, labels: { app }, resourceVersion: '1', ...(going && { deletionTimestamp: 'now' }) },
  spec: { containers: [{ image }] },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})

test('counts what is ready by image, and what is there', () => {
  const budgets = new RolloutBudgets()
  budgets.heard('ADDED', pod('a', false))
  budgets.heard('MODIFIED', pod('a', true))
  budgets.heard('ADDED', pod('b', true, { image: 'web:2' }))
  assert.equal([budgets.ready('web:1'), budgets.ready('web:2'), budgets.total], [1, 1, 2])
  budgets.heard('MODIFIED', pod('a', true, { going: true }))
  assert.equal([budgets.ready('web:1'), budgets.total], [0, 2])
  budgets.heard('DELETED', pod('a', true, { going: true }))
  assert.equal([budgets.ready('web:1'), budgets.total], [0, 1])
  assert.equal(budgets.broken, [], 'nobody asked for a budget')
})

test('too few that are ready and too many in all are told, each time', () => {
  const budgets = new RolloutBudgets()
  for (const name of ['a', 'b']) budgets.heard('ADDED', pod(name, true))
  budgets.heard('ADDED', pod('other', false, { app: 'other' }))
  budgets.watch('web', { least: 1, most: 3 })
  budgets.heard('MODIFIED', pod('a', true, { going: true }))
  assert.equal(budgets.broken, [])
  budgets.heard('MODIFIED', pod('b', false))
  assert.equal(budgets.broken, ['web: 0 ready, at least 1 must be: b MODIFIED at 1'])
  for (const name of ['c', 'd']) budgets.heard('ADDED', pod(name, true))
  assert.is(budgets.broken.length, 1)
  budgets.heard('ADDED', pod('e', false))
  assert.is(budgets.broken.at(-1), 'web: 4 in all, at most 3 may be: e ADDED at 1')
  budgets.heard('DELETED', pod('other', false, { app: 'other' }))
  assert.is(budgets.broken.length, 2)
})
