import { assert, createVirtualClock, test } from '../testing/contract.js'
import type { QueuedPod, QueueSortPolicy } from './contract.js'
import { SchedulingQueue } from './queue.js'
import { pod } from './testing.js'

function queueOf(sort?: () => QueueSortPolicy | undefined) {
  const clock = createVirtualClock()
  const woken: number[] = []
  const queue = new SchedulingQueue({
    clock,
    sort: sort ?? (() => undefined),
    wake: () => void woken.push(clock.now()),
    initialBackOffMs: 1000,
    maximumBackOffMs: 10_000,
  })
  const pop = (): QueuedPod => {
    const popped = queue.pop()
    assert.ok(popped, 'something is active')
    return popped as QueuedPod
  }
  return { clock, queue, woken, pop }
}
const nameOf = ({ info }: QueuedPod) => info.pod.metadata.name

test('the higher priority goes first, then the older, then the one that came first', async () => {
  const { queue, pop, clock } = queueOf()
  queue.set(pod('old-low'))
  await clock.advance(1)
  for (const name of ['b', 'c', 'a']) queue.set(pod(name))
  queue.set(pod('high', { priority: 10 }))
  assert.equal([pop(), pop(), pop(), pop(), pop()].map(nameOf), ['high', 'old-low', 'b', 'c', 'a'])
  assert.is(queue.pop(), undefined)
})

test('a policy gives the order, and those it calls equal keep theirs', () => {
  let sign = 1
  const order = { name: 'by-priority', less: (a: QueuedPod, b: QueuedPod) => sign * (a.info.priority - b.info.priority) < 0 }
  const { queue, pop } = queueOf(() => order)
  for (const [name, priority] of [
    ['a', 2],
    ['b', 1],
    ['c', 2],
    ['d', 1],
  ] as const)
    queue.set(pod(name, { priority }))
  assert.is(nameOf(pop()), 'b')
  sign = -1
  queue.reorder()
  assert.equal([pop(), pop(), pop()].map(nameOf), ['a', 'c', 'd'])
})

test('it wakes its host when something becomes active after nothing was', () => {
  const { queue, woken, pop } = queueOf()
  queue.set(pod('a'))
  queue.set(pod('b'))
  assert.is(woken.length, 1)
  pop()
  pop()
  queue.set(pod('c'))
  assert.is(woken.length, 2)
})

test('what found no node waits for a change, and then for the rest of its back-off', async () => {
  const { queue, pop, clock } = queueOf()
  queue.set(pod('a'))
  queue.unschedulable(pop())
  await clock.advance(60_000)
  assert.is(queue.pop(), undefined)
  assert.equal(queue.counts, { active: 0, backingOff: 0, unschedulable: 1 })
  queue.move()
  const second = pop()
  assert.is(second.attempts, 2)
  queue.unschedulable(second)
  queue.move()
  assert.equal(queue.counts, { active: 0, backingOff: 1, unschedulable: 0 })
  await clock.advance(1999)
  assert.is(queue.pop(), undefined)
  await clock.advance(1)
  assert.is(nameOf(pop()), 'a')
})

test('the back-off doubles up to its bound', async () => {
  const { queue, pop, clock } = queueOf()
  queue.set(pod('a'))
  const waits: number[] = []
  for (let attempt = 0; attempt < 7; attempt += 1) {
    queue.retry(pop())
    const began = clock.now()
    while (queue.counts.active === 0) await clock.advance(500)
    waits.push(clock.now() - began)
  }
  assert.equal(waits, [1000, 2000, 4000, 8000, 10_000, 10_000, 10_000])
})

test('one timer serves all that back off, in order of their times', async () => {
  const { queue, pop, clock } = queueOf()
  queue.set(pod('a'))
  queue.retry(pop())
  await clock.advance(1000)
  queue.retry(pop())
  queue.set(pod('b'))
  queue.retry(pop())
  assert.is(clock.pending, 1)
  await clock.advance(1000)
  assert.is(nameOf(pop()), 'b')
  await clock.advance(1000)
  assert.is(nameOf(pop()), 'a')
  assert.is(clock.pending, 0)
})

test('a change that comes while its cycle runs is not lost', async () => {
  const { queue, pop, clock } = queueOf()
  queue.set(pod('a'))
  const inCycle = pop()
  queue.move()
  queue.unschedulable(inCycle)
  assert.equal(queue.counts, { active: 0, backingOff: 1, unschedulable: 0 })
  await clock.advance(1000)
  queue.unschedulable(pop())
  assert.equal(queue.counts, { active: 0, backingOff: 0, unschedulable: 1 }, 'it counted for that cycle alone')
})

test('a change may help some and not others', () => {
  const { queue, pop } = queueOf()
  for (const name of ['a', 'b', 'c']) queue.set(pod(name))
  for (const waiting of [pop(), pop(), pop()]) queue.unschedulable(waiting)
  queue.move(({ key }) => key.endsWith('/b'))
  assert.equal(queue.counts, { active: 0, backingOff: 1, unschedulable: 2 })
})

test('what is active or backs off is not moved by a change', async () => {
  const { queue, pop, clock } = queueOf()
  queue.set(pod('a'))
  queue.retry(pop())
  queue.set(pod('b'))
  queue.move()
  assert.equal(queue.counts, { active: 1, backingOff: 1, unschedulable: 0 })
  await clock.advance(1000)
  assert.equal(queue.counts, { active: 2, backingOff: 0, unschedulable: 0 })
})

test('a change of what a Pod asks for makes it active again; one of its status does not', () => {
  const { queue, pop } = queueOf()
  queue.set(pod('a'))
  queue.unschedulable(pop())
  queue.set({ ...pod('a'), status: { phase: 'Pending' } })
  assert.equal(queue.counts, { active: 0, backingOff: 0, unschedulable: 1 })
  queue.set(pod('a', {}, { labels: { app: 'web' } }))
  assert.equal(queue.counts, { active: 0, backingOff: 1, unschedulable: 0 })
})

test('an active Pod whose priority changes is where it belongs', () => {
  const { queue, pop } = queueOf()
  for (const name of ['a', 'b', 'c']) queue.set(pod(name, { priority: 1 }))
  queue.set(pod('c', { priority: 5 }))
  assert.is(nameOf(pop()), 'c')
})

test('what is deleted is forgotten in every state, and its cycle ends in nothing', async () => {
  const { queue, pop, clock } = queueOf()
  for (const name of ['cycle', 'unschedulable', 'backing', 'active']) queue.set(pod(name))
  const inCycle = pop()
  queue.unschedulable(pop())
  queue.retry(pop())
  for (const name of ['cycle', 'unschedulable', 'backing', 'active']) queue.delete(`uid-${name}`)
  queue.unschedulable(inCycle)
  queue.retry(inCycle)
  queue.move()
  await clock.advance(60_000)
  assert.equal(queue.counts, { active: 0, backingOff: 0, unschedulable: 0 })
  assert.not(queue.has('uid-cycle'))
})

test('a Pod that came again under its name is another one', () => {
  const { queue, pop } = queueOf()
  queue.set(pod('a'))
  const old = pop()
  queue.delete('uid-a')
  queue.set(pod('a', {}, { uid: 'another' }))
  queue.unschedulable(old)
  assert.equal(queue.counts, { active: 1, backingOff: 0, unschedulable: 0 })
  assert.is(pop().attempts, 1)
})

test('what is put back twice is there once', async () => {
  const { queue, pop, clock } = queueOf()
  queue.set(pod('a'))
  const popped = pop()
  queue.unschedulable(popped)
  queue.retry(popped)
  assert.equal(queue.counts, { active: 0, backingOff: 0, unschedulable: 1 })
  await clock.advance(10_000)
  assert.is(queue.pop(), undefined)
})

test('closing leaves no timer and no Pod', () => {
  const { queue, pop, clock } = queueOf()
  queue.set(pod('a'))
  queue.set(pod('b'))
  queue.retry(pop())
  queue.close()
  assert.is(clock.pending, 0)
  assert.is(queue.pop(), undefined)
})
