import type { Pod } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { replicaSetOwners, replicationControllerOwners } from './owners.js'
import { podsOnNodes } from './related.js'
import { ownedBy, pod, replicaSet, replicationController } from './testing.js'
import { keysOfPod } from './waking.js'

const web = replicaSet(1)
const other = replicaSet(1, { selector: { matchLabels: { app: 'other' } } }, { name: 'other', uid: 'other' })
const all = () => [web, other]
const mine = pod('a', { owner: 'owner' })

const table: readonly [string, Pod, Pod | undefined, boolean, string[]][] = [
  ['one that is owned', mine, undefined, false, ['default/web']],
  ['one that is gone', mine, undefined, true, ['default/web']],
  ['an orphan that comes wakes whom it matches', pod('a'), undefined, false, ['default/web']],
  ['an orphan that matches nobody', pod('a', { labels: { app: 'x' } }), undefined, false, []],
  ['an orphan whose labels change', pod('a', { labels: { app: 'other' } }), pod('a'), false, ['default/other']],
  ['an orphan that changes otherwise', pod('a', { readyFor: 3 }), pod('a'), false, []],
  ['one that was just let go', pod('a', { labels: { app: 'other' } }), mine, false, ['default/web', 'default/other']],
  ['an orphan that is gone', pod('a'), undefined, true, []],
]
for (const [name, now, old, deleted, expected] of table) {
  test(`wakes: ${name}`, () => assert.equal(keysOfPod(replicaSetOwners, all, now, { ...(old && { old }), deleted }), expected))
}

test('each kind hears of its own Pods', () => {
  const controllers = () => [replicationController(1)]
  assert.equal(keysOfPod(replicationControllerOwners, controllers, mine, { deleted: false }), [])
  const references = ownedBy('owner').map((reference) => ({ ...reference, apiVersion: 'v1', kind: 'ReplicationController' }))
  const theirs = { ...mine, metadata: { ...mine.metadata, ownerReferences: references } }
  assert.equal(keysOfPod(replicationControllerOwners, controllers, theirs, { deleted: false }), ['default/web'])
  assert.equal(keysOfPod(replicaSetOwners, all, theirs, { deleted: false }), [])
})

test('an owner that selects everything owns nothing by selection', () => {
  assert.is(replicaSetOwners.selector(replicaSet(1, { selector: {} })), undefined)
  assert.ok(replicaSetOwners.selector(web))
})

test('Pods are counted by node, those that are finished or not placed left out', () => {
  const list = [
    pod('a', { node: 'one' }),
    pod('b', { node: 'one' }),
    pod('c', { node: 'two' }),
    pod('d', { node: 'one', phase: 'Failed' }),
    pod('e', { node: 'two', deleting: true }),
    pod('f'),
  ]
  assert.equal(Object.fromEntries(podsOnNodes(list)), { one: 2, two: 1 })
})
