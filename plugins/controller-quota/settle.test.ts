import { type Amounts, formatQuantity, readAmounts } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { Settlement } from './settle.js'

const pods = (count: number): Amounts => readAmounts({ pods: String(count) })
const count = (number: number) => () => pods(number)
const shown = (used: Amounts) => (used.pods ? Number(formatQuantity(used.pods)) : undefined)

test('a quota that nobody has counted is counted at once', () => {
  const settled = new Settlement(1000).settle('1', {}, count(3), 0)
  assert.equal([shown(settled.used), settled.againMs], [3, undefined])
})

test('a charge whose object is not there yet is kept until it must have ended', () => {
  const settlement = new Settlement(1000)
  const first = settlement.settle('1', pods(3), count(2), 5000)
  assert.equal([shown(first.used), first.againMs], [3, 1000])
  assert.is(shown(settlement.settle('1', pods(3), count(2), 5900).used), 3)
  const last = settlement.settle('1', pods(3), count(2), 6000)
  assert.equal([shown(last.used), last.againMs], [2, undefined])
})

test('new names are counted at once, and a charge of an old one is kept', () => {
  const settlement = new Settlement(1000)
  settlement.settle('1', pods(3), count(3), 0)
  const counted = () => readAmounts({ pods: '2', secrets: '4' })
  const { used, againMs } = settlement.settle('2', pods(3), counted, 100, true)
  assert.equal([used.pods?.nano, used.secrets?.nano, againMs], [3_000_000_000n, 4_000_000_000n, 1000])
})

test('after a quiet time a delete counts at once', () => {
  const settlement = new Settlement(1000)
  settlement.settle('1', pods(3), count(3), 0)
  assert.is(shown(settlement.settle('1', pods(3), count(2), 1000).used), 2)
})

test('what the controller wrote itself is no charge', () => {
  const settlement = new Settlement(1000)
  settlement.settle('1', {}, count(3), 0)
  settlement.wrote('2')
  settlement.settle('2', pods(3), count(3), 2000)
  assert.is(shown(settlement.settle('2', pods(3), count(2), 2001).used), 2)
})

test('more than was charged is written when it is counted', () => {
  const settlement = new Settlement(1000)
  assert.is(shown(settlement.settle('1', pods(1), count(4), 0).used), 1)
  assert.is(shown(settlement.settle('1', pods(1), count(4), 1000).used), 4)
})

test('while charges keep coming it is counted once in a while, not for each', () => {
  const settlement = new Settlement(1000)
  let counts = 0
  const counted = () => {
    counts += 1
    return pods(1)
  }
  for (let step = 0; step < 1000; step += 1) settlement.settle(String(step), pods(step + 1), counted, step * 10)
  assert.ok(counts <= 10, String(counts))
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
    const settled = settlement.settle(String(step), pods(used), count(stored), step * 200)
    used = shown(settled.used) ?? 0
    lowest = Math.min(lowest, used)
    highest = Math.max(highest, used)
  }
  assert.ok(lowest >= 10, `never below what is stored and charged: ${lowest}`)
  assert.ok(highest <= 22, `never far above: ${highest}`)
})
