import type { IntOrString } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { limitsOf } from './limits.js'
import { deployment } from './testing.js'

/** [maxSurge, maxUnavailable, replicas] → [surge, unavailable] */
const table: readonly [IntOrString, IntOrString, number, number, number][] = [
  ['25%', '25%', 1, 1, 0],
  ['25%', '25%', 2, 1, 0],
  ['25%', '25%', 3, 1, 0],
  ['25%', '25%', 4, 1, 1],
  ['25%', '25%', 5, 2, 1],
  ['25%', '25%', 10, 3, 2],
  ['25%', '25%', 100, 25, 25],
  ['0%', '0%', 10, 0, 1],
  [0, '1%', 10, 0, 1],
  [0, '10%', 5, 0, 1],
  [1, 0, 3, 1, 0],
  [0, 1, 3, 0, 1],
  [3, 2, 10, 3, 2],
  ['100%', '100%', 7, 7, 7],
  ['200%', 0, 3, 6, 0],
  ['29%', 0, 100, 29, 0],
  ['7%', '58%', 100, 7, 58],
  [2, 9, 3, 2, 3],
  ['25%', '25%', 0, 0, 0],
  [5, 5, 0, 5, 0],
]
for (const [surge, unavailable, replicas, maxSurge, maxUnavailable] of table) {
  test(`surge ${surge}, unavailable ${unavailable} of ${replicas}`, () => {
    assert.equal(limitsOf(deployment(replicas, { surge, unavailable })), { replicas, maxSurge, maxUnavailable })
  })
}

test('other strategies have no limits', () => {
  assert.equal(limitsOf(deployment(5, { spec: { strategy: { type: 'Recreate' } } })), {
    replicas: 5,
    maxSurge: 0,
    maxUnavailable: 0,
  })
})
