import { assert, suite } from '@davit/core/testing'
import { preferUntainted, taints, tolerated } from './taints.js'
import { node, pod, scoreOf, verdict } from './testing.js'

const db = { key: 'dedicated', value: 'db', effect: 'NoSchedule' }
const matching = suite('tolerated')
for (const [name, toleration, expected] of [
  ['the same key, value and effect', { key: 'dedicated', operator: 'Equal', value: 'db', effect: 'NoSchedule' }, true],
  ['Equal is the default', { key: 'dedicated', value: 'db', effect: 'NoSchedule' }, true],
  ['another value', { key: 'dedicated', value: 'web' }, false],
  ['no value', { key: 'dedicated' }, false],
  ['any value', { key: 'dedicated', operator: 'Exists' }, true],
  ['any effect', { key: 'dedicated', value: 'db' }, true],
  ['another effect', { key: 'dedicated', value: 'db', effect: 'NoExecute' }, false],
  ['another key', { key: 'special', operator: 'Exists' }, false],
  ['everything', { operator: 'Exists' }, true],
  ['everything of one effect', { operator: 'Exists', effect: 'NoSchedule' }, true],
  ['everything of another effect', { operator: 'Exists', effect: 'NoExecute' }, false],
  ['no key and no operator', { value: 'db' }, false],
  ['an operator that nobody knows', { key: 'dedicated', operator: 'Like', value: 'db' }, false],
] as const) {
  matching(name, () => assert.is(tolerated(db, [toleration as object]), expected))
}
matching('one that does is enough', () => {
  assert.ok(tolerated(db, [{ key: 'other', operator: 'Exists' }, { operator: 'Exists' }]))
  assert.not(tolerated(db, []))
  assert.not(tolerated(db, undefined))
  assert.ok(tolerated({ key: 'a', effect: 'NoSchedule' }, [{ key: 'a', operator: 'Equal' }]), 'no value is the empty value')
})

const filter = suite('taints')
const withTaints = (...list: object[]) => node({ spec: { taints: list as (typeof db)[] } })
filter('no taint, no question', () => assert.is(verdict(taints, pod(), node()), ''))
filter('the first that is not tolerated is told', () => {
  const where = withTaints({ key: 'ok', effect: 'NoSchedule' }, db, { key: 'later', effect: 'NoExecute' })
  const about = pod({ tolerations: [{ key: 'ok', operator: 'Exists' }] })
  assert.is(verdict(taints, about, where), 'node(s) had untolerated taint {dedicated: db} (for good)')
})
filter('NoExecute keeps it off too', () => {
  assert.is(
    verdict(taints, pod(), withTaints({ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' })),
    'node(s) had untolerated taint {node.kubernetes.io/not-ready: } (for good)',
  )
})
filter('a preference does not keep it off', () => {
  assert.is(verdict(taints, pod(), withTaints({ key: 'slow', effect: 'PreferNoSchedule' })), '')
})

const score = suite('preferUntainted')
const slow = { key: 'slow', effect: 'PreferNoSchedule' }
const old = { key: 'old', effect: 'PreferNoSchedule' }
for (const [name, about, where, expected] of [
  ['no taint', pod(), node(), 100],
  ['one', pod(), withTaints(slow), 50],
  ['two', pod(), withTaints(slow, old), 33.33],
  ['one of two tolerated', pod({ tolerations: [{ key: 'old', operator: 'Exists' }] }), withTaints(slow, old), 50],
  ['hard ones do not count', pod(), withTaints(db), 100],
] as const) {
  score(name, () => assert.is(scoreOf(preferUntainted, about, where), expected))
}
