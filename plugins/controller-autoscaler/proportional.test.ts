import type { MeasuredPod, MeasuredPods, MeasuredTotal, ReplicaRequest } from '@davit/core/controller'
import { assert, suite } from '@davit/core/testing'
import { proportional } from './proportional.js'
import { isWithin, ratioOf } from './ratio.js'
import { selectorText } from './selector-text.js'

const test = suite('proportional')

/** "r300" ready with 300, "m" missing, "u" unready; each requests 1000. */
function pods(text: string): readonly MeasuredPod[] {
  const states = { r: 'ready', m: 'missing', u: 'unready' } as const
  return text.split(' ').map((part, index) => {
    const state = states[part.charAt(0) as 'r']
    return { name: `p${index}`, state, value: Number(part.slice(1)), request: 1000 }
  })
}
function ask(replicas: number, measured: MeasuredPods | MeasuredTotal, observedReplicas = replicas): number {
  const rest = { autoscaler: {}, metric: {}, tolerance: 0.1, now: 0 } as unknown as ReplicaRequest
  return proportional.replicas({ ...rest, replicas, observedReplicas, measured })
}
const percent = (text: string, target: number): MeasuredPods => ({ type: 'pods', pods: pods(text), unit: 'percent', target })
const milli = (text: string, target: number): MeasuredPods => ({ type: 'pods', pods: pods(text), unit: 'milli', target })

const cases: readonly [name: string, replicas: number, measured: MeasuredPods, wanted: number][] = [
  ['up', 3, percent('r300 r500 r700', 30), 5],
  ['down', 5, percent('r100 r300 r500 r250 r250', 50), 3],
  ['within the tolerance', 3, percent('r1010 r1030 r1020', 100), 3],
  ['just within it', 10, percent('r1100', 100), 10],
  ['beyond it', 10, percent('r1110', 100), 2],
  ['up, with one that is not ready yet', 3, percent('u r500 r700', 30), 4],
  ['up, but not when the unready could do with no more', 3, percent('r400 u u', 30), 3],
  ['down, the unready left out', 5, percent('r100 r300 r500 u u', 50), 2],
  ['missing ones hold the growth back', 4, percent('r600 r600 r600 m', 50), 4],
  ['missing ones are idle when more are wanted', 4, percent('r950 r950 r950 m', 50), 6],
  ['missing ones are busy when fewer are wanted', 4, percent('r100 r100 r100 m', 50), 3],
  ['missing ones are as busy as a target above all of the request', 4, percent('r1000 r1000 r1000 m', 200), 3],
  ['a turn of the direction is none', 3, percent('r600 m m', 50), 3],
  ['at the target with missing ones', 4, percent('r500 r500 m m', 50), 4],
  ['what cannot be had does not scale up below the present size', 6, percent('r900 r900 m m m', 50), 6],
  ['up by an average', 3, milli('r20000 r10000 r30000', 15_000), 4],
  ['down by an average', 5, milli('r12000 r12000 r12000 r12000 r12000', 20_000), 3],
  ['missing ones use the target when fewer are wanted', 3, milli('r1000 r1000 m', 4000), 2],
  ['missing ones use nothing otherwise', 4, milli('r20000 r20000 r20000 m', 10_000), 6],
  ['nothing is requested', 2, { ...percent('r100', 50), pods: [{ name: 'a', state: 'ready', value: 1, request: 0 }] }, 2],
]
for (const [name, replicas, measured, wanted] of cases) {
  test(name, () => assert.is(ask(replicas, measured), wanted))
}

const total = (value: number, target: number, readyPods: number, perPod = false): MeasuredTotal => ({
  ...{ type: 'total', value, target, readyPods, perPod },
})
test('a total counts by the Pods that are ready', () => {
  assert.is(ask(3, total(20_000, 15_000, 3)), 4)
  assert.is(ask(3, total(15_900, 15_000, 3)), 3)
  assert.is(ask(5, total(5000, 10_000, 2)), 1)
  assert.is(ask(0, total(2500, 1000, 0)), 3)
  assert.is(ask(0, total(0, 1000, 0)), 0)
})
test('a total for each Pod needs none of them', () => {
  assert.is(ask(5, total(41_000, 10_000, 0, true), 3), 5)
  assert.is(ask(5, total(31_000, 10_000, 0, true), 3), 3)
  assert.is(ask(5, total(1000, 10_000, 0, true), 0), 1)
})
test('ratios are counted in whole numbers', () => {
  const samples = [
    { value: 333, request: 1000 },
    { value: 334, request: 1000 },
  ]
  assert.equal(ratioOf(samples, { unit: 'percent', target: 33 }), { ratio: 1, utilization: 33, average: 333 })
  assert.equal(ratioOf(samples, { unit: 'milli', target: 333 }), { ratio: 1, average: 333 })
  assert.is(ratioOf([{ value: 1, request: 0 }], { unit: 'percent', target: 1 }), undefined)
})
test('the tolerance counts in both directions', () => {
  assert.equal(
    [0.89, 0.9, 1, 1.1, 1.11].map((ratio) => isWithin(ratio, 0.1)),
    [false, true, true, true, false],
  )
})
test('selectors are written as Go writes them', () => {
  assert.is(selectorText(undefined), 'nil')
  assert.is(
    selectorText({ matchLabels: { b: '2', a: '1' }, matchExpressions: [{ key: 'k', operator: 'In', values: ['x', 'y'] }] }),
    '&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}',
  )
})
