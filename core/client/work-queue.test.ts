import { assert, createTestServices, test } from '../testing/contract.js'
import { createWorkQueue, type WorkQueueOptions } from './work-queue.js'

/** A queue whose work waits until the test lets it go. */
function queueOf(options: Partial<WorkQueueOptions> = {}) {
  const { clock, random } = createTestServices()
  const begun: string[] = []
  const gates = new Map<string, (error?: Error) => void>()
  const queue = createWorkQueue({
    clock,
    random,
    work: (key) => {
      begun.push(key)
      return new Promise((resolve, reject) => gates.set(key, (error) => (error ? reject(error) : resolve(undefined))))
    },
    ...options,
  })
  const finish = async (key: string, error?: Error): Promise<void> => {
    gates.get(key)?.(error)
    await clock.settle()
  }
  return { clock, queue, begun, finish }
}

test('takes each waiting key once, in order of coming', async () => {
  const { clock, queue, begun, finish } = queueOf()
  for (const key of ['b', 'a', 'b', 'c', 'a']) queue.add(key)
  await clock.settle()
  assert.equal(begun, [])
  queue.start()
  await clock.settle()
  for (const key of ['b', 'a', 'c']) await finish(key)
  assert.equal(begun, ['b', 'a', 'c'])
  assert.equal(queue.stats, { queued: 0, running: 0, delayed: 0, done: 3, failed: 0 })
})

test('a key that is added while it is worked on is worked on again, once and not at the same time', async () => {
  const { clock, queue, begun, finish } = queueOf({ concurrency: 4 })
  queue.start()
  queue.add('a')
  await clock.settle()
  queue.add('a')
  queue.add('a')
  await clock.settle()
  assert.equal(begun, ['a'])
  await finish('a')
  assert.equal(begun, ['a', 'a'])
  await finish('a')
  assert.equal(begun, ['a', 'a'])
})

test('never works on more keys than it may', async () => {
  const { clock, queue, begun, finish } = queueOf({ concurrency: 2 })
  queue.start()
  for (const key of ['a', 'b', 'c']) queue.add(key)
  await clock.settle()
  assert.equal(begun, ['a', 'b'])
  assert.is(queue.stats.queued, 1)
  await finish('b')
  assert.equal(begun, ['a', 'b', 'c'])
  for (const key of ['a', 'c']) await finish(key)
})

test('failures of a key double its delay, with jitter, until it succeeds', async () => {
  const delays: number[] = []
  let fail = true
  const { clock, random } = createTestServices()
  let last = 0
  const queue = createWorkQueue({
    clock,
    random,
    baseMs: 100,
    maximumMs: 1000,
    work: async () => {
      delays.push(clock.monotonic() - last)
      last = clock.monotonic()
      if (fail) throw new Error('no')
      return undefined
    },
  })
  queue.start()
  queue.add('a')
  await clock.advance(4000)
  const bounds = [0, 100, 200, 400, 800, 1000, 1000]
  for (const [at, delay] of delays.slice(0, 7).entries()) {
    const bound = bounds[at] ?? 0
    assert.ok(delay >= bound / 2 && delay <= bound + 1, `delay ${at} is ${delay}, not between ${bound / 2} and ${bound}`)
  }
  fail = false
  await clock.advance(1000)
  fail = true
  last = clock.monotonic()
  delays.length = 0
  queue.add('a')
  await clock.advance(101)
  assert.is(delays.length, 2)
  await queue.close()
  assert.is(clock.pending, 0)
})

test('hears of failures and may choose the delay', async () => {
  const heard: string[] = []
  const { clock, queue, begun, finish } = queueOf({
    failed: (key, error, failures) => {
      heard.push(`${key} ${(error as Error).message} ${failures}`)
      return 0
    },
  })
  queue.start()
  queue.add('a')
  await clock.settle()
  await finish('a', new Error('conflict'))
  assert.equal(begun, ['a', 'a'])
  await finish('a', new Error('conflict'))
  assert.equal(heard, ['a conflict 1', 'a conflict 2'])
  queue.forget('a')
  await finish('a', new Error('other'))
  assert.is(heard[2], 'a other 1')
  await finish('a')
})

test('of two delays the sooner holds, and an add is sooner than any', async () => {
  const { clock, queue, begun, finish } = queueOf()
  queue.start()
  queue.addAfter('a', 500)
  queue.addAfter('a', 100)
  queue.addAfter('a', 900)
  assert.is(queue.stats.delayed, 1)
  await clock.advance(99)
  assert.equal(begun, [])
  await clock.advance(1)
  assert.equal(begun, ['a'])
  await finish('a')
  queue.addAfter('a', 500)
  queue.add('a')
  assert.is(queue.stats.delayed, 0)
  await clock.settle()
  await finish('a')
  await clock.advance(1000)
  assert.equal(begun, ['a', 'a'])
})

test('a result asks for the key again', async () => {
  const { clock, random } = createTestServices()
  const runs: number[] = []
  const queue = createWorkQueue({ clock, random, work: async () => (runs.push(clock.monotonic()) < 3 ? 100 : undefined) })
  queue.start()
  queue.add('a')
  await clock.advance(1000)
  assert.equal(runs, [0, 100, 200])
})

test('close drops what waits and resolves when the last work is done', async () => {
  const { clock, queue, begun, finish } = queueOf()
  queue.start()
  queue.add('a')
  queue.add('b')
  queue.addAfter('c', 10)
  await clock.settle()
  let closed = false
  const closing = queue.close().then(() => {
    closed = true
  })
  await clock.settle()
  assert.not(closed)
  queue.add('d')
  await finish('a')
  await closing
  assert.equal(begun, ['a'])
  assert.is(clock.pending, 0)
})

test('idle resolves when there is nothing to do now', async () => {
  const { clock, queue, finish } = queueOf()
  await queue.idle()
  queue.start()
  queue.add('a')
  let idle = false
  const waiting = queue.idle().then(() => {
    idle = true
  })
  await clock.settle()
  assert.not(idle)
  await finish('a')
  await waiting
})
