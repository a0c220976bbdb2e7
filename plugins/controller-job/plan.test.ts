import { assert, test } from '@davit/core/testing'
import { type Failures, failuresOf, kubernetesBackOff, waitMs } from './back-off.js'
import { failureCountKey, ignoredCountKey } from './names.js'
import { planJob } from './plan.js'
import { podOf } from './pod.js'
import { indexed, job, now, pod, queue, tally } from './testing.js'

const none: Failures = { count: 0, lastAt: 0 }
const plan = (of: ReturnType<typeof job>, pods: Parameters<typeof tally>[1] = [], failures = none) =>
  planJob({ job: of, pods, tally: tally(of, pods), failures, backOff: kubernetesBackOff, now })
const names = (pods: readonly { metadata: { name: string } }[]) => pods.map(({ metadata }) => metadata.name)

test('as many are made as may run at once, and never more than completions are left', () => {
  assert.is(plan(job({ parallelism: 3, completions: 10 })).create.length, 3)
  assert.is(plan(job({ parallelism: 3, completions: 10 }, { succeeded: 8 })).create.length, 2)
  assert.is(plan(job({ parallelism: 3, completions: 10 }, { succeeded: 9 }), [pod('a')]).create.length, 0)
  assert.is(plan(job({ parallelism: 0, completions: 10 })).create.length, 0)
  assert.is(plan(job({ parallelism: 900, completions: 900 })).create.length, 500, 'in rounds')
})

test('a work queue is filled until the first success', () => {
  assert.is(plan(queue(3), [pod('a')]).create.length, 2)
  const after = plan(queue(3), [pod('a', { phase: 'Succeeded' }), pod('b')])
  assert.equal([after.create, after.remove], [[], []])
})

test('too many: those that lose least go first', () => {
  const pods = [pod('ready', { ready: true, node: 'n' }), pod('free', { phase: 'Pending' }), pod('bound', { node: 'n' })]
  assert.equal(names(plan(job({ parallelism: 1, completions: 5 }), pods).remove), ['free', 'bound'])
})

test('of two Pods of an index one goes, and of an index that is none each', () => {
  const pods = [
    pod('old', { index: 0, ready: true, node: 'n' }),
    pod('double', { index: 0, phase: 'Pending' }),
    pod('beyond', { index: 7 }),
    pod('other', { index: 1 }),
  ]
  assert.equal(names(plan(indexed(2), pods).remove).sort(), ['beyond', 'double'])
})

test('the lowest indexes that nobody has or has had come first', () => {
  const of = indexed(10, { parallelism: 3 }, { completedIndexes: '0,2', succeeded: 2 })
  assert.equal(
    plan(of, [pod('a', { index: 1 })]).create.map(({ index }) => index),
    [3, 4],
  )
})

test('a Pod on its way out is replaced at once, or when it has ended', () => {
  const going = [pod('a', { deleting: true })]
  assert.is(plan(job({ podReplacementPolicy: 'TerminatingOrFailed' }), going).create.length, 1)
  assert.is(plan(job({ podReplacementPolicy: 'Failed' }), going).create.length, 0)
  assert.is(plan(indexed(2, { podReplacementPolicy: 'Failed' }), [pod('a', { index: 0, deleting: true })]).create[0]?.index, 1)
})

test('suspended, all go', () => {
  assert.equal(names(plan(job({ suspend: true }), [pod('a')]).remove), ['a'])
  assert.equal(plan(job({ suspend: true })).create, [])
})

test('after failures nothing is made before its time', () => {
  const failed = { count: 2, lastAt: now - 5000 }
  assert.equal(plan(job(), [], failed), { remove: [], create: [], waitMs: 15_000 })
  assert.is(plan(job(), [], { count: 2, lastAt: now - 20_000 }).create.length, 1)
})

test('with limits per index each index waits alone, and its next Pod knows how often it failed', () => {
  const of = indexed(3, { backoffLimitPerIndex: 5 })
  const pods = [
    pod('a', { index: 0, phase: 'Failed', ended: 5, annotations: { [failureCountKey]: '1' } }),
    pod('b', { index: 1, phase: 'Failed', ended: 11 }),
  ]
  const { create, waitMs: wait } = plan(of, pods)
  assert.equal(
    create.map(({ index, after }) => [index, after?.metadata.name]),
    [
      [1, 'b'],
      [2, undefined],
    ],
  )
  assert.is(wait, 15_000)
  const [next] = create
  assert.equal(next && podOf(of, next).metadata.annotations?.[failureCountKey], '1')
})

test('an ignored failure is counted apart', () => {
  const rules = [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [3] } }]
  const of = indexed(1, { backoffLimitPerIndex: 0, podFailurePolicy: { rules } })
  const pods = [pod('a', { index: 0, phase: 'Failed', ended: 60, exitCode: 3 })]
  const [next] = plan(of, pods).create
  const made = next && podOf(of, next)
  assert.equal([made?.metadata.annotations?.[failureCountKey], made?.metadata.annotations?.[ignoredCountKey]], ['0', '1'])
})

test('Kubernetes waits 10 s, doubling to 10 min', () => {
  const delays = [1, 2, 3, 6, 7, 8, 1000].map((failures) => kubernetesBackOff.delayMs({ job: job(), failures }) / 1000)
  assert.equal(delays, [10, 20, 40, 320, 600, 600, 600])
})

test('a back-off that answers nonsense is an error, not a guess', () => {
  for (const answer of [-1, Number.NaN]) {
    assert.throws(() => waitMs({ delayMs: () => answer }, job(), { count: 1, lastAt: now }, now), /the back-off of Jobs answered/)
  }
})

test('failures count from the last success on; a controller that has just started looks at all', () => {
  const pods = [
    pod('a', { phase: 'Failed', ended: 90, tracked: false }),
    pod('b', { phase: 'Succeeded', ended: 60, tracked: false }),
    pod('c', { phase: 'Failed', ended: 30, tracked: false }),
  ]
  const none = new Set<string>()
  const known = { count: 1, lastAt: now - 30_000, seen: none }
  assert.equal(failuresOf(undefined, job(), pods, tally(job(), pods)), known)
  const more = [...pods, pod('d', { phase: 'Failed', ended: 10 })]
  assert.equal(failuresOf(known, job(), more, tally(job(), more)), { count: 2, lastAt: now - 10_000, seen: new Set(['d']) })
  const well = [...pods, pod('d', { phase: 'Succeeded', ended: 10 })]
  assert.is(failuresOf({ ...known, count: 4 }, job(), well, tally(job(), well)).count, 0)
})

test('what a full status leaves for the next round is counted once, failures and successes', () => {
  const failed = Array.from({ length: 700 }, (_, index) => pod(`f${index}`, { phase: 'Failed', ended: 30 }))
  const first = failuresOf(undefined, job(), failed, tally(job(), failed))
  assert.is(first.count, 700)
  // The status has 500 of them by now; the others are still tracked, and one more has failed.
  const noted = job({}, { uncountedTerminatedPods: { failed: failed.slice(0, 500).map(({ metadata }) => metadata.name) } })
  const next = [...failed, pod('late', { phase: 'Failed', ended: 5 })]
  const second = failuresOf(first, noted, next, tally(noted, next))
  assert.equal([second.count, second.lastAt, second.seen.size], [701, now - 5000, 201])
  const well = [...next, pod('s', { phase: 'Succeeded', ended: 4 })]
  const third = failuresOf(second, noted, well, tally(noted, well))
  assert.is(third.count, 0)
  const again = [...well, pod('last', { phase: 'Failed', ended: 2 })]
  assert.is(failuresOf(third, noted, again, tally(noted, again)).count, 1, 'the success is not looked at twice')
})

test('names of Pods keep room for what the API adds', () => {
  const long = job({ completionMode: 'Indexed', completions: 20 }, undefined, { name: 'x'.repeat(60) })
  assert.is(podOf(long, { index: 12 }).metadata.generateName?.length, 58)
  assert.match(podOf(long, { index: 12 }).metadata.generateName ?? '', /x-12-$/)
})

test('a variable of the user with the name of the index stays', () => {
  const template = { spec: { containers: [{ name: 'main', env: [{ name: 'JOB_COMPLETION_INDEX', value: 'mine' }] }] } }
  const made = podOf(indexed(1, { template }), { index: 0 })
  assert.equal(made.spec.containers[0]?.env, template.spec.containers[0]?.env)
})
