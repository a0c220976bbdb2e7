import { assert, test } from '../testing/contract.js'
import { requeueAfter, soonest } from './contract.js'

test('the soonest of some waits', () => {
  assert.is(soonest([]), undefined)
  assert.is(soonest([undefined, undefined]), undefined)
  assert.is(soonest([undefined, 20, 3, undefined, 5]), 3)
  assert.is(soonest([0, 1]), 0)
  assert.is(soonest(new Set([7])), 7)
})

test('reconciling again is after the soonest, and never at once', () => {
  assert.is(requeueAfter(), undefined)
  assert.is(requeueAfter(undefined), undefined)
  assert.equal(requeueAfter(500, undefined, 20), { requeueAfterMs: 20 })
  for (const wait of [0, -3, 0.4]) assert.equal(requeueAfter(wait, 9), { requeueAfterMs: 1 })
})
