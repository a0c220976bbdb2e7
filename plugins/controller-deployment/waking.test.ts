import { ownerReference, rolloutStrategyAnnotation } from '@davit/core/controller'
import type { Deployment, ReplicaSet } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { deployment, replicaSet } from './testing.js'
import { keysOfPod, keysOfSet } from './waking.js'

const web = deployment(1)
const other = deployment(1, { metadata: { name: 'other' }, spec: { selector: { matchLabels: { app: 'other' } } } })
const all = () => [web, other]
const set = (labels: Record<string, string>, owner?: Deployment): ReplicaSet =>
  replicaSet('set', 1, { metadata: { labels, ...(owner && { ownerReferences: [ownerReference(owner)] }) } })
const mine = set({ app: 'web' }, web)
const orphan = set({ app: 'web' })

const sets: readonly [string, ReplicaSet, ReplicaSet | undefined, boolean, string[]][] = [
  ['one that is owned', mine, undefined, false, ['default/web']],
  ['one that is gone', mine, undefined, true, ['default/web']],
  ['one that changed hands', set({ app: 'web' }, other), mine, false, ['default/other', 'default/web']],
  ['an orphan that comes wakes whom it matches', orphan, undefined, false, ['default/web']],
  ['an orphan that matches nobody', set({ app: 'x' }), undefined, false, []],
  ['an orphan whose labels change', set({ app: 'other' }), orphan, false, ['default/other']],
  ['an orphan that changes otherwise', { ...orphan }, orphan, false, []],
  ['an orphan that was just let go', set({ app: 'other' }), mine, false, ['default/web', 'default/other']],
  ['an orphan that is gone', orphan, undefined, true, []],
]
for (const [name, now, old, deleted, expected] of sets) {
  test(`ReplicaSet: ${name}`, () => assert.equal(keysOfSet(all, now, { ...(old && { old }), deleted }), expected))
}

test('a ReplicaSet of another kind of controller wakes nobody', () => {
  const foreign = { ...ownerReference(web), kind: 'Rollout' }
  const theirs = replicaSet('set', 1, { metadata: { ownerReferences: [foreign] } })
  assert.equal(keysOfSet(all, theirs, { deleted: false }), [])
})

test('a Pod wakes only who waits for its end', () => {
  const recreate = deployment(1, { spec: { strategy: { type: 'Recreate' } } })
  const custom = deployment(1, { metadata: { annotations: { [rolloutStrategyAnnotation]: 'Canary' } } })
  const keys = (target: Deployment, deleted: boolean, of: ReplicaSet | undefined = mine) =>
    keysOfPod((namespace, name) => (`${namespace}/${name}` === 'default/web' ? target : undefined), of, { deleted })
  assert.equal(keys(recreate, true), ['default/web'])
  assert.equal(keys(custom, true), ['default/web'])
  assert.equal(keys(web, true), [], 'a rolling update reads the status of its ReplicaSets')
  assert.equal(keys(recreate, false), [])
  assert.equal(
    keysOfPod(() => recreate, undefined, { deleted: true }),
    [],
  )
  assert.equal(keys(recreate, true, orphan), [])
  assert.equal(
    keysOfPod(() => undefined, mine, { deleted: true }),
    [],
    'a Deployment that is gone',
  )
})
