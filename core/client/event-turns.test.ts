import { assert, createVirtualClock, test } from '../testing/contract.js'
import { EventTurns } from './event-turns.js'

/** Has so many writes, which end when the test says. */
function source(name: string, count: number, log: string[]) {
  const ends: (() => void)[] = []
  let left = count
  return {
    log,
    next() {
      if (left === 0) return undefined
      left -= 1
      log.push(name)
      return new Promise<void>((resolve) => ends.push(resolve))
    },
    /** Ends the writes that are under way. */
    end() {
      for (const end of ends.splice(0)) end()
    },
  }
}

test('four are written at once, and the next ones in a later turn', async () => {
  const clock = createVirtualClock()
  const turns = new EventTurns(clock)
  const one = source('one', 10, [])
  for (let event = 0; event < 12; event += 1) turns.ask(one)
  assert.is(one.log.length, 4)
  one.end()
  await Promise.resolve()
  assert.is(one.log.length, 4, 'not in this turn')
  await clock.settle()
  assert.is(one.log.length, 8)
  one.end()
  await clock.settle()
  one.end()
  await clock.settle()
  assert.is(one.log.length, 10, 'asking too often is allowed')
})

test('the oldest comes first, whoever recorded it', async () => {
  const clock = createVirtualClock()
  const turns = new EventTurns(clock)
  const log: string[] = []
  const [one, other] = [source('one', 6, log), source('other', 2, log)]
  for (const who of [one, one, one, one, one, other, one, other]) turns.ask(who)
  assert.equal(log, ['one', 'one', 'one', 'one'])
  one.end()
  await clock.settle()
  assert.equal(log.slice(4), ['one', 'other', 'one', 'other'])
})

test('thousands that wait all get their turn', async () => {
  const clock = createVirtualClock()
  const turns = new EventTurns(clock)
  const one = source('one', 5000, [])
  for (let event = 0; event < 5000; event += 1) turns.ask(one)
  while (one.log.length < 5000) {
    one.end()
    await clock.settle()
  }
  one.end()
  await clock.settle()
  assert.is(one.next(), undefined)
})

test('a source that had nothing keeps nobody waiting', async () => {
  const clock = createVirtualClock()
  const turns = new EventTurns(clock)
  const log: string[] = []
  turns.ask(source('empty', 0, log))
  const late = source('late', 1, log)
  turns.ask(late)
  late.end()
  await clock.settle()
  turns.ask(source('last', 1, log))
  assert.equal(log, ['late', 'last'])
})
