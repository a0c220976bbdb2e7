import type { Job, JobStatus, Pod } from '@davit/core/kinds'
import { assert, createTestServices, test } from '@davit/core/testing'
import { withCondition } from './conditions.js'
import { IndexSet } from './indexes.js'
import { indexed, job, now, pod, seen, tally, time } from './testing.js'
import { finish, settle, track } from './tracking.js'
import type { Verdict } from './verdict.js'

const failing: Verdict = { type: 'FailureTarget', reason: 'r', message: 'm' }
const run = (of: Job, pods: readonly Pod[], verdict?: Verdict) => {
  const { status, release, complete } = track(of, of.status ?? {}, tally(of, pods), seen(pods), verdict)
  return { status, complete, uncounted: status.uncountedTerminatedPods, released: release.map(({ metadata }) => metadata.name) }
}

test('what ended is noted by uid and let go, what runs is not', () => {
  const pods = [
    pod('a', { phase: 'Succeeded' }),
    pod('b', { phase: 'Failed' }),
    pod('c'),
    pod('d', { phase: 'Failed', tracked: false }),
  ]
  const { uncounted, released } = run(job(), pods)
  assert.equal([uncounted, released], [{ succeeded: ['a'], failed: ['b'] }, ['a', 'b']])
})

test('what is noted already is let go and not noted twice', () => {
  const of = job({}, { uncountedTerminatedPods: { succeeded: ['a'], failed: ['b'] } })
  const { uncounted, released } = run(of, [pod('a', { phase: 'Succeeded' }), pod('b', { phase: 'Failed' })])
  assert.equal([uncounted, released], [{ succeeded: ['a'], failed: ['b'] }, ['a', 'b']])
  const turned = job({}, { uncountedTerminatedPods: { failed: ['a'] } })
  assert.equal(run(turned, [pod('a', { phase: 'Succeeded' })]).uncounted, { failed: ['a'] }, 'failed stays failed')
})

test('a list that is full is emptied before more is noted', () => {
  const uids = Array.from({ length: 500 }, (_, index) => `p${index}`)
  const of = job({}, { uncountedTerminatedPods: { succeeded: uids } })
  const pods = [...uids, 'new'].map((uid) => pod(uid, { phase: 'Succeeded' }))
  const { uncounted, released, complete } = run(of, pods)
  assert.equal([released.length, released.includes('new'), complete], [500, false, false])
  assert.is(uncounted?.succeeded?.length, 500)
})

test('a Job that fails counts what still works as failed; one that succeeds does not', () => {
  assert.equal(run(job(), [pod('a')], failing).uncounted, { failed: ['a'] })
  const met = run(job(), [pod('a')], { ...failing, type: 'SuccessCriteriaMet' })
  assert.equal([met.uncounted, met.released], [{}, ['a']])
})

test('on its way out a Job lets go of all', () => {
  const going = job({}, {}, { deletionTimestamp: time(0) })
  assert.equal(run(going, [pod('a')]).released, ['a'])
})

test('of an indexed Job the index itself is the note', () => {
  const of = indexed(5, {}, { completedIndexes: '3', succeeded: 1 })
  const pods = [
    pod('b', { index: 4, phase: 'Succeeded' }),
    pod('a', { index: 2, phase: 'Succeeded' }),
    pod('x', { phase: 'Succeeded' }),
  ]
  const { status, uncounted, released } = run(of, pods)
  assert.equal([status.completedIndexes, status.succeeded, uncounted, released], ['2-4', 3, {}, ['x', 'a', 'b']])
})

test('the last failed Pod of an index waits for its successor', () => {
  const of = indexed(2, { backoffLimitPerIndex: 3 })
  const failed = pod('a', { index: 0, phase: 'Failed', ended: 1 })
  assert.equal(run(of, [failed]).released, [])
  assert.equal(run(of, [failed, pod('b', { index: 0 })]).released, ['a'])
})

test('no more than 500 are noted at once, and then the Job does not end', () => {
  const pods = Array.from({ length: 501 }, (_, number) => pod(`p${number}`, { phase: 'Failed' }))
  const first = run(job(), pods, failing)
  assert.equal([first.uncounted?.failed?.length, first.complete], [500, false])
  assert.is(run(job(), pods.slice(1), failing).complete, true)
})

test('the count takes the place of the uid when the finalizer is off', () => {
  const status: JobStatus = { succeeded: 2, uncountedTerminatedPods: { succeeded: ['a', 'b'], failed: ['c'] } }
  const settled = settle(status, new Set(['b']))
  assert.equal([settled.succeeded, settled.failed, settled.uncountedTerminatedPods], [3, 1, { succeeded: ['b'] }])
  assert.equal(settle(settled, new Set(['b'])), settled, 'once')
})

test('the end waits for the counts and for the last Pod', () => {
  assert.is(finish({ uncountedTerminatedPods: { failed: ['a'] } }, failing, now).conditions, undefined)
  assert.is(finish({ terminating: 1 }, failing, now).conditions, undefined)
  const failed = finish({ terminating: 0 }, failing, now)
  assert.equal([failed.conditions?.[0]?.type, failed.completionTime], ['Failed', undefined])
  assert.is(finish({}, { ...failing, type: 'SuccessCriteriaMet' }, now).completionTime, time(0))
})

test('a condition keeps its place and its time until its status changes', () => {
  const resumed = { type: 'Suspended', status: 'False', reason: 'JobResumed', message: '' } as const
  const suspended = { ...resumed, status: 'True' } as const
  assert.equal(withCondition([], resumed, now), [])
  const [first, ...more] = withCondition([], suspended, now)
  assert.equal([first?.lastTransitionTime, more], [time(0), []])
  const known = first ? [first] : []
  assert.is(withCondition(known, suspended, now + 5000), known)
  assert.is(withCondition(known, resumed, now + 5000)[0]?.status, 'False')
})

test('indexes: read, written, joined', () => {
  for (const text of ['', '0', '1,2', '1-3', '1,3-5,7', '0,2,4,5,7-9']) assert.is(IndexSet.parse(text, 100).toString(), text)
  assert.is(IndexSet.parse('1-9,12', 6).toString(), '1-5', 'those that the Job has no more are left out')
  assert.is(IndexSet.parse('5-3,x,-1,2', 10).toString(), '2')
  assert.is(IndexSet.of([4, 2, 3, 3]).toString(), '2-4')
  assert.equal(IndexSet.parse('0,2-4', 10).missing(3, 7), [1, 5, 6])
  assert.equal(IndexSet.empty.missing(2, 1), [0])
  assert.is(IndexSet.parse('0-9,20-29', 50).overlap(IndexSet.parse('5-24', 50)), 10)
})

test('indexes: as a plain set would have them', () => {
  const { random } = createTestServices('index sets')
  for (let round = 0; round < 200; round += 1) {
    const some = () => Array.from({ length: random.integer(12) }, () => random.integer(20))
    const [a, b] = [some(), some()]
    const both = IndexSet.of(a).union(IndexSet.of(b))
    const plain = new Set([...a, ...b])
    assert.is(both.size, plain.size)
    for (let index = 0; index < 20; index += 1) assert.is(both.has(index), plain.has(index))
    assert.is(IndexSet.parse(both.toString(), 20).toString(), both.toString())
    assert.is(IndexSet.of(a).overlap(IndexSet.of(b)), [...new Set(a)].filter((index) => b.includes(index)).length)
  }
})
