import type { PodSpec } from '@davit/core/kinds'
import { freshState, nodeInfosOf, snapshotOf } from '@davit/core/scheduler/testkit'
import { assert, suite } from '@davit/core/testing'
import { namedNodes, nodeAffinity, preferredNodes } from './affinity.js'
import { node, pod, scoreOf, verdict } from './testing.js'

const labels = { zone: 'a', disk: 'ssd', cores: '8', empty: '' }
const where = node({ labels })
const no = "node(s) didn't match Pod's node affinity/selector (for good)"
const need = (key: string, operator: string, ...values: string[]) => ({ key, operator, ...(values.length > 0 && { values }) })
const terms = (...nodeSelectorTerms: object[]) =>
  ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  }) as Partial<PodSpec>

const selector = suite('nodeSelector')
for (const [wanted, expected] of [
  [{}, ''],
  [{ zone: 'a' }, ''],
  [{ zone: 'a', disk: 'ssd' }, ''],
  [{ zone: 'b' }, no],
  [{ zone: 'a', disk: 'hdd' }, no],
  [{ missing: '' }, no],
] as const) {
  selector(JSON.stringify(wanted), () => assert.is(verdict(nodeAffinity, pod({ nodeSelector: wanted }), where), expected))
}

const operators = suite('operators')
for (const [requirement, expected] of [
  [need('zone', 'In', 'b', 'a'), ''],
  [need('zone', 'In', 'b'), no],
  [need('missing', 'In', ''), no],
  [need('zone', 'NotIn', 'b'), ''],
  [need('zone', 'NotIn', 'a'), no],
  [need('missing', 'NotIn', 'a'), ''],
  [need('empty', 'Exists'), ''],
  [need('missing', 'Exists'), no],
  [need('missing', 'DoesNotExist'), ''],
  [need('zone', 'DoesNotExist'), no],
  [need('cores', 'Gt', '7'), ''],
  [need('cores', 'Gt', '8'), no],
  [need('cores', 'Lt', '9'), ''],
  [need('cores', 'Lt', '8'), no],
  [need('cores', 'Gt', '-1'), ''],
  [need('zone', 'Gt', '1'), no],
  [need('empty', 'Lt', '1'), no],
  [need('missing', 'Gt', '1'), no],
  [need('cores', 'Gt', '7.5'), no],
  [need('zone', 'Like', 'a'), no],
] as const) {
  const { key, operator, values = [] } = requirement
  operators(`${key} ${operator} ${values}`, () =>
    assert.is(verdict(nodeAffinity, pod(terms({ matchExpressions: [requirement] })), where), expected),
  )
}

const required = suite('terms')
for (const [name, spec, expected] of [
  [
    'one of them is enough',
    terms({ matchExpressions: [need('zone', 'In', 'b')] }, { matchExpressions: [need('zone', 'Exists')] }),
    '',
  ],
  ['all parts of one must hold', terms({ matchExpressions: [need('zone', 'Exists'), need('disk', 'In', 'hdd')] }), no],
  ['an empty one matches nothing', terms({}), no],
  ['an empty one does no harm to others', terms({}, { matchExpressions: [need('zone', 'Exists')] }), ''],
  ['a field is the name', terms({ matchFields: [need('metadata.name', 'In', 'one')] }), ''],
  ['another name', terms({ matchFields: [need('metadata.name', 'NotIn', 'one')] }), no],
  ['another field', terms({ matchFields: [need('metadata.uid', 'In', 'one')] }), no],
  ['with the selector', { ...terms({ matchExpressions: [need('zone', 'Exists')] }), nodeSelector: { zone: 'b' } }, no],
] as const) {
  required(name, () => assert.is(verdict(nodeAffinity, pod(spec), where), expected))
}

const narrowing = suite('named nodes')
const snapshot = snapshotOf(nodeInfosOf([where.node]))
const byName = (...names: string[]) => ({ matchFields: [need('metadata.name', 'In', ...names)] })
for (const [name, spec, expected] of [
  ['no affinity', {}, undefined],
  ['one name', terms(byName('one')), ['one']],
  ['the names of all terms', terms(byName('one', 'two'), byName('three')), ['one', 'two', 'three']],
  ['a term without a name may match any', terms(byName('one'), { matchExpressions: [need('zone', 'Exists')] }), undefined],
  ['a name that is excluded says nothing', terms({ matchFields: [need('metadata.name', 'NotIn', 'one')] }), undefined],
] as const) {
  narrowing(name, () => {
    const verdict = namedNodes.preFilter(freshState(), pod(spec), snapshot)
    assert.equal(verdict && 'nodes' in verdict ? [...(verdict.nodes ?? [])] : undefined, expected)
  })
}

const preferred = suite('preferred')
const prefer = (...list: [number, object][]) => ({
  affinity: {
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: list.map(([weight, requirement]) => ({
        weight,
        preference: { matchExpressions: [requirement as { key: string; operator: string }] },
      })),
    },
  },
})
for (const [name, spec, expected] of [
  ['nothing', {}, 0],
  ['all', prefer([5, need('zone', 'In', 'a')]), 100],
  ['none', prefer([5, need('zone', 'In', 'b')]), 0],
  ['by weight', prefer([30, need('zone', 'In', 'a')], [10, need('disk', 'In', 'hdd')]), 75],
] as const) {
  preferred(name, () => assert.is(scoreOf(preferredNodes, pod(spec), where), expected))
}
