import { assert, createTestServices, suite, test } from '../testing/contract.js'
import type { DavitError } from './contract.js'
import { dependantsOf, type GraphNode, resolveGraph } from './graph.js'
import { many, one } from './token.js'

const token = (name: string) => one<unknown>(`${name}/v1`)
const bag = (name: string) => many<unknown>(`${name}/v1`)
type Sides = {
  requires?: string[]
  wants?: string[]
  provides?: string[]
  gives?: string[]
  takes?: string[]
  optional?: boolean
}
function node(id: string, sides: Sides = {}): GraphNode {
  return {
    id,
    optional: sides.optional ?? false,
    requires: [...(sides.requires ?? []).map(token), ...(sides.takes ?? []).map(bag)],
    wants: (sides.wants ?? []).map(token),
    provides: [...(sides.provides ?? []).map(token), ...(sides.gives ?? []).map(bag)],
  }
}

const cluster = [
  node('store-level', { provides: ['store'] }),
  node('api', { requires: ['store'], provides: ['api'], takes: ['admission'] }),
  node('scheduler', { requires: ['client'], provides: ['hooks'], takes: ['score'] }),
  node('client', { requires: ['api'], provides: ['client'] }),
  node('binpack', { requires: ['hooks'], gives: ['score'] }),
  node('audit', { gives: ['admission'] }),
  node('zone', { wants: ['client', 'nowhere'], gives: ['score'] }),
]

const order = suite('order')
order('follows `one` tokens, ties by id, and `many` tokens never order', () => {
  const graph = resolveGraph(cluster)
  assert.equal(graph.order, ['audit', 'store-level', 'api', 'client', 'scheduler', 'binpack', 'zone'])
})
order('is the same however the list is shuffled', () => {
  const { random } = createTestServices('shuffle')
  const first = resolveGraph(cluster)
  for (let round = 0; round < 50; round += 1) {
    const shuffled = [...cluster]
    for (let index = shuffled.length - 1; index > 0; index -= 1) {
      const other = random.integer(index + 1)
      ;[shuffled[index], shuffled[other]] = [shuffled[other] as GraphNode, shuffled[index] as GraphNode]
    }
    assert.equal(resolveGraph(shuffled), first)
  }
})
order('a host and its extension may give to each other over a `many` token', () => {
  const host = node('host', { provides: ['hooks'], takes: ['score'] })
  const extension = node('extension', { requires: ['hooks'], gives: ['score'] })
  assert.equal(resolveGraph([extension, host]).order, ['host', 'extension'])
})

const faults = suite('faults')
faults('a circle is printed as a path', () => {
  const circle = [
    node('a', { requires: ['c'], provides: ['a'] }),
    node('b', { requires: ['a'], provides: ['b'] }),
    node('c', { wants: ['b'], provides: ['c'] }),
    node('d', { requires: ['a'] }),
  ]
  const error = assert.fails(() => resolveGraph(circle), { code: 'DAVIT_PLUGIN_CYCLE' }) as DavitError
  assert.is(error.message, 'plugins require each other in a circle: a → c → b → a')
  assert.fails(() => resolveGraph([node('self', { requires: ['me'], provides: ['me'] })]), 'self → self')
})
faults('a missing provider is printed with those that need it', () => {
  const without = cluster.filter(({ id }) => id !== 'store-level')
  const error = assert.fails(() => resolveGraph(without), { code: 'DAVIT_PLUGIN_MISSING' }) as DavitError
  assert.is(
    error.message,
    '"api" requires store/v1, which no plugin provides (needed by binpack → scheduler → client → api → store/v1)',
  )
})
faults('two providers of a `one` token are both named; of a `many` token they are welcome', () => {
  const conflict = [...cluster, node('store-etcd', { provides: ['store'] })]
  const error = assert.fails(() => resolveGraph(conflict), { code: 'DAVIT_PROVIDER_CONFLICT' })
  assert.is(error.message, '"store-etcd" and "store-level" both provide store/v1')
  resolveGraph([node('a', { gives: ['score'] }), node('b', { gives: ['score'] })])
})
faults('an optional plugin without its provider is unmet, and so are optional ones behind it', () => {
  const graph = resolveGraph([
    node('a', { requires: ['gone'], provides: ['a'], optional: true }),
    node('b', { requires: ['a'], optional: true }),
    node('c', { wants: ['a'] }),
  ])
  assert.equal(
    [...graph.unmet],
    [
      ['a', 'requires gone/v1, which no plugin provides'],
      ['b', 'requires a/v1, which "a" provides, which requires gone/v1, which no plugin provides'],
    ],
  )
  assert.fails(
    () => resolveGraph([node('a', { requires: ['gone'], provides: ['a'], optional: true }), node('b', { requires: ['a'] })]),
    '"b" requires a/v1, which "a" provides, which requires gone/v1',
  )
})

test('the dependants of a plugin are all that stand on it, in order, itself first', () => {
  const graph = resolveGraph(cluster)
  assert.equal(dependantsOf(graph, 'client'), ['client', 'scheduler', 'binpack', 'zone'])
  assert.equal(dependantsOf(graph, 'audit'), ['audit'])
  assert.equal(dependantsOf(graph, 'store-level'), ['store-level', 'api', 'client', 'scheduler', 'binpack', 'zone'])
})
