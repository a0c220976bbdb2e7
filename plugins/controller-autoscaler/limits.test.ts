import type { HPAScalingPolicy, HPAScalingRules } from '@davit/core/kinds'
import { assert, suite } from '@davit/core/testing'
import { type Bounds, type History, limitByRules, limitPlain } from './limits.js'
import { Memory } from './memory.js'

const test = suite('limits')
const now = 10_000_000
const never: History = { ups: [], downs: [], now }
const policy = (type: string, value: number, periodSeconds = 60): HPAScalingPolicy => ({ type, value, periodSeconds })
const rules = (selectPolicy: string, ...policies: HPAScalingPolicy[]): HPAScalingRules => ({ selectPolicy, policies })
const free = { up: rules('Max', policy('Percent', 1000)), down: rules('Max', policy('Percent', 100)) }
const bounds = (current: number, desired: number, min = 1, max = 100): Bounds => ({ current, desired, min, max })
const short = ({ replicas, reason }: { replicas: number; reason: string }): [number, string] => [replicas, reason]

const plain: readonly [Bounds, number, string][] = [
  [bounds(3, 5), 5, 'DesiredWithinRange'],
  [bounds(3, 7), 6, 'ScaleUpLimit'],
  [bounds(1, 9), 4, 'ScaleUpLimit'],
  [bounds(3, 7, 1, 6), 6, 'TooManyReplicas'],
  [bounds(3, 1, 2), 2, 'TooFewReplicas'],
  [bounds(30, 1), 1, 'DesiredWithinRange'],
]
for (const [given, replicas, reason] of plain) {
  test(`plain ${JSON.stringify(given)}`, () => assert.equal(short(limitPlain(given)), [replicas, reason]))
}

const pods2 = policy('Pods', 2)
const percent50 = policy('Percent', 50)
const ruled: readonly [name: string, Bounds, Partial<typeof free>, Partial<History>, number, string][] = [
  ['the greater change of two', bounds(10, 99), { up: rules('Max', pods2, percent50) }, {}, 15, 'ScaleUpLimit'],
  ['the smaller change of two', bounds(10, 99), { up: rules('Min', pods2, percent50) }, {}, 12, 'ScaleUpLimit'],
  ['not at all', bounds(10, 99), { up: rules('Disabled', pods2) }, {}, 10, 'ScaleUpLimit'],
  ['a share of one is one', bounds(1, 9), { up: rules('Max', policy('Percent', 10)) }, {}, 2, 'ScaleUpLimit'],
  ['the maximum first', bounds(10, 99, 1, 11), { up: rules('Max', percent50) }, {}, 11, 'TooManyReplicas'],
  [
    'what came lately counts',
    bounds(12, 99),
    { up: rules('Max', pods2) },
    { ups: [{ change: 2, at: now - 59_000 }] },
    12,
    'ScaleUpLimit',
  ],
  [
    'until the period is over',
    bounds(12, 99),
    { up: rules('Max', pods2) },
    { ups: [{ change: 2, at: now - 60_000 }] },
    14,
    'ScaleUpLimit',
  ],
  [
    'what went lately may come back',
    bounds(8, 99),
    { up: rules('Max', pods2) },
    { downs: [{ change: 4, at: now - 1000 }] },
    14,
    'ScaleUpLimit',
  ],
  ['down by the greater change', bounds(10, 1), { down: rules('Max', pods2, percent50) }, {}, 5, 'ScaleDownLimit'],
  ['down by the smaller change', bounds(10, 1), { down: rules('Min', pods2, percent50) }, {}, 8, 'ScaleDownLimit'],
  ['down not at all', bounds(10, 1), { down: rules('Disabled', pods2) }, {}, 10, 'ScaleDownLimit'],
  ['down to the minimum', bounds(10, 1, 4), {}, {}, 4, 'TooFewReplicas'],
  [
    'down after what went lately',
    bounds(8, 1),
    { down: rules('Max', pods2) },
    { downs: [{ change: 2, at: now - 1 }] },
    8,
    'ScaleDownLimit',
  ],
  [
    'a limit above the present size is none',
    bounds(8, 1),
    { down: rules('Max', pods2) },
    { downs: [{ change: 9, at: now - 1 }] },
    8,
    'ScaleDownLimit',
  ],
  ['no change', bounds(5, 5), {}, {}, 5, 'DesiredWithinRange'],
  ['a free change', bounds(5, 9), {}, {}, 9, 'DesiredWithinRange'],
]
for (const [name, given, more, history, replicas, reason] of ruled) {
  test(name, () => {
    assert.equal(short(limitByRules(given, { ...never, ...history }, { ...free, ...more })), [replicas, reason])
  })
}

test('the highest of the window holds until it is over', () => {
  const memory = new Memory()
  memory.begin(5, 0)
  memory.begin(50, 1)
  assert.is(memory.stabilizeDown(2, 100, 10), 5)
  assert.is(memory.stabilizeDown(4, 100, 100), 5)
  assert.is(memory.stabilizeDown(1, 100, 101), 4)
  assert.is(memory.stabilizeDown(9, 100, 150), 9)
  assert.is(memory.stabilizeDown(1, 100, 251), 1)
})

test('both directions have windows', () => {
  const memory = new Memory()
  memory.begin(5, 0)
  const windows = { upMs: 50, downMs: 100 }
  const at = (now: number, current: number, desired: number) => {
    const { replicas, reason } = memory.stabilize({ current, desired }, windows, now)
    return [replicas, reason]
  }
  assert.equal(at(10, 5, 8), [5, 'ScaleUpStabilized'])
  assert.equal(at(51, 5, 7), [7, 'ScaleUpStabilized'], 'the lowest of what is left')
  assert.equal(at(60, 7, 2), [7, 'ScaleDownStabilized'])
  assert.equal(at(109, 7, 3), [7, 'ScaleDownStabilized'])
  assert.equal(at(152, 7, 3), [3, 'ScaleDownStabilized'])
})

test('what no period reaches any more is forgotten', () => {
  const memory = new Memory()
  const minute = rules('Max', pods2)
  memory.scaled(1, 3, minute, 0)
  memory.scaled(3, 5, minute, 59_000)
  assert.equal(memory.history(60_000).ups, [
    { change: 2, at: 0 },
    { change: 2, at: 59_000 },
  ])
  memory.scaled(5, 6, minute, 70_000)
  memory.scaled(6, 2, minute, 71_000)
  assert.equal(memory.history(72_000), {
    ups: [
      { change: 2, at: 59_000 },
      { change: 1, at: 70_000 },
    ],
    downs: [{ change: 4, at: 71_000 }],
    now: 72_000,
  })
})
