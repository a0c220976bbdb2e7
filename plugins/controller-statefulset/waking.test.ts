import { ownerReference } from '@davit/core/controller'
import type { Pod } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { data, labels, pod, statefulSet } from './testing.js'
import { keysOfClaim, keysOfPod } from './waking.js'

const set = statefulSet(2, { volumeClaimTemplates: [data] })
const other = statefulSet(1, {}, { name: 'db-data', uid: 'other' })
const sets = () => [set, other]
const owned = (of: Pod): Pod => ({ ...of, metadata: { ...of.metadata, ownerReferences: [ownerReference(set)] } })
const orphan = pod(1)
const renamed = { ...orphan, metadata: { ...orphan.metadata, name: 'lonely' } }
const relabelled = { ...orphan, metadata: { ...orphan.metadata, labels: { app: 'x' } } }
const foreign = { ...orphan, metadata: { ...orphan.metadata, ownerReferences: [{ ...ownerReference(set), kind: 'ReplicaSet' }] } }

const cases: readonly [string, Pod, Pod | undefined, boolean, string[]][] = [
  ['its own', owned(orphan), undefined, false, ['default/db']],
  ['its own that is gone', owned(orphan), undefined, true, ['default/db']],
  ['one that it just let go', relabelled, owned(orphan), false, ['default/db']],
  ['an orphan that it may adopt', orphan, undefined, false, ['default/db']],
  ['an orphan that has no name of the set', renamed, undefined, false, []],
  ['an orphan that does not match', relabelled, undefined, false, []],
  ['an orphan that matches now', orphan, relabelled, false, ['default/db']],
  ['an orphan whose labels stay', { ...orphan }, orphan, false, []],
  ['an orphan that is gone', orphan, undefined, true, []],
  ['one of another kind of owner', foreign, undefined, false, []],
]
for (const [name, now, old, deleted, expected] of cases) {
  test(`a Pod wakes: ${name}`, () => assert.equal(keysOfPod(sets, now, { ...(old && { old }), deleted }), expected))
}

test('a claim wakes the set that has it when it is gone, and not before', () => {
  const claim = (name: string) => ({ ...data, metadata: { name, namespace: 'default', labels } })
  assert.equal(keysOfClaim(sets, claim('data-db-1'), { deleted: true }), ['default/db'])
  assert.equal(keysOfClaim(sets, claim('data-db-1'), { deleted: false }), [])
  assert.equal(keysOfClaim(sets, claim('data-web-1'), { deleted: true }), [])
  assert.equal(keysOfClaim(sets, claim('data'), { deleted: true }), [])
})
