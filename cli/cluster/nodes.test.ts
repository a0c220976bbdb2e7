import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { matches, type NodeFlags, planNodes } from './nodes.js'
import type { ClusterConfig } from './schema.js'

const builtins = new Set(['cri-docker', 'cri-hollow', 'proxy-iptables'])
const none: NodeFlags = { 'no-node': false }
const plan = (flags: Partial<NodeFlags>, config: Partial<ClusterConfig> = {}) =>
  planNodes({ ...none, ...flags }, { apiVersion: 'davit.dev/v1', kind: 'ClusterConfig', ...config }, 'machine', builtins)
const bridge = { networks: ['network-bridge'], networkChosen: false }
const agent = (nodes: unknown) => ({ plugins: [{ id: 'node-agent', config: { nodes } }] })

test('one node with the name of the machine, with the best that is built in', () => {
  assert.equal(plan({}), [
    { name: 'machine', runtimes: ['cri-docker'], proxies: ['proxy-iptables'], proxyChosen: false, ...bridge },
  ])
})
test('so many as wanted, or none; the first has the name of the only one', () => {
  assert.equal(
    plan({ nodes: 2 }).map((node) => node.name),
    ['machine', 'machine-2'],
  )
  assert.equal(plan({ nodes: 2, 'no-node': true }), [])
})
test('the first rule that matches decides, and a flag over all rules', () => {
  const nodes = [
    { match: { name: '*e' }, runtime: { id: 'cri-hollow' }, proxy: { id: 'none' } },
    { match: { name: 'machine-*' }, proxy: { id: 'proxy-ipvs' } },
    { runtime: { id: 'never' } },
  ]
  const [first, second] = plan({ nodes: 2 }, { nodes })
  assert.equal(first, {
    name: 'machine',
    runtimes: ['cri-hollow'],
    proxies: [],
    proxyChosen: true,
    networks: [],
    networkChosen: false,
  })
  assert.equal(second, { name: 'machine-2', runtimes: ['cri-docker'], proxies: ['proxy-ipvs'], proxyChosen: true, ...bridge })
  const [flagged] = plan({ nodes: 2, runtime: 'docker', proxy: 'iptables' }, { nodes })
  assert.equal(flagged, { name: 'machine', runtimes: ['cri-docker'], proxies: ['proxy-iptables'], proxyChosen: true, ...bridge })
})
test('a rule picks the network of a node; simulated Pods need none', () => {
  const networkOf = (id: string, runtime = 'cri-docker') => {
    const [node] = plan({}, { nodes: [{ runtime: { id: runtime }, network: { id } }] })
    return [node?.networkChosen, ...(node?.networks ?? [])]
  }
  assert.equal(networkOf('auto'), [false, 'network-bridge'])
  assert.equal(networkOf('none'), [true])
  assert.equal(networkOf('./mine.ts'), [true, './mine.ts'])
  assert.equal(networkOf('auto', 'cri-hollow'), [false])
})
test('hollow nodes have no proxy unless one is asked for', () => {
  assert.equal(plan({ runtime: 'hollow' })[0]?.proxies, [])
  assert.equal(plan({ runtime: 'hollow', proxy: 'auto' })[0]?.proxies, ['proxy-iptables'])
})
test("the file's own nodes count where no flag says how many", () => {
  const config = agent([
    { name: 'a', runtime: 'cri-hollow' },
    { name: 'b', runtime: ['cri-docker', 'cri-hollow'] },
    { name: 'c' },
  ])
  assert.equal(
    plan({}, config).map(({ name, runtimes }) => [name, ...runtimes]),
    [
      ['a', 'cri-hollow'],
      ['b', 'cri-docker', 'cri-hollow'],
      ['c', 'cri-docker'],
    ],
  )
  assert.equal(
    plan({ nodes: 1 }, config).map((node) => node.name),
    ['machine'],
  )
  assert.equal(plan({ 'no-node': true }, config), [])
  assert.equal(plan({ runtime: 'hollow' }, config)[1]?.runtimes, ['cri-hollow'])
  assert.equal(plan({}, agent([])), [])
})
test('what is no list of nodes is left for the schema to refuse', () => {
  assert.is(plan({}, agent('two')).length, 1)
  assert.equal(plan({}, agent([null, 3, { name: 4 }])), [])
})

const patterns: readonly (readonly [string, string, boolean])[] = [
  ['*', 'anything', true],
  ['edge-*', 'edge-1', true],
  ['edge-*', 'my-edge-1', false],
  ['node-?', 'node-1', true],
  ['node-?', 'node-10', false],
  ['a.b', 'axb', false],
  ['a.b', 'a.b', true],
  ['[x]', 'x', false],
  ['one', 'one-more', false],
]
for (const [pattern, name, expected] of patterns) {
  test(`${pattern} ${expected ? 'matches' : 'does not match'} ${name}`, () => assert.is(matches(pattern, name), expected))
}

test('where a node keeps its files is said from anywhere, for whoever clears up after it', () => {
  const config = agent([
    { name: 'a', directory: '/srv/a' },
    { name: 'b', directory: 'here' },
    { name: 'c' },
    { name: 'd', directory: 3 },
  ])
  assert.equal(
    plan({}, config).map(({ directory }) => directory),
    ['/srv/a', path.resolve('here'), undefined, undefined],
  )
})
