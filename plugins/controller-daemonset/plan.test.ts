import type { DaemonSetSpec, Node, Pod } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { type Plan, planDaemonSet } from './plan.js'
import { daemonSet, node, now, pod, rolling, template } from './testing.js'

const old = { hash: 'old' }
const idle = { hash: 'old', ready: false }
const fresh = { name: 'fresh', age: 10 }
const abcd = ['a', 'b', 'c', 'd'].map((name) => node(name))
const noSchedule = { key: 'dedicated', value: 'db', effect: 'NoSchedule' }
const noExecute = { key: 'broken', effect: 'NoExecute' }

function told({ create, remove }: Plan): string[] {
  return [...create.map((name) => `create ${name}`), ...remove.map(({ pod: { metadata }, why }) => `${metadata.name} ${why}`)]
}
function plan(nodes: readonly Node[], pods: readonly Pod[], spec: Partial<DaemonSetSpec> = rolling(1)): string[] {
  return told(planDaemonSet({ set: daemonSet(spec), nodes, pods, hash: 'new', now }))
}

const cases: readonly [string, string[], string[]][] = [
  ['each node gets one', plan(abcd, [pod('b')]), ['create a', 'create c', 'create d']],
  ['one that waits for the scheduler counts', plan([node('a')], [pod('a', { bound: false, phase: 'Pending' })]), []],
  ['a tainted node gets none', plan([node('a', [noSchedule])], []), []],
  ['and keeps what it has', plan([node('a', [noSchedule])], [pod('a')]), []],
  ['NoExecute removes it', plan([node('a', [noExecute])], [pod('a')]), ['agent-a not meant for its node']],
  ['a preference does not matter', plan([node('a', [{ key: 'x', effect: 'PreferNoSchedule' }])], []), ['create a']],
  [
    'troubles of the node are tolerated',
    plan([node('a', [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }])], []),
    ['create a'],
  ],
  [
    'a node that is chosen no more loses its Pod',
    plan([node('a'), node('b', [], { disk: 'ssd' })], [pod('a')], {
      template: template('agent:1', { nodeSelector: { disk: 'ssd' } }),
    }),
    ['create b', 'agent-a not meant for its node'],
  ],
  ['a node by name', plan(abcd, [], { template: template('agent:1', { nodeName: 'c' }) }), ['create c']],
  ['what is on its way out has to be gone first', plan([node('a')], [pod('a', { going: true })]), []],
  ['unless it has finished', plan([node('a')], [pod('a', { going: true, phase: 'Failed' })]), ['create a']],
  ['what failed is removed', plan([node('a')], [pod('a', { phase: 'Failed' })]), ['agent-a failed']],
  ['what succeeded too', plan([node('a')], [pod('a', { phase: 'Succeeded' })]), ['agent-a succeeded']],
  ['of two the older stays', plan([node('a')], [pod('a', fresh), pod('a')]), ['fresh surplus']],
  [
    'one that waits for a node that is gone is removed',
    plan([], [pod('x', { bound: false })]),
    ['agent-x not meant for its node'],
  ],
  ['one that was on it goes with it', plan([], [pod('x')]), []],
  ['one old Pod at a time', plan(abcd.slice(0, 3), [pod('a', old), pod('b', old), pod('c', old)]), ['agent-a outdated']],
  ['none while another does not serve', plan(abcd.slice(0, 2), [pod('a', old), pod('b', { ready: false })]), []],
  ['none while one is missing', plan(abcd.slice(0, 2), [pod('a', old), pod('b', { going: true })]), []],
  [
    'one that does not serve goes at once',
    plan(abcd.slice(0, 2), [pod('a', idle), pod('b', { ready: false })]),
    ['agent-a outdated'],
  ],
  ['and uses the limit up', plan(abcd.slice(0, 2), [pod('a', old), pod('b', idle)]), ['agent-b outdated']],
  [
    'percents are of the nodes, rounded up',
    plan(abcd.slice(0, 3), [pod('a', old), pod('b', old), pod('c', old)], rolling('34%')),
    ['agent-a outdated', 'agent-b outdated'],
  ],
  [
    'no time to be available yet',
    plan(abcd.slice(0, 2), [pod('a', old), pod('b', { age: 5 })], { ...rolling(1), minReadySeconds: 10 }),
    [],
  ],
  ['OnDelete removes none', plan([node('a')], [pod('a', old)], { updateStrategy: { type: 'OnDelete' } }), []],
  ['a surge makes one beside the old', plan(abcd.slice(0, 2), [pod('a', old), pod('b', old)], rolling(0, 1)), ['create a']],
  [
    'no more than the surge',
    plan(abcd.slice(0, 2), [pod('a', old), pod('a', { ...fresh, ready: false }), pod('b', old)], rolling(0, 1)),
    [],
  ],
  [
    'the old one goes when the new one serves',
    plan([node('a')], [pod('a', old), pod('a', fresh)], rolling(0, 1)),
    ['agent-a outdated'],
  ],
  [
    'or when it does not serve itself',
    plan([node('a')], [pod('a', idle), pod('a', { ...fresh, ready: false })], rolling(0, 1)),
    ['agent-a outdated'],
  ],
  [
    'one that does not serve is no reason to wait',
    plan(abcd.slice(0, 2), [pod('a', idle), pod('b', old)], rolling(0, '50%')),
    ['create a', 'create b'],
  ],
  [
    'with a surge one of each template stays',
    plan([node('a')], [pod('a', old), pod('a', { ...old, ...fresh })], rolling(0, 1)),
    ['create a', 'fresh surplus'],
  ],
  ['nothing is to be done', plan(abcd.slice(0, 2), [pod('a'), pod('b')]), []],
]
for (const [name, actual, expected] of cases) test(name, () => assert.equal(actual, expected))
