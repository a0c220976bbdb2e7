import { assert, suite } from '../testing/contract.js'
import type { FilterPolicy, PermitPolicy, PostFilterPolicy, QueueSortPolicy, ReservePolicy, ScorePolicy } from './contract.js'
import { nodeInfos, podInfos } from './testkit/corpus.js'
import { filterCases, postFilterCases } from './testkit/filters.js'
import { namesAreTheirOwn } from './testkit/kit.js'
import { scoreCases } from './testkit/scores.js'
import { sortCases } from './testkit/sorts.js'
import { permitCases, reserveCases } from './testkit/undo.js'

/** True when a case of the kit finds fault with the policy. */
async function caught<T>(cases: Readonly<Record<string, (policy: T) => void | Promise<void>>>, policy: T): Promise<boolean> {
  for (const run of Object.values(cases)) {
    try {
      await run(policy)
    } catch {
      return true
    }
  }
  return false
}

let count = 0
const filters: Record<string, FilterPolicy['filter']> = {
  'an empty reason': () => ({ reason: '' }),
  'a reason that names the node': (_state, _pod, { name }) => ({ reason: `${name} will not do` }),
  'a reason that names the Pod': (_state, { key }) => ({ reason: `no room for ${key}` }),
  'another answer each time': () => ({ reason: `reason ${count++}` }),
  'an answer by identity': (_state, pod) => (pod === podInfos()[0] ? { reason: 'not this one' } : undefined),
  'a change of the node': (_state, pod, node) => void (node.pods as (typeof pod)[]).push(pod),
  'a change of a set': (_state, _pod, node) => void (node.hostPorts as Set<string>).add('x'),
  'an exception': () => {
    throw new Error('oops')
  },
}
const filter = suite('a filter is caught with')
for (const [name, run] of Object.entries(filters)) {
  filter(name, async () => assert.ok(await caught(filterCases, { name: 'bad', filter: run })))
}
filter('nothing where it is good', async () => {
  const good: FilterPolicy = { name: 'good', filter: (_s, _p, node) => (node.pods.length > 0 ? { reason: 'taken' } : undefined) }
  assert.not(await caught(filterCases, good))
})

const scores: Record<string, Partial<ScorePolicy>> = {
  'a score over 100': { score: () => 101 },
  'a score that is no number': { score: () => Number.NaN },
  'another score each time': { score: () => count++ % 100 },
  'a score by the order of nodes': {
    preScore: () => {
      count = 0
    },
    score: () => count++ % 100,
  },
  'a weight of nothing': { weight: 0, score: () => 1 },
}
const score = suite('a score is caught with')
for (const [name, part] of Object.entries(scores)) {
  score(name, async () => assert.ok(await caught(scoreCases, { name: 'bad', score: () => 0, ...part })))
}

const others = suite('others are caught')
others('a sort that puts all before all', async () => {
  const bad: QueueSortPolicy = { name: 'bad', less: () => true }
  assert.ok(await caught(sortCases, bad))
})
others('a sort that runs in a circle', async () => {
  const rank = new Map(podInfos().map((info, index) => [info.key, index % 3]))
  const of = (key: string) => rank.get(key) ?? 0
  const bad: QueueSortPolicy = { name: 'bad', less: (a, b) => (of(a.info.key) + 1) % 3 === of(b.info.key) }
  assert.ok(await caught(sortCases, bad))
})
others('a plan for Pods that are not there', async () => {
  const bad: PostFilterPolicy = { name: 'bad', postFilter: (_s, pod) => ({ node: nodeInfos()[0]?.name ?? '', victims: [pod] }) }
  assert.ok(await caught(postFilterCases, bad))
})
others('a reservation that stays', async () => {
  const taken = new Set<string>()
  const bad: ReservePolicy = {
    name: 'bad',
    reserve(_state, { key }, node) {
      if (taken.has(key + node)) return { reason: 'taken' }
      taken.add(key + node)
      return undefined
    },
    unreserve: () => undefined,
  }
  assert.fails(() => reserveCases['answers the same after it was undone']?.(bad), 'something stayed reserved')
})
others('a permit that is over when it likes', async () => {
  const good: PermitPolicy = {
    name: 'good',
    permit: (_s, _p, _n, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined))),
  }
  assert.not(await caught(permitCases, good))
  const bad: PermitPolicy = { ...good, permit: async () => ({ reason: '' }) }
  assert.ok(await caught(permitCases, bad))
})
others('two of the same name', () => {
  assert.fails(() => namesAreTheirOwn([{ name: 'a' }, { name: 'a' }]))
  assert.fails(() => namesAreTheirOwn([{ name: '' }]))
  namesAreTheirOwn([{ name: 'a' }, { name: 'b' }])
})
