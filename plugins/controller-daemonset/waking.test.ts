import { ownerReference } from '@davit/core/controller'
import { assert, createVirtualClock, test } from '@davit/core/testing'
import { FailedPodBackoff } from './backoff.js'
import { daemonSet, node, pod, template } from './testing.js'
import { keysOfNode, keysOfPod } from './waking.js'

const set = daemonSet()
const ssd = daemonSet({ template: template('x', { nodeSelector: { disk: 'ssd' } }) }, { name: 'ssd', uid: 'ssd' })
const sets = () => [set, ssd]
const taint = { key: 'x', effect: 'NoSchedule' }

test('a node wakes all when it comes or goes', () => {
  assert.equal(keysOfNode(sets, node('a'), { deleted: false }), ['default/agent', 'default/ssd'])
  assert.equal(keysOfNode(sets, node('a'), { old: node('a'), deleted: true }), ['default/agent', 'default/ssd'])
})

test('a node that changes wakes those for which it is another node now', () => {
  const keys = (now = node('a'), old = node('a')) => keysOfNode(sets, now, { old, deleted: false })
  assert.equal(keys(), [])
  assert.equal(keys({ ...node('a'), status: { phase: 'Running' } }), [], 'its report of itself wakes nobody')
  assert.equal(keys(node('a', [], { disk: 'ssd' })), ['default/ssd'])
  assert.equal(keys(node('a', [], { disk: 'hdd' })), [])
  assert.equal(keys(node('a', [taint])), ['default/agent'])
  assert.equal(keys(node('a', [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }])), [])
})

test('a Pod wakes its owner, and an orphan whom it matches', () => {
  const orphan = pod('a')
  const owned = { ...orphan, metadata: { ...orphan.metadata, ownerReferences: [ownerReference(set)] } }
  assert.equal(keysOfPod(sets, owned, { deleted: false }), ['default/agent'])
  assert.equal(keysOfPod(sets, owned, { deleted: true }), ['default/agent'])
  assert.equal(keysOfPod(sets, orphan, { deleted: false }), ['default/agent', 'default/ssd'])
  assert.equal(keysOfPod(sets, orphan, { old: owned, deleted: false }), ['default/agent', 'default/ssd'])
  assert.equal(keysOfPod(sets, { ...orphan }, { old: orphan, deleted: false }), [])
  assert.equal(keysOfPod(sets, orphan, { deleted: true }), [])
})

test('each failure on a node makes the next wait twice as long, and a long peace is forgiven', async () => {
  const clock = createVirtualClock()
  const backoff = new FailedPodBackoff(clock)
  assert.is(backoff.take(set, 'a'), 0)
  assert.is(backoff.take(set, 'a'), 1000)
  assert.is(backoff.take(set, 'b'), 0, 'another node has its own')
  await clock.advance(1000)
  assert.is(backoff.take(set, 'a'), 0)
  assert.is(backoff.take(set, 'a'), 2000)
  for (let failure = 0; failure < 20; failure += 1) {
    await clock.advance(15 * 60_000)
    assert.is(backoff.take(set, 'a'), 0)
  }
  assert.is(backoff.take(set, 'a'), 15 * 60_000)
  await clock.advance(31 * 60_000)
  assert.is(backoff.take(set, 'a'), 0)
  assert.is(backoff.take(set, 'a'), 1000)
  assert.is(backoff.take(daemonSet({}, { uid: 'another' }), 'a'), 0, 'another set of the same name begins anew')
  backoff.forget('default/agent')
  assert.is(backoff.take(set, 'a'), 0)
})
