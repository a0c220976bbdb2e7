import type { ReplicaSet } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { isBeingScaled, scaledSizes } from './scale.js'
import { type DeploymentTraits, deployment, replicaSet } from './testing.js'

const sizes = (replicas: number, traits: DeploymentTraits, next: ReplicaSet | undefined, ...olds: ReplicaSet[]) =>
  Object.fromEntries(scaledSizes(deployment(replicas, traits), { next, olds }))
const set = (name: string, size: number, max: number, traits = {}) => replicaSet(name, size, { max, desired: 10, ...traits })
const rolling: DeploymentTraits = { surge: 3, unavailable: 2 }

test('being scaled: a ReplicaSet in use was sized for another size', () => {
  const check = (...olds: ReplicaSet[]) => isBeingScaled(deployment(5), { next: undefined, olds })
  assert.is(check(replicaSet('a', 3, { desired: 5 })), false)
  assert.is(check(replicaSet('a', 3, { desired: 4 })), true)
  assert.is(check(replicaSet('a', 0, { desired: 4 })), false, 'an empty one does not count')
  assert.is(check(replicaSet('a', 3)), false, 'nor does one that does not say')
  assert.is(check(replicaSet('a', 3, { desired: 5 }), replicaSet('b', 1, { desired: 4 })), true)
})

test('the only one in use takes the whole size', () => {
  assert.equal(sizes(7, rolling, replicaSet('new', 3)), { new: 7 })
  assert.equal(sizes(7, rolling, replicaSet('new', 0), replicaSet('old', 3)), { old: 7 })
  assert.equal(sizes(7, rolling, replicaSet('new', 0), replicaSet('old', 0)), { new: 7 })
  assert.equal(sizes(7, rolling, undefined, replicaSet('older', 0), replicaSet('old', 0)), { old: 7 })
  assert.equal(sizes(7, rolling, undefined), {})
})

test('when the new one has taken over, the old ones go', () => {
  assert.equal(sizes(4, rolling, replicaSet('new', 4, { desired: 4 }), replicaSet('a', 1), replicaSet('b', 0)), { a: 0 })
  assert.equal(Object.keys(sizes(4, rolling, replicaSet('new', 4, { desired: 4, available: 3 }), replicaSet('a', 1))).sort(), [
    'a',
    'new',
  ])
})

/** Deployment of 10, surge 3, unavailable 2, in the middle of its roll-out: 8 old and 5 new. */
const shared: readonly [string, number, Record<string, number>][] = [
  ['up', 15, { old: 11, new: 7 }],
  ['up by a lot', 100, { old: 63, new: 40 }],
  ['down', 5, { old: 5, new: 3 }],
  ['down to one', 1, { old: 2, new: 2 }],
  ['to nothing', 0, { old: 0, new: 0 }],
  ['as it was', 10, { old: 8, new: 5 }],
]
for (const [name, replicas, expected] of shared) {
  test(`shared out in proportion: ${name}`, () => {
    assert.equal(sizes(replicas, rolling, set('new', 5, 13, { available: 2, age: 10 }), set('old', 8, 13)), expected)
  })
}

test('the whole is never exceeded, and what rounding leaves goes to the largest', () => {
  for (const replicas of [0, 1, 2, 3, 7, 11, 12, 13, 20, 33, 50]) {
    const result = sizes(
      replicas,
      rolling,
      set('new', 3, 13, { available: 1, age: 1 }),
      set('a', 5, 13, { age: 9 }),
      set('b', 4, 13, { age: 5 }),
    )
    const sum = Object.values(result).reduce((total, size) => total + size, 0)
    assert.is(sum, replicas === 0 ? 0 : replicas + 3, `for ${replicas}`)
    assert.ok(Object.values(result).every((size) => size >= 0))
  }
})

test('without the annotation the size before is taken from the status', () => {
  const traits = { ...rolling, status: { replicas: 13 } }
  assert.equal(sizes(15, traits, replicaSet('new', 5, { available: 2, age: 10 }), replicaSet('old', 8)), { old: 11, new: 7 })
})

test('of equal ones the newer grows, the older shrinks', () => {
  const pair = [set('older', 5, 13, { age: 50 }), set('newer', 5, 13, { age: 10, available: 1 })] as const
  const grow = sizes(11, rolling, pair[1], pair[0])
  assert.ok((grow.newer ?? 0) >= (grow.older ?? 0))
  const shrink = sizes(6, rolling, pair[1], pair[0])
  assert.ok((shrink.older ?? 0) <= (shrink.newer ?? 0))
})

test('Recreate shares nothing out', () => {
  const traits = { spec: { strategy: { type: 'Recreate' } } }
  assert.equal(sizes(4, traits, replicaSet('new', 2, { available: 0 }), replicaSet('old', 2)), {})
})
