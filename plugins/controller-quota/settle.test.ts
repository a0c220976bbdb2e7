import { type Amounts, formatQuantity, readAmounts } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { Settlement } from './settle.js'

const pods = (count: number): Amounts => readAmounts({ pods: String(count) })
const shown = (used: Amounts) => (used.pods ? Number(formatQuantity(used.pods)) : undefined)

test('a quota that nobody has counted is counted at once', () => {
  const settled = new Settlement(1000).settle('1', {}, pods(3), 0)
  assert.equal([shown(settled.used), settled.againMs], [3, undefined])
})

test('a charge whose object is not there yet is kept until it must have ended', () => {
  const settlement = new Settlement(1000)
  const first = settlement.settle('1', pods(3), pods(2), 5000)
  assert.equal([shown(first.used), first.againMs], [3, 1000])
  assert.is(shown(settlement.settle('1', pods(3), pods(2), 5900).used), 3)
  const last = settlement.settle('1', pods(3), pods(2), 6000)
  assert.equal([shown(last.used), last.againMs], [2, undefined])
})

test('after a quiet time a delete counts at once', () => {
  const settlement = new Settlement(1000)
  settlement.settle('1', pods(3), pods(3), 0)
  assert.is(shown(settlement.settle('1', pods(3), pods(2), 1000).used), 2)
})

test('what the controller wrote itself is no charge', () => {
  const settlement = new Settlement(1000)
  settlement.settle('1', {}, pods(3), 0)
  settlement.wrote('2')
  settlement.settle('2', pods(3), pods(3), 2000)
  assert.is(shown(settlement.settle('2', pods(3), pods(2), 2001).used), 2)
})

test('more than was charged is written at once', () => {
  const settlement = new Settlement(1000)
  assert.is(shown(settlement.settle('1', pods(1), pods(4), 0).used), 4)
})

test('while charges keep coming, what went before is given back, and never more', () => {
  const settlement = new Settlement(1000)
  // Each 200 ms one Pod comes and one goes; the objects lag one charge behind.
  let used = 10
  let lowest = Number.POSITIVE_INFINITY
  let highest = 0
  for (let step = 0; step < 100; step += 1) {
    used += 1
    const stored = 9
    const settled = settlement.settle(String(step), pods(used), pods(stored), step * 200)
    used = shown(settled.used) ?? 0
    lowest = Math.min(lowest, used)
    highest = Math.max(highest, used)
  }
  assert.ok(lowest >= 10, `never below what is stored and charged: ${lowest}`)
  assert.ok(highest <= 22, `never far above: ${highest}`)
})
