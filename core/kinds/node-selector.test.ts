import { assert, test } from '../testing/contract.js'
import { matchesNodeTerm, selectsNode, tolerates } from './node-selector.js'
import type { Node, NodeSelectorTerm, PodSpec } from './types.js'

const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'one', labels: { disk: 'ssd', cores: '8' } },
  spec: {},
}
const need = (key: string, operator: string, ...values: string[]) => ({ key, operator, values })
const onNode = (name: string): NodeSelectorTerm => ({ matchFields: [need('metadata.name', 'In', name)] })
const wants = (...nodeSelectorTerms: NodeSelectorTerm[]): PodSpec => ({
  containers: [],
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
})

const terms: readonly [string, NodeSelectorTerm, boolean][] = [
  ['an empty term', {}, false],
  ['a value', { matchExpressions: [need('disk', 'In', 'hdd', 'ssd')] }, true],
  ['another value', { matchExpressions: [need('disk', 'In', 'hdd')] }, false],
  ['a missing label that is not to be', { matchExpressions: [need('gpu', 'NotIn', 'a'), need('gpu', 'DoesNotExist')] }, true],
  ['a label that is there', { matchExpressions: [need('disk', 'Exists')] }, true],
  ['a greater number', { matchExpressions: [need('cores', 'Gt', '4'), need('cores', 'Lt', '9')] }, true],
  ['what is no number', { matchExpressions: [need('disk', 'Gt', '4')] }, false],
  ['an operator that nobody knows', { matchExpressions: [need('disk', 'Like', 'ssd')] }, false],
  ['its name', onNode('one'), true],
  ['the name of another', onNode('two'), false],
  ['another field', { matchFields: [need('metadata.uid', 'In', 'one')] }, false],
  ['all parts have to hold', { ...onNode('one'), matchExpressions: [need('disk', 'In', 'hdd')] }, false],
]
for (const [name, term, expected] of terms) test(name, () => assert.is(matchesNodeTerm(term, node), expected))

test('a Pod selects by labels and by its terms, of which one is enough', () => {
  assert.ok(selectsNode({ containers: [] }, node))
  assert.ok(selectsNode({ containers: [], nodeSelector: { disk: 'ssd' } }, node))
  assert.not.ok(selectsNode({ containers: [], nodeSelector: { disk: 'hdd' } }, node))
  assert.ok(selectsNode(wants(onNode('two'), onNode('one')), node))
  assert.not.ok(selectsNode(wants(onNode('two')), node))
  assert.not.ok(selectsNode({ ...wants(onNode('one')), nodeSelector: { disk: 'hdd' } }, node))
})

test('a toleration meets a taint by key, value and effect', () => {
  const taint = { key: 'dedicated', value: 'db', effect: 'NoSchedule' }
  assert.ok(tolerates({ key: 'dedicated', operator: 'Exists' }, taint))
  assert.ok(tolerates({ operator: 'Exists' }, taint), 'no key is every key')
  assert.ok(tolerates({ key: 'dedicated', value: 'db' }, taint), 'no effect is every effect')
  assert.not.ok(tolerates({ key: 'dedicated', value: 'web' }, taint))
  assert.not.ok(tolerates({ key: 'dedicated', operator: 'Exists', effect: 'NoExecute' }, taint))
  assert.not.ok(tolerates({ value: 'db' }, taint), 'only Exists may be without a key')
  assert.not.ok(tolerates({ key: 'dedicated', operator: 'Like', value: 'db' }, taint))
})
