import { assert, createTestServices, suite } from '../testing/contract.js'
import { createClock } from './clock.js'
import { createVirtualClock } from './clock-virtual.js'
import type { Clock } from './contract.js'
import { createIds, createSeededIds } from './ids.js'
import { createLogger, silentLogger } from './log.js'
import { createRandom, createSeededRandom } from './random.js'

const clocks: readonly (readonly [string, () => { clock: Clock; pass: (ms: number) => Promise<void> }])[] = [
  ['the real clock', () => ({ clock: createClock(), pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) })],
  [
    'the virtual clock',
    () => {
      const clock = createVirtualClock()
      return { clock, pass: (ms) => clock.advance(ms) }
    },
  ],
]
for (const [name, make] of clocks) {
  const both = suite(name)
  both('runs a timer once, later, and not when it was cancelled', async () => {
    const { clock, pass } = make()
    const ran: string[] = []
    clock.setTimer(5, () => ran.push('kept'))
    const cancelled = clock.setTimer(5, () => ran.push('cancelled'))
    cancelled.cancel()
    cancelled.cancel()
    clock.setTimer(0, () => ran.push('zero'))
    assert.equal(ran, [])
    await pass(30)
    assert.equal(ran, ['zero', 'kept'])
  })
  both('sleeps, and stops sleeping when the signal aborts', async () => {
    const { clock, pass } = make()
    const before = clock.monotonic()
    const slept = clock.sleep(10).then(() => clock.monotonic() - before)
    await pass(40)
    assert.ok((await slept) >= 9)
    const abort = new AbortController()
    const reason = new Error('enough')
    const aborted = assert.rejects(clock.sleep(60_000, abort.signal), 'enough')
    abort.abort(reason)
    assert.is(await aborted, reason)
    assert.is(await assert.rejects(clock.sleep(1, abort.signal)), reason)
  })
  both('defers to a later turn', async () => {
    const { clock } = make()
    const order: string[] = []
    const done = new Promise<void>((resolve) => clock.defer(() => resolve(void order.push('deferred'))))
    await Promise.resolve().then(() => order.push('promise'))
    await done
    assert.equal(order, ['promise', 'deferred'])
  })
}

const virtual = suite('virtual time')
virtual('runs timers by time, then by creation, each at its own time', async () => {
  const clock = createVirtualClock(1_000)
  const ran: string[] = []
  const note = (name: string) => () => void ran.push(`${name}@${clock.now()}`)
  clock.setTimer(20, note('c'))
  clock.setTimer(10, note('a'))
  clock.setTimer(10, note('b'))
  assert.is(clock.pending, 3)
  await clock.advance(15)
  assert.equal(ran, ['a@1010', 'b@1010'])
  assert.is(clock.now(), 1_015)
  await clock.advance(5)
  assert.equal(ran.at(-1), 'c@1020')
  assert.is(clock.pending, 0)
})
virtual('follows loops of sleeping code through one advance', async () => {
  const clock = createVirtualClock(0)
  const ticks: number[] = []
  const loop = async (): Promise<void> => {
    while (ticks.length < 5) {
      await clock.sleep(100)
      ticks.push(clock.now())
    }
  }
  const done = loop()
  await clock.advance(1_000)
  await done
  assert.equal(ticks, [100, 200, 300, 400, 500])
  assert.is(clock.now(), 1_000)
})
virtual('a real timer beyond the range of Node does not run at once', async () => {
  let ran = false
  const timer = createClock().setTimer(2 ** 40, () => {
    ran = true
  })
  await createClock().sleep(5)
  timer.cancel()
  assert.not(ran)
})

const chance = suite('randomness')
chance('the same seed gives the same sequence, another seed another one', () => {
  const take = (seed: string | number) => {
    const random = createSeededRandom(seed)
    return [random.next(), random.integer(1_000), random.string(8)]
  }
  assert.equal(take('a'), take('a'))
  assert.not.equal(take('a'), take('b'))
  assert.not.equal([createRandom().next()], [createRandom().next()])
})
chance('numbers lie in their range and spread evenly', () => {
  const random = createSeededRandom(7)
  const counts = new Array<number>(10).fill(0)
  for (let index = 0; index < 20_000; index += 1) {
    const value = random.integer(10)
    counts[value] = (counts[value] ?? 0) + 1
    const fraction = random.next()
    assert.ok(fraction >= 0 && fraction < 1)
  }
  for (const count of counts) assert.ok(count > 1_800 && count < 2_200, String(counts))
})
chance('names use the letters of Kubernetes', () => {
  assert.match(createSeededRandom(1).string(200), /^[bcdfghjklmnpqrstvwxz2456789]{200}$/)
  assert.is(createSeededRandom(1).string(3, 'x'), 'xxx')
})
chance('identities are UUIDs of version 4, and repeat with the seed', () => {
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  const seeded = () => createSeededIds(createSeededRandom('s'))
  assert.match(createIds().uuid(), form)
  assert.match(seeded().uuid(), form)
  assert.is(seeded().uuid(), seeded().uuid())
  const ids = seeded()
  assert.is(new Set(Array.from({ length: 1_000 }, () => ids.uuid())).size, 1_000)
})

const logs = suite('logs')
async function lines(format: 'human' | 'json', level?: 'debug' | 'warn') {
  const written: string[] = []
  const options = { format, write: (line: string) => void written.push(line), clock: createVirtualClock(0) }
  return { written, log: await createLogger(level ? { ...options, level } : options) }
}
logs('json is one object for each line, with the fields of the children', async () => {
  const { written, log } = await lines('json')
  log.child({ plugin: 'p' }).info({ pod: 'a' }, 'bound')
  log.debug({}, 'unseen')
  assert.equal(
    written.map((line) => JSON.parse(line)),
    [{ level: 30, time: 0, plugin: 'p', pod: 'a', msg: 'bound' }],
  )
})
logs('json keeps errors with their stack', async () => {
  const { written, log } = await lines('json')
  log.error({ err: new Error('broken') }, 'failed')
  const line = JSON.parse(written[0] ?? '')
  assert.is(line.err.message, 'broken')
  assert.match(line.err.stack, /services\.test/)
})
logs('human is one line for a person', async () => {
  const { written, log } = await lines('human', 'debug')
  log.child({ plugin: 'p' }).warn({ text: 'two words', count: 2, none: undefined }, 'careful')
  log.debug({}, 'seen')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are control characters.
  const plain = written.map((line) => line.replace(/\x1b\[\d+m/g, ''))
  assert.equal(plain, ['00:00:00.000 warn  careful  plugin=p  text="two words"  count=2\n', '00:00:00.000 debug seen\n'])
})
logs('below its level nothing is written, and silence is silent', async () => {
  for (const format of ['human', 'json'] as const) {
    const { written, log } = await lines(format, 'warn')
    log.info({}, 'unseen')
    log.child({}).debug({}, 'unseen')
    assert.is(written.length, 0)
  }
  silentLogger.child({}).error({}, 'unseen')
})
logs('the services of tests repeat themselves and keep what was logged', () => {
  const [first, second] = [createTestServices(3), createTestServices(3)]
  assert.is(first.ids.uuid(), second.ids.uuid())
  assert.is(first.clock.now(), second.clock.now())
  first.log.child({ plugin: 'x' }).error({ code: 1 }, 'went wrong')
  assert.equal(first.lines, [{ level: 'error', fields: { plugin: 'x', code: 1 }, message: 'went wrong' }])
})
