import type { DeploymentStatus } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { type Conditions, conditionOf } from './conditions.js'
import { afterNextSet, afterPause, afterProgress, checkAfterMs, isComplete } from './progress.js'
import { deployment, now, replicaSet, time } from './testing.js'

const next = replicaSet('web-1', 3)
const counts = (updated: number, available = updated, replicas = updated): DeploymentStatus => ({
  observedGeneration: 1,
  replicas,
  updatedReplicas: updated,
  readyReplicas: available,
  availableReplicas: available,
})
const progressing = (status: string, reason: string, updated = 30, transition = updated): Conditions => [
  { type: 'Progressing', status, reason, message: '', lastUpdateTime: time(updated), lastTransitionTime: time(transition) },
]
const after = (status: DeploymentStatus, conditions: Conditions, before: DeploymentStatus = {}, spec = {}) => {
  const result = afterProgress({ deployment: deployment(3, { status: before, spec }), next, status, conditions, now })
  return conditionOf(result, 'Progressing')
}
const brief = (condition: ReturnType<typeof after>) => [condition?.status, condition?.reason, condition?.message]

test('complete: all are new, all are available, and this generation was seen', () => {
  assert.ok(isComplete(deployment(3), counts(3)))
  assert.not.ok(isComplete(deployment(3), counts(2)))
  assert.not.ok(isComplete(deployment(3), counts(3, 2)))
  assert.not.ok(isComplete(deployment(3), counts(3, 3, 4)), 'old Pods are left')
  assert.not.ok(isComplete(deployment(3, { metadata: { generation: 2 } }), counts(3)))
  assert.ok(isComplete(deployment(0), { observedGeneration: 1 }))
})

test('a complete roll-out has successfully progressed', () => {
  const expected = ['True', 'NewReplicaSetAvailable', 'ReplicaSet "web-1" has successfully progressed.']
  assert.equal(brief(after(counts(3), progressing('True', 'ReplicaSetUpdated'))), expected)
  assert.equal(brief(after(counts(3), [])), expected)
  assert.equal(brief(after(counts(3), progressing('False', 'ProgressDeadlineExceeded'))), expected)
})

const moves: readonly [string, DeploymentStatus, DeploymentStatus][] = [
  ['more new Pods', counts(1, 0, 3), counts(2, 0, 4)],
  ['fewer old Pods', counts(1, 0, 4), counts(1, 0, 3)],
  ['more ready', { ...counts(3, 0), readyReplicas: 0 }, { ...counts(3, 0), readyReplicas: 1 }],
  ['more available', counts(3, 1), counts(3, 2)],
]
for (const [name, before, status] of moves) {
  test(`progress: ${name}`, () => {
    const condition = after(status, progressing('True', 'NewReplicaSetCreated', 30, 40), before)
    assert.equal(brief(condition), ['True', 'ReplicaSetUpdated', 'ReplicaSet "web-1" is progressing.'])
    assert.equal([condition?.lastUpdateTime, condition?.lastTransitionTime], [time(0), time(40)])
  })
}

test('each progress renews the time from which the deadline counts', () => {
  const condition = after(counts(2, 0), progressing('True', 'ReplicaSetUpdated', 300), counts(1, 0))
  assert.is(condition?.lastUpdateTime, time(0))
})

test('no progress changes nothing before the deadline, and is late after it', () => {
  const same = counts(2, 0)
  const early = progressing('True', 'ReplicaSetUpdated', 600)
  assert.is(after(same, early, same), early[0])
  const late = after(same, progressing('True', 'ReplicaSetUpdated', 601), same)
  assert.equal(brief(late), ['False', 'ProgressDeadlineExceeded', 'ReplicaSet "web-1" has timed out progressing.'])
  assert.is(late?.lastTransitionTime, time(0))
  assert.is(brief(after(same, progressing('False', 'ProgressDeadlineExceeded', 9999), same))[1], 'ProgressDeadlineExceeded')
})

test('a roll-out that was complete does not become late when Pods fail', () => {
  const complete = progressing('True', 'NewReplicaSetAvailable', 99999)
  assert.is(after(counts(3, 1), complete, counts(3)), complete[0])
})

test('without a deadline there is no such condition', () => {
  for (const progressDeadlineSeconds of [undefined, 2 ** 31 - 1]) {
    assert.is(after(counts(1), progressing('True', 'ReplicaSetUpdated'), {}, { progressDeadlineSeconds }), undefined)
  }
})

test('pausing is told, resuming too, and a roll-out that was given up stays so', () => {
  const paused = deployment(3, { spec: { paused: true } })
  const told = afterPause(paused, progressing('True', 'ReplicaSetUpdated'), now)
  assert.equal(brief(conditionOf(told, 'Progressing')), ['Unknown', 'DeploymentPaused', 'Deployment is paused'])
  assert.is(afterPause(paused, told, now + 1000), told)
  const resumed = afterPause(deployment(3), told, now)
  assert.equal(brief(conditionOf(resumed, 'Progressing')), ['Unknown', 'DeploymentResumed', 'Deployment is resumed'])
  const late = progressing('False', 'ProgressDeadlineExceeded')
  assert.is(afterPause(paused, late, now), late)
  const others = progressing('True', 'NewReplicaSetAvailable')
  assert.is(afterPause(deployment(3), others, now), others)
})

test('what became of the new ReplicaSet is told', () => {
  const created = afterNextSet(deployment(3), [], { happened: 'created', name: 'web-1' }, now)
  assert.equal(brief(created[0]), ['True', 'NewReplicaSetCreated', 'Created new replica set "web-1"'])
  const found = afterNextSet(deployment(3), [], { happened: 'found', name: 'web-1' }, now)
  assert.equal(brief(found[0]), ['True', 'FoundNewReplicaSet', 'Found new replica set "web-1"'])
  assert.is(afterNextSet(deployment(3), created, { happened: 'found', name: 'web-1' }, now), created, 'known already')
  const refused = afterNextSet(deployment(3), created, { happened: 'refused', name: 'web-1', message: 'no room' }, now)
  assert.equal(brief(refused[0]), ['False', 'ReplicaSetCreateError', 'Failed to create new replica set "web-1": no room'])
  assert.is(afterNextSet(deployment(3), created, undefined, now), created)
})

test('it is looked at again a second after the deadline, if it still runs', () => {
  const at = (conditions: Conditions, status = counts(1), spec = {}) =>
    checkAfterMs(deployment(3, { spec }), { ...status, conditions: [...conditions] }, now)
  assert.is(at(progressing('True', 'ReplicaSetUpdated', 100)), 501_000)
  assert.is(at(progressing('True', 'ReplicaSetUpdated', 9999)), 1)
  assert.is(at(progressing('True', 'NewReplicaSetAvailable')), undefined)
  assert.is(at(progressing('False', 'ProgressDeadlineExceeded')), undefined)
  assert.is(at(progressing('True', 'ReplicaSetUpdated'), counts(3)), undefined)
  assert.is(at(progressing('Unknown', 'DeploymentPaused'), counts(1), { paused: true }), undefined)
  assert.is(at([]), undefined)
})
