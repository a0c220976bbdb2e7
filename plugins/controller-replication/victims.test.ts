import type { VictimChoice } from '@davit/core/controller'
import type { Pod } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { now, type PodTraits, pod, replicaSet } from './testing.js'
import { chooseVictims, deletionCostAnnotation, rankPods } from './victims.js'

const settled: PodTraits = { node: 'one', phase: 'Running', readyFor: 50, age: 100 }
const cost = (value: string) => ({ annotations: { [deletionCostAnnotation]: value } })
const request = (candidates: readonly Pod[], count = 1, podsOnNode: ReadonlyMap<string, number> = new Map()) => ({
  owner: replicaSet(1),
  candidates,
  count,
  podsOnNode,
  now,
})
const names = (list: readonly Pod[]) => list.map(({ metadata }) => metadata.name).join(' ')

/** In each pair the first goes before the second, although every later rule says the opposite or nothing. */
const pairs: readonly [string, PodTraits, PodTraits, Record<string, number>?][] = [
  ['without a node', { phase: 'Running', readyFor: 50, ...cost('9') }, { node: 'one', phase: 'Pending' }],
  ['pending before unknown', { ...settled, phase: 'Pending' }, { node: 'one', phase: 'Unknown' }],
  ['unknown before running', { ...settled, phase: 'Unknown' }, { node: 'one', phase: 'Running' }],
  ['not ready before ready', { node: 'one', ...cost('9') }, settled],
  ['lower cost', { ...settled, ...cost('-5') }, { ...settled, readyFor: 1 }],
  ['no cost before a cost', settled, { ...settled, ...cost('1'), readyFor: 1 }],
  ['an unreadable cost is none', { ...settled, ...cost('a lot') }, { ...settled, ...cost('1') }],
  ['a cost with leading zeros is none', { ...settled, ...cost('007') }, { ...settled, ...cost('1') }],
  ['a cost beyond 32 bits is none', { ...settled, ...cost('99999999999') }, { ...settled, ...cost('1') }],
  ['the fuller node', { ...settled, node: 'full' }, { ...settled, node: 'empty', readyFor: 1 }, { full: 3, empty: 1 }],
  ['ready for less time', { ...settled, readyFor: 5 }, { ...settled, readyFor: 6, restarts: 9, age: 6 }],
  ['more restarts', { ...settled, restarts: 2 }, { ...settled, restarts: 1, age: 50 }],
  ['younger', { ...settled, age: 60 }, { ...settled, age: 61 }],
]
for (const [name, first, second, onNode = {}] of pairs) {
  test(`goes first: ${name}`, () => {
    const podsOnNode = new Map(Object.entries(onNode))
    const [a, b] = [pod('z-first', first), pod('a-second', second)]
    assert.is(names(rankPods(request([a, b], 1, podsOnNode))), 'z-first a-second')
    assert.is(names(rankPods(request([b, a], 1, podsOnNode))), 'z-first a-second')
  })
}

test('equal ones go by name, whatever the order they come in', () => {
  const list = ['c', 'a', 'b'].map((name) => pod(name, settled))
  assert.is(names(rankPods(request(list))), 'a b c')
  assert.is(names(list), 'c a b')
})

test('the first policy with an opinion decides', () => {
  const list = ['a', 'b', 'c'].map((name) => pod(name, settled))
  const silent: VictimChoice = { name: 'silent', rank: () => undefined }
  const reverse: VictimChoice = { name: 'reverse', rank: ({ candidates }) => [...candidates].reverse() }
  const never: VictimChoice = {
    name: 'never',
    rank() {
      throw new Error('asked although another had decided')
    },
  }
  const { pods, by } = chooseVictims(request(list, 2), [silent, reverse, never])
  assert.equal([names(pods), by], ['c b', 'reverse'])
  assert.equal(names(chooseVictims(request(list, 2), [silent]).pods), 'a b')
})

test('a policy that names strangers, or too few, removes nothing', () => {
  const list = ['a', 'b', 'c'].map((name) => pod(name, settled))
  const [a, b] = list as [Pod, Pod]
  const answers = (rank: readonly Pod[]): VictimChoice => ({ name: 'odd', rank: () => rank })
  assert.fails(() => chooseVictims(request(list, 2), [answers([a])]), 'named 1 of 2 Pods')
  assert.fails(() => chooseVictims(request(list, 2), [answers([a, a])]), 'named 1 of 2 Pods')
  assert.fails(() => chooseVictims(request(list, 2), [answers([b, pod('x')])]), 'which is no candidate')
})
