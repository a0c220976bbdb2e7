import { assert, test } from '@davit/core/testing'
import { revisionAnnotation, revisionHistoryAnnotation } from './annotations.js'
import { forgettable, nextRevision, revisionAnnotations, revisionOf } from './history.js'
import { deployment, replicaSet } from './testing.js'

test('a revision is a 64-bit number, exact', () => {
  assert.is(revisionOf(replicaSet('a', 1, { revision: '3500000000000000001' })), 3500000000000000001n)
  for (const revision of ['', 'x', '-1', '1.5', '99999999999999999999']) {
    assert.is(revisionOf(replicaSet('a', 1, { revision })), 0n, revision)
  }
  assert.is(revisionOf(replicaSet('a', 1)), 0n)
})

test('the next revision is one above the highest of the others', () => {
  assert.is(nextRevision([]), 1n)
  const sets = ['4', '3500000000000000001', '7'].map((revision) => replicaSet(revision, 0, { revision }))
  assert.is(nextRevision(sets), 3500000000000000002n)
})

test('a ReplicaSet keeps a revision that is high enough', () => {
  assert.equal(revisionAnnotations(replicaSet('a', 1, { revision: '5' }), 5n), {})
  assert.equal(revisionAnnotations(replicaSet('a', 1, { revision: '6' }), 5n), {})
  assert.equal(revisionAnnotations(replicaSet('a', 1), 5n), { [revisionAnnotation]: '5' })
})

test('the revision of one that is rolled back to goes into its history', () => {
  const set = replicaSet('a', 0, { revision: '2' })
  assert.equal(revisionAnnotations(set, 5n), { [revisionAnnotation]: '5', [revisionHistoryAnnotation]: '2' })
  const again = { [revisionAnnotation]: '5', [revisionHistoryAnnotation]: '2' }
  const later = replicaSet('a', 0, { metadata: { annotations: again } })
  assert.equal(revisionAnnotations(later, 9n), { [revisionAnnotation]: '9', [revisionHistoryAnnotation]: '2,5' })
})

test('a history that becomes too long loses its oldest', () => {
  const long = Array.from({ length: 500 }, (_, index) => String(1000 + index)).join(',')
  const annotations = { [revisionAnnotation]: '2000', [revisionHistoryAnnotation]: long }
  const history = revisionAnnotations(replicaSet('a', 0, { metadata: { annotations } }), 3000n)[revisionHistoryAnnotation] ?? ''
  assert.ok(history.length <= 2000)
  assert.ok(history.endsWith(',1499,2000'))
  assert.not.ok(history.startsWith('1000,'))
})

const olds = ['3', '10', '9', '1'].map((revision) => replicaSet(`r${revision}`, 0, { revision }))
const names = (limit: number | undefined, sets = olds) =>
  forgettable(deployment(1, { spec: { revisionHistoryLimit: limit } }), sets).map(({ metadata }) => metadata.name)

test('beyond the limit the lowest revisions are forgotten', () => {
  assert.equal(names(2), ['r1', 'r3'])
  assert.equal(names(4), [])
  assert.equal(names(0), ['r1', 'r3', 'r9', 'r10'])
  assert.equal(names(undefined), [])
  assert.equal(names(2 ** 31 - 1), [])
})

test('only empty ones are forgotten, and others do not take their place', () => {
  const used = replicaSet('used', 1, { revision: '0' })
  const draining = replicaSet('draining', 0, { revision: '0', pods: 1 })
  const unseen = replicaSet('unseen', 0, { revision: '0', metadata: { generation: 2 } })
  for (const busy of [used, draining, unseen]) assert.equal(names(4, [...olds, busy]), [], busy.metadata.name)
  const going = replicaSet('going', 0, { revision: '0', metadata: { deletionTimestamp: '2024-01-01T00:00:00Z' } })
  assert.equal(names(4, [...olds, going]), [], 'one on its way out does not count')
})
