import type { KubeObject } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { Keys } from './keys.js'
import { awaitsDependents, blocks, matters } from './objects.js'
import { type OwnerState, verdictOf } from './verdict.js'

function owned(count: number, metadata: Partial<KubeObject['metadata']> = {}): KubeObject {
  const ownerReferences = Array.from({ length: count }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'X',
    name: `x${index}`,
    uid: `u${index}`,
  }))
  return { apiVersion: 'v1', kind: 'Y', metadata: { name: 'y', namespace: 'n', uid: 'y', ownerReferences, ...metadata } }
}
const says = (states: OwnerState[], dependents: 'none' | 'some' | 'waiting' = 'none', metadata = {}): string => {
  const verdict = verdictOf(owned(states.length, metadata), states, dependents)
  if (verdict.action === 'keep') return 'keep'
  if (verdict.action === 'strip') return `strip to ${verdict.references.map(({ uid }) => uid).join()}`
  return `delete ${verdict.policy}${verdict.unblock ? ' unblocked' : ''}`
}

test('what becomes of an object', () => {
  assert.is(says([]), 'keep')
  assert.is(says(['present']), 'keep')
  assert.is(says(['present', 'present']), 'keep')
  assert.is(says(['absent', 'present']), 'strip to u1')
  assert.is(says(['present', 'waiting', 'absent']), 'strip to u0')
  assert.is(says(['absent']), 'delete Background')
  assert.is(says(['absent', 'absent'], 'some'), 'delete Background')
  assert.is(says(['waiting']), 'delete Background')
  assert.is(says(['waiting'], 'some'), 'delete Foreground')
  assert.is(says(['waiting', 'absent'], 'waiting'), 'delete Foreground unblocked')
  assert.is(says(['absent'], 'none', { finalizers: ['orphan'] }), 'delete Orphan')
  assert.is(says(['absent'], 'none', { finalizers: ['foregroundDeletion'] }), 'delete Foreground')
})

test('which changes matter', () => {
  const going = { deletionTimestamp: '2024-01-01T00:00:00Z' }
  assert.not.ok(matters(owned(1), owned(1)))
  assert.not.ok(matters(owned(1, { labels: { a: 'b' }, finalizers: ['x'] }), owned(1)))
  assert.ok(matters(owned(1, going), owned(1)))
  assert.ok(matters(owned(1, { ...going, finalizers: ['orphan'] }), owned(1, going)))
  assert.not.ok(matters(owned(1, going), owned(1, going)))
  assert.ok(matters(owned(2), owned(1)))
  assert.ok(matters(owned(0), owned(1)))
  const [reference] = owned(1).metadata.ownerReferences ?? []
  assert.ok(reference && matters(owned(1, { ownerReferences: [{ ...reference, blockOwnerDeletion: true }] }), owned(1)))
})

test('who waits and who blocks', () => {
  const finalizers = ['foregroundDeletion']
  assert.ok(awaitsDependents(owned(0, { finalizers, deletionTimestamp: 'now' })))
  assert.not.ok(awaitsDependents(owned(0, { finalizers })))
  assert.not.ok(awaitsDependents(owned(0, { deletionTimestamp: 'now' })))
  assert.not.ok(blocks(owned(1), 'u0'))
  const [reference] = owned(1).metadata.ownerReferences ?? []
  assert.ok(reference && blocks(owned(0, { ownerReferences: [{ ...reference, blockOwnerDeletion: true }] }), 'u0'))
})

test('keys come back as what they were made from', () => {
  const keys = new Keys()
  const ref = { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespaced: true }
  const key = keys.of(ref, owned(0))
  assert.equal(keys.parse(key), { ref, namespace: 'n', name: 'y', uid: 'y' })
  const core = { group: '', version: 'v1', resource: 'nodes', kind: 'Node', namespaced: false }
  const { namespace: _none, ...metadata } = owned(0).metadata
  assert.equal(keys.parse(keys.of(core, { ...owned(0), metadata })), { ref: core, namespace: '', name: 'y', uid: 'y' })
  assert.is(keys.parse('no/such/resource/n/y/y'), undefined)
})
