import { ownerReference } from '@davit/core/controller'
import type { OwnerReference, PersistentVolumeClaim } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { claimsOf, isStale, retainedReferences } from './claims.js'
import { data, pod, statefulSet } from './testing.js'

const policies = (whenDeleted: string, whenScaled: string) =>
  statefulSet(1, { volumeClaimTemplates: [data], persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } })
const claim = (...ownerReferences: OwnerReference[]): PersistentVolumeClaim => ({
  ...data,
  metadata: { name: 'data-db-0', namespace: 'default', ...(ownerReferences.length > 0 && { ownerReferences }) },
})
const set = ownerReference(statefulSet(1))
const mine = (ordinal: number) => ownerReference(pod(ordinal))
const someone = { apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: 'other' }

const cases: readonly [string, string, string, number, OwnerReference[], OwnerReference[] | undefined][] = [
  ['kept in every case', 'Retain', 'Retain', 0, [], undefined],
  ['no longer the set’s', 'Retain', 'Retain', 0, [set], []],
  ['goes with the set', 'Delete', 'Retain', 0, [], [set]],
  ['is so already', 'Delete', 'Retain', 0, [set], undefined],
  ['goes with the set also when scaled down', 'Delete', 'Retain', 3, [], [set]],
  ['one in use is not the Pod’s', 'Retain', 'Delete', 0, [], undefined],
  ['goes with a Pod that is scaled down', 'Retain', 'Delete', 3, [], [mine(3)]],
  ['comes back from the Pod', 'Delete', 'Delete', 0, [mine(0)], [set]],
  ['the Pod’s alone when scaled down', 'Delete', 'Delete', 3, [set], [mine(3)]],
  ['references of others stay', 'Delete', 'Retain', 0, [someone], [someone, set]],
  ['one that somebody else controls is left alone', 'Delete', 'Delete', 0, [{ ...someone, controller: true }], undefined],
]
for (const [name, whenDeleted, whenScaled, ordinal, present, expected] of cases) {
  test(name, () =>
    assert.equal(retainedReferences(policies(whenDeleted, whenScaled), pod(ordinal), ordinal, claim(...present)), expected),
  )
}

test('a claim of an earlier Pod of the same name is stale', () => {
  assert.is(isStale(claim(mine(0)), 'db-0', undefined), true)
  assert.is(isStale(claim(mine(0)), 'db-0', 'db-0'), false)
  assert.is(isStale(claim(mine(0)), 'db-1', undefined), false)
  assert.is(isStale(claim(set), 'db-0', undefined), false)
})

test('a claim that is to go with the set is made so', () => {
  assert.equal(claimsOf(policies('Delete', 'Retain'), 0)[0]?.metadata.ownerReferences, [set])
  assert.is(claimsOf(policies('Retain', 'Delete'), 0)[0]?.metadata.ownerReferences, undefined)
})
