import type { Job, OwnerReference } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { keyOfOrphan, orphanOf } from './orphans.js'
import { job, pod } from './testing.js'
import { keysOfJob, keysOfPod } from './waking.js'

const labels = { app: 'work' }
const present: Job = job({ selector: { matchLabels: labels } }, undefined, { uid: 'here' })
const owned = (uid: string, kind = 'Job') => [{ apiVersion: 'batch/v1', kind, name: 'work', uid, controller: true }]
const known = {
  jobs: () => [present],
  podsOf: () => [pod('a'), pod('b', { tracked: false })],
  isThere: (_namespace: string, { uid }: OwnerReference) => uid === 'here',
}
const make = (traits: { labels?: Record<string, string>; ownerReferences?: OwnerReference[]; tracked?: boolean }) => {
  const made = pod('a', { tracked: traits.tracked ?? true })
  return { ...made, metadata: { ...made.metadata, ...traits } }
}
const keys = (now: ReturnType<typeof make>, event: { old?: ReturnType<typeof make>; deleted?: boolean } = {}) =>
  keysOfPod(known, now, { deleted: false, ...event })

test('a Job wakes itself, and when it is gone the Pods that are tracked for it', () => {
  assert.equal(keysOfJob(known, present, { deleted: false }), ['default/work'])
  assert.equal(keysOfJob(known, present, { deleted: true }), ['default/work', 'orphan:default/a'])
})

test('a Pod wakes its Job, also when it is gone or has just lost it', () => {
  const mine = make({ ownerReferences: owned('here') })
  assert.equal(keys(mine), ['default/work'])
  assert.equal(keys(mine, { deleted: true }), ['default/work'])
  assert.equal(keys(make({ tracked: false }), { old: mine }), ['default/work'])
  assert.equal(keys(make({ ownerReferences: owned('x', 'ReplicaSet') })), [])
})

test('a Pod whose Job is gone is an orphan, as long as it is tracked', () => {
  const lost = { ownerReferences: owned('gone') }
  assert.equal(keys(make(lost)), ['default/work', 'orphan:default/a'])
  assert.equal(keys(make({ ...lost, tracked: false })), ['default/work'])
  assert.equal(keys(make(lost), { deleted: true }), ['default/work'])
})

test('a Pod without a controller wakes the Jobs that may adopt it, once for each change of its labels', () => {
  const free = make({ labels, tracked: false })
  assert.equal(keys(free), ['default/work'])
  assert.equal(keys(free, { old: free }), [])
  assert.equal(keys(free, { old: make({ labels: { app: 'other' }, tracked: false }) }), ['default/work'])
  assert.equal(keys(free, { deleted: true }), [])
  assert.equal(keys(make({ labels: { app: 'other' }, tracked: false })), [])
})

test('keys of Pods and of Jobs are told apart', () => {
  assert.is(orphanOf(keyOfOrphan(pod('a'))), 'default/a')
  assert.is(orphanOf('default/work'), undefined)
})
