import type { Job, Pod, PodFailurePolicyRule } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { failureVerdict } from './failure-policy.js'
import { IndexSet } from './indexes.js'
import { successMessage } from './success-policy.js'
import { indexed, job, now, pod, tally, time } from './testing.js'
import { completion, deadlineMs, verdictOf } from './verdict.js'

const reason = (of: Job, pods: readonly Pod[] = []) => verdictOf(of, pods, tally(of, pods), now)?.reason

test('a Job fails when more Pods failed than its limit', () => {
  const failed = [pod('a', { phase: 'Failed' })]
  assert.is(reason(job({ backoffLimit: 1 }), failed), undefined)
  assert.is(reason(job({ backoffLimit: 0 }), failed), 'BackoffLimitExceeded')
  assert.is(reason(job({ backoffLimit: 1 }, { failed: 1 }), failed), 'BackoffLimitExceeded')
  const uncounted = { failed: 1, uncountedTerminatedPods: { failed: ['a'] } }
  assert.is(reason(job({ backoffLimit: 2 }, uncounted), failed), undefined, 'counted once')
})

test('containers that start again count where they do so in their Pod', () => {
  const template = { spec: { restartPolicy: 'OnFailure', containers: [{ name: 'main' }] } }
  const restarted = [pod('a', { restarts: 2 }), pod('b', { restarts: 1 })]
  assert.is(reason(job({ backoffLimit: 3, template }), restarted), 'BackoffLimitExceeded')
  assert.is(reason(job({ backoffLimit: 4, template }), restarted), undefined)
  assert.is(reason(job({ backoffLimit: 0, template }), [pod('a')]), undefined)
  assert.is(reason(job({ backoffLimit: 3 }), restarted), undefined)
})

test('deadlines', () => {
  assert.is(reason(job({ activeDeadlineSeconds: 60 }, { startTime: time(60) })), 'DeadlineExceeded')
  assert.is(deadlineMs(job({ activeDeadlineSeconds: 60 }, { startTime: time(20) }), now), 40_000)
  assert.is(deadlineMs(job({ activeDeadlineSeconds: 60, suspend: true }, { startTime: time(90) }), now), undefined)
  const conditions = [{ type: 'Suspended', status: 'True' }]
  assert.is(deadlineMs(job({ activeDeadlineSeconds: 60 }, { startTime: time(90), conditions }), now), 60_000, 'being resumed')
})

test('indexes that failed', () => {
  const failed = [pod('a', { index: 0, phase: 'Failed' }), pod('b', { index: 1, phase: 'Failed' })]
  const limits = { backoffLimitPerIndex: 0, backoffLimit: 2 ** 31 - 1 }
  assert.is(reason(indexed(4, { ...limits, maxFailedIndexes: 1 }), failed), 'MaxFailedIndexesExceeded')
  assert.is(reason(indexed(4, { ...limits, maxFailedIndexes: 2 }), failed), undefined)
  assert.is(reason(indexed(4, limits, { completedIndexes: '2,3', succeeded: 2 }), failed), 'FailedIndexes')
})

test('a verdict that was given stays, success before failure', () => {
  const conditions = [{ type: 'FailureTarget', status: 'True', reason: 'Given', message: 'm' }]
  assert.equal(verdictOf(job({}, { conditions }), [], tally(job(), []), now), {
    type: 'FailureTarget',
    reason: 'Given',
    message: 'm',
  })
  const both = [...conditions, { type: 'SuccessCriteriaMet', status: 'True', reason: 'Enough' }]
  assert.is(reason(job({ backoffLimit: 0 }, { conditions: both }), [pod('a', { phase: 'Failed' })]), 'Enough')
})

test('completion', () => {
  assert.is(completion(job(), 1, 0)?.reason, 'CompletionsReached')
  assert.is(completion(job(), 1, 1), undefined)
  assert.is(completion(job(), 0, 0), undefined)
  assert.is(completion(job({ completions: 0 }), 0, 0)?.reason, 'CompletionsReached')
})

const policy = (...rules: PodFailurePolicyRule[]) => job({ podFailurePolicy: { rules } })
const exited = (exitCode: number, traits = {}) => pod('a', { phase: 'Failed', exitCode, ...traits })

test('rules of exit codes', () => {
  const notIn = policy({ action: 'FailJob', onExitCodes: { operator: 'NotIn', values: [1, 2] } })
  assert.equal(failureVerdict(notIn, exited(1)), { counts: true })
  assert.equal(failureVerdict(notIn, exited(0)), { counts: true }, 'what ended well fits no rule')
  assert.is(
    failureVerdict(notIn, exited(3)).message,
    'Container main for pod default/a failed with exit code 3 matching FailJob rule at index 0',
  )
  const other = policy({ action: 'Ignore', onExitCodes: { containerName: 'side', operator: 'In', values: [3] } })
  assert.equal(failureVerdict(other, exited(3)), { counts: true })
})

test('rules of conditions, the first that fits', () => {
  const conditions = [{ type: 'DisruptionTarget', status: 'True' }]
  const rules = policy(
    { action: 'Count', onExitCodes: { operator: 'In', values: [9] } },
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
  )
  assert.equal(failureVerdict(rules, exited(1, { conditions })), { action: 'Ignore', counts: false })
  assert.equal(failureVerdict(rules, exited(9, { conditions })), { action: 'Count', counts: true })
  const fails = policy({ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] })
  assert.is(
    failureVerdict(fails, exited(1, { conditions })).message,
    'Pod default/a has condition DisruptionTarget matching FailJob rule at index 0',
  )
})

test('FailIndex fails an index before its limit', () => {
  const rules = [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [4] } }]
  const of = indexed(2, { backoffLimitPerIndex: 9, podFailurePolicy: { rules } })
  assert.is(tally(of, [pod('a', { index: 1, phase: 'Failed', exitCode: 4 })]).indexes?.failed?.toString(), '1')
})

test('success policies', () => {
  const met = (rule: object, done: string) =>
    successMessage(indexed(10, { successPolicy: { rules: [rule] } }), IndexSet.parse(done, 10)) !== undefined
  assert.is(met({ succeededIndexes: '0,2-4' }, '0-4'), true)
  assert.is(met({ succeededIndexes: '0,2-4' }, '0-3'), false)
  assert.is(met({ succeededIndexes: '0,2-4', succeededCount: 2 }, '1,3-4'), true)
  assert.is(met({ succeededCount: 3 }, '5-7'), true)
  assert.is(met({ succeededCount: 3 }, '5,7'), false)
  assert.is(successMessage(indexed(3), IndexSet.parse('0-2', 3)), undefined)
})
