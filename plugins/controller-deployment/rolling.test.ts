import type { RolloutSet, RolloutStep } from '@davit/core/controller'
import { assert, createTestServices, test } from '@davit/core/testing'
import { recreate } from './recreate.js'
import { rollingUpdate } from './rolling.js'
import { type State, seen, step } from './testing.js'

const limits = (replicas: number, maxSurge: number, maxUnavailable: number) => ({ replicas, maxSurge, maxUnavailable })
const state = (given: ReturnType<typeof limits>, next: RolloutSet | undefined, ...olds: RolloutSet[]): State => ({
  ...given,
  next,
  olds,
})

const rolling: readonly [string, State, RolloutStep][] = [
  ['the first has no olds: all at once', state(limits(3, 1, 0), undefined), { next: 3 }],
  ['of nothing, an empty one is made', state(limits(0, 1, 0), undefined), { next: 0 }],
  ['beside the old as many as the surge allows', state(limits(10, 3, 2), undefined, seen('old', 10)), { next: 3 }],
  ['without a surge it is made empty', state(limits(3, 0, 1), undefined, seen('old', 3)), { next: 0 }],
  ['more surge than is missing', state(limits(2, 10, 0), undefined, seen('old', 2)), { next: 2 }],
  ['up, before anything goes down', state(limits(10, 3, 2), seen('new', 3, { available: 3 }), seen('old', 8)), { next: 5 }],
  ['too big: down to size', state(limits(3, 1, 1), seen('new', 5)), { next: 3 }],
  [
    'down by what may be unavailable',
    state(limits(10, 3, 2), seen('new', 3, { available: 0 }), seen('old', 10)),
    { olds: { old: 8 } },
  ],
  [
    'down by what became available',
    state(limits(10, 3, 2), seen('new', 3, { available: 2 }), seen('old', 10)),
    { olds: { old: 6 } },
  ],
  [
    'nothing may be unavailable and nothing is available yet',
    state(limits(3, 1, 0), seen('new', 1, { available: 0 }), seen('old', 3)),
    { olds: {} },
  ],
  ['one came, one goes', state(limits(3, 1, 0), seen('new', 1), seen('old', 3)), { olds: { old: 2 } }],
  ['done: nothing', state(limits(3, 1, 0), seen('new', 3), seen('old', 0)), { olds: {} }],
  ['the last olds go when the new ones serve', state(limits(3, 1, 0), seen('new', 3), seen('old', 1)), { olds: { old: 0 } }],
  [
    'those that do not serve go first, oldest first',
    state(
      limits(10, 3, 2),
      seen('new', 3, { available: 0 }),
      seen('older', 5, { available: 4 }),
      seen('old', 5, { available: 4 }),
    ),
    { olds: { older: 4, old: 4 } },
  ],
  [
    'then those that serve, oldest first',
    state(limits(10, 3, 2), seen('new', 5), seen('older', 4), seen('old', 4)),
    { olds: { older: 0, old: 3 } },
  ],
  [
    'a broken old one is removed without regard to availability',
    state(limits(4, 1, 1), seen('new', 1, { available: 0 }), seen('old', 4, { available: 0 })),
    { olds: { old: 3 } },
  ],
  [
    'it waits for old Pods that are yet to go before it makes more',
    state(limits(3, 1, 1), seen('new', 1), seen('old', 2, { pods: 3 })),
    { olds: { old: 1 } },
  ],
  [
    'no more availability is believed than there are Pods wanted',
    state(limits(3, 1, 1), seen('new', 2, { available: 1 }), seen('old', 2, { pods: 3, available: 3 })),
    { olds: { old: 1 } },
  ],
]
for (const [name, given, expected] of rolling) {
  test(`RollingUpdate: ${name}`, () => assert.equal(step(rollingUpdate, given), expected))
}

const recreating: readonly [string, State, RolloutStep][] = [
  ['the first is made at once', state(limits(3, 0, 0), undefined), { next: 3 }],
  [
    'all old ones go first',
    state(limits(3, 0, 0), undefined, seen('a', 2), seen('b', 1), seen('c', 0)),
    { olds: { a: 0, b: 0 } },
  ],
  ['their Pods are counted still', state(limits(3, 0, 0), undefined, seen('a', 0, { pods: 1 })), {}],
  ['their Pods are on their way out still', state(limits(3, 0, 0), undefined, seen('a', 0, { unfinished: 1 })), {}],
  ['they are gone', state(limits(3, 0, 0), undefined, seen('a', 0)), { next: 3 }],
  ['resized when it is there', state(limits(5, 0, 0), seen('new', 3), seen('a', 0)), { next: 5 }],
]
for (const [name, given, expected] of recreating) {
  test(`Recreate: ${name}`, () => assert.equal(step(recreate, given), expected))
}

/** Applies a step at once, and lets a random part of what is wanted come true. */
function play(given: ReturnType<typeof limits>, seed: number): { steps: number; worst: string | undefined; end: State } {
  const { random } = createTestServices(seed)
  let now: State = state(given, undefined, seen('old', given.replicas))
  let worst: string | undefined
  for (let steps = 0; steps < 1000; steps += 1) {
    const { next = now.next?.size, olds = {} } = step(rollingUpdate, now)
    const resize = (set: RolloutSet, size: number) => seen(set.name, size, { pods: set.pods, available: set.available })
    const grown = next === undefined ? undefined : resize(now.next ?? seen('new', 0), next)
    const shrunk = now.olds.map((set) => resize(set, olds[set.name] ?? set.size))
    const move = (set: RolloutSet) => {
      const pods = set.pods + Math.sign(set.size - set.pods) * random.integer(2)
      const available = Math.min(pods, set.available + (set.available < set.size ? random.integer(2) : 0))
      return seen(set.name, set.size, { pods, available })
    }
    now = { ...now, next: grown && move(grown), olds: shrunk.map(move) }
    const all = [...now.olds, ...(now.next ? [now.next] : [])]
    const pods = all.reduce((sum, set) => sum + set.pods, 0)
    const available = all.reduce((sum, set) => sum + set.available, 0)
    if (pods > given.replicas + given.maxSurge) worst ??= `${pods} Pods at step ${steps}`
    if (available < given.replicas - given.maxUnavailable) worst ??= `${available} available at step ${steps}`
    if (now.next?.available === given.replicas && now.olds.every((set) => set.pods === 0)) return { steps, worst, end: now }
  }
  return { steps: 1000, worst, end: now }
}

for (const given of [limits(1, 1, 0), limits(3, 0, 1), limits(10, 3, 2), limits(7, 0, 3), limits(20, 5, 0), limits(4, 4, 4)]) {
  test(`RollingUpdate comes to its end within its limits: ${JSON.stringify(given)}`, () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const { steps, worst, end } = play(given, seed)
      assert.is(worst, undefined, `seed ${seed}`)
      assert.ok(steps < 1000, `seed ${seed} does not come to an end: ${JSON.stringify(end)}`)
    }
  })
}
