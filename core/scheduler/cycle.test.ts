import { createSeededRandom } from '../kernel/random.js'
import { assert, suite } from '../testing/contract.js'
import { SchedulerCache } from './cache.js'
import type { FilterPolicy, Rejection, ScorePolicy } from './contract.js'
import { stateKey } from './contract.js'
import { bestTwo, type CycleOptions, enoughNodes, type Policies, runCycle } from './cycle.js'
import { unschedulableMessage } from './report.js'
import { MapCycleState } from './state.js'
import { info, node } from './testing.js'

const web = info('web')
const reject = (name: string, reason: string, ...nodes: string[]): FilterPolicy => ({
  name,
  filter: (_state, _pod, where) => (nodes.includes(where.name) ? { reason } : undefined),
})
const scoring = (name: string, scores: Readonly<Record<string, number>>, weight?: number): ScorePolicy => ({
  name,
  ...(weight !== undefined && { weight }),
  score: (_state, _pod, where) => scores[where.name] ?? 0,
})

function run(names: readonly string[], policies: Partial<Policies>, options: Partial<CycleOptions> = {}) {
  const cache = new SchedulerCache()
  for (const name of names) cache.setNode(node(name))
  const all = { preFilters: [], filters: [], scores: [], ...policies }
  const defaults = { random: createSeededRandom(1), start: 0, enough: names.length, outOfRange: () => undefined }
  return runCycle(new MapCycleState(), web, cache.snapshot(), all, { ...defaults, ...options })
}

const search = suite('search')
search('a node is asked of the filters until the first rejection', () => {
  const asked: string[] = []
  const filter = (name: string, rejects: string): FilterPolicy => ({
    name,
    filter(_state, _pod, where) {
      asked.push(`${name} ${where.name}`)
      return where.name === rejects ? { reason: name } : undefined
    },
  })
  const outcome = run(['a', 'b'], { filters: [filter('one', 'a'), filter('two', 'none')] })
  assert.equal(asked, ['one a', 'one b', 'two b'])
  assert.is(outcome.node?.name, 'b')
})
search('stops when it has enough, and the next goes on from there', () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const looked: string[] = []
  const looking: FilterPolicy = {
    name: 'looking',
    filter(_state, _pod, where) {
      looked.push(where.name)
      return where.name === 'b' ? { reason: 'b' } : undefined
    },
  }
  const first = run(names, { filters: [looking] }, { enough: 2 })
  assert.equal(looked, ['a', 'b', 'c'])
  assert.is(first.nextStart, 3)
  looked.length = 0
  assert.is(run(names, { filters: [looking] }, { enough: 2, start: 3 }).nextStart, 0)
  assert.equal(looked, ['d', 'e'])
  looked.length = 0
  assert.is(run(names, { filters: [looking] }, { enough: 3, start: 4 }).nextStart, 3)
  assert.equal(looked, ['e', 'a', 'b', 'c'])
})
search('of a large cluster a share is enough', () => {
  assert.equal(
    [0, 50, 100, 101, 1000, 5000, 20_000].map((count) => enoughNodes(count, 0)),
    [0, 50, 100, 100, 420, 500, 1000],
  )
  assert.equal([enoughNodes(1000, 5), enoughNodes(1000, 30), enoughNodes(1000, 100)], [100, 300, 1000])
})
search('without nodes there is none', () => {
  const outcome = run([], {})
  assert.is(outcome.node, undefined)
  assert.is(outcome.nextStart, 0)
})

const pre = suite('pre-filter')
pre('narrows the search to what all of them leave', () => {
  const only = (name: string, ...nodes: string[]) => ({ name, preFilter: () => ({ nodes: new Set(nodes) }) })
  const silent = { name: 'silent', preFilter: () => undefined }
  const outcome = run(['a', 'b', 'c'], { preFilters: [only('x', 'a', 'b'), silent, only('y', 'c', 'b')] })
  assert.is(outcome.node?.name, 'b')
  const none = run(['a', 'b', 'c'], { preFilters: [only('x', 'a'), only('y', 'c')] })
  assert.is(none.node, undefined)
  if (none.node) return
  assert.is(unschedulableMessage(3, none), "0/3 nodes are available: 3 node(s) didn't satisfy plugin(s) [x y].")
  assert.is(run(['a'], { preFilters: [only('x', 'gone')] }).node, undefined, 'a name that is no node')
})
pre('a rejection ends the cycle before any filter', () => {
  const outcome = run(['a', 'b'], {
    preFilters: [{ name: 'x', preFilter: () => ({ rejection: { reason: 'it asks for the moon' } }) }],
    filters: [{ name: 'never', filter: () => assert.unreachable('a filter was asked') as undefined }],
  })
  if (outcome.node) assert.unreachable('it found a node')
  else assert.is(unschedulableMessage(2, outcome), '0/2 nodes are available: it asks for the moon.')
})

const score = suite('score')
score('the highest sum of weighted scores wins', () => {
  const scores = [scoring('one', { a: 50, b: 20 }), scoring('two', { b: 20, c: 5 }, 3)]
  const outcome = run(['a', 'b', 'c'], { scores })
  assert.is(outcome.node?.name, 'b')
  assert.equal(outcome.node && outcome.choice, { feasible: 3, score: 80, runnerUp: { node: 'a', score: 50 } })
})
score('one node needs no score', () => {
  const never: ScorePolicy = { name: 'never', score: () => assert.unreachable('it was asked') as unknown as number }
  const outcome = run(['a', 'b'], { filters: [reject('x', 'no', 'a')], scores: [never] })
  assert.equal(outcome.node && outcome.choice, { feasible: 1, score: 0 })
})
score('equals are chosen with the same chance, and the same for the same seed', () => {
  const choices = (seed: number) => {
    const random = createSeededRandom(seed)
    return Array.from({ length: 3000 }, () => run(['a', 'b', 'c'], {}, { random }).node?.name)
  }
  const chosen = choices(7)
  assert.equal(choices(7), chosen)
  for (const name of ['a', 'b', 'c']) {
    const times = chosen.filter((one) => one === name).length
    assert.ok(Math.abs(times - 1000) < 120, `${name} was chosen ${times} times of 3000`)
  }
})
score('the best of the others is told right', () => {
  const random = createSeededRandom(1)
  assert.equal(bestTwo(Float64Array.of(1, 2, 3), random), { best: 2, second: 1 })
  assert.equal(bestTwo(Float64Array.of(3, 1, 2), random), { best: 0, second: 2 })
  assert.equal(bestTwo(Float64Array.of(2, 3, 1), random), { best: 1, second: 0 })
})
score('what is out of range is clamped and told', () => {
  const told: unknown[] = []
  const outOfRange = (policy: string, value: number) => told.push([policy, value])
  const scores = [
    scoring('wild', { a: 900, b: -5, c: Number.NaN }),
    scoring('tame', { b: 100, c: 100 }),
    scoring('tie', { c: 1 }),
  ]
  const outcome = run(['a', 'b', 'c'], { scores }, { outOfRange })
  assert.equal(told, [
    ['wild', 900],
    ['wild', -5],
    ['wild', Number.NaN],
  ])
  assert.is(outcome.node?.name, 'c')
})
score('preScore comes once, before the first score, with those that passed', () => {
  const key = stateKey<string[]>('passed')
  const policy: ScorePolicy = {
    name: 'prepared',
    preScore: (state, _pod, nodes) =>
      state.set(
        key,
        nodes.map(({ name }) => name),
      ),
    score: (state, _pod, where) => (state.get(key)?.indexOf(where.name) === 1 ? 100 : 0),
  }
  assert.is(run(['a', 'b', 'c'], { filters: [reject('x', 'no', 'a')], scores: [policy] }).node?.name, 'c')
})

const bugs = suite('a policy that throws')
const boom = (): never => {
  throw new Error('boom')
}
const broken: Record<string, Partial<Policies>> = {
  preFilter: { preFilters: [{ name: 'bad', preFilter: boom }] },
  filter: { filters: [reject('good', 'no'), { name: 'bad', filter: boom }] },
  preScore: { scores: [{ name: 'bad', preScore: boom, score: () => 0 }] },
  score: { scores: [{ name: 'bad', score: boom }] },
}
for (const [where, policies] of Object.entries(broken)) {
  bugs(`is named: ${where}`, () => {
    const error = assert.fails(() => run(['a', 'b'], policies), { code: 'DAVIT_POLICY_FAILED' })
    assert.match(error.message, '"bad" threw: boom')
  })
}

const report = suite('report')
const rejections = (...reasons: string[]) =>
  new Map(reasons.map((reason, index): [string, Rejection] => [String(index), { reason }]))
report('counts nodes by reason', () => {
  const found = rejections('Insufficient cpu', 'node(s) were unschedulable', 'Insufficient cpu', 'Insufficient memory')
  assert.is(
    unschedulableMessage(4, { rejections: found, narrowedBy: [] }),
    '0/4 nodes are available: 1 Insufficient memory, 1 node(s) were unschedulable, 2 Insufficient cpu.',
  )
})
report('tells nodes that were never asked from those that refused', () => {
  assert.is(
    unschedulableMessage(5, { rejections: rejections('Too many pods'), narrowedBy: ['node-affinity'] }),
    "0/5 nodes are available: 1 Too many pods, 4 node(s) didn't satisfy plugin(s) [node-affinity].",
  )
})
report('has its own words for a cluster without nodes', () => {
  assert.is(unschedulableMessage(0, { rejections: rejections(), narrowedBy: [] }), 'no nodes available to schedule pods')
})
