import { assert, test } from '@davit/core/testing'
import { JobMemory } from './memory.js'
import { job, pod } from './testing.js'

const first = job({}, {}, { uid: 'first' })
const second = job({}, {}, { uid: 'second' })
const failures = { count: 3, lastAt: 9, seen: new Set<string>() }

test('nothing is known at first', () => {
  const memory = new JobMemory()
  assert.is(memory.failures(first), undefined)
  const { pods, tracked } = memory.view(first, [pod('a'), pod('b', { tracked: false })])
  assert.equal(pods.map(tracked), [true, false])
})

test('failures are those of this Job, not of another that had its name', () => {
  const memory = new JobMemory()
  memory.setFailures(first, failures)
  assert.is(memory.failures(first), failures)
  assert.is(memory.failures(second), undefined)
  memory.released(second, [pod('a')])
  assert.is(memory.failures(second), undefined)
  assert.is(memory.failures(first), undefined, 'what was known of the first is gone')
})

test('a Pod that was let go is tracked no more, until its informer shows so', () => {
  const memory = new JobMemory()
  memory.released(first, [])
  memory.released(first, [pod('a')])
  memory.released(first, [pod('b')])
  const tracked = (of = first) => {
    const view = memory.view(of, [pod('a'), pod('b'), pod('c')])
    return view.pods.filter(view.tracked).map(({ metadata }) => metadata.name)
  }
  assert.equal(tracked(), ['c'])
  assert.equal(tracked(second), ['a', 'b', 'c'], 'of another Job nothing is known')
  assert.equal(tracked(), ['c'])
  memory.view(first, [pod('a', { tracked: false }), pod('b'), pod('c')])
  assert.equal(tracked(), ['a', 'c'], 'shown is forgotten: whoever tracks it again is believed')
})

test('a key is forgotten, and all of them', () => {
  const memory = new JobMemory()
  memory.setFailures(first, failures)
  memory.forget('default/work')
  assert.is(memory.failures(first), undefined)
  memory.setFailures(first, failures)
  memory.clear()
  assert.is(memory.failures(first), undefined)
})
