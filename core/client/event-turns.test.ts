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
  turns.ask(one)
  turns.ask(one)
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
  assert.is(one.log.length, 10)
})

test('each source has its turn: one that has much does not keep the others waiting', async () => {
  const clock = createVirtualClock()
  const turns = new EventTurns(clock)
  const log: string[] = []
  const [greedy, modest] = [source('greedy', 100, log), source('modest', 2, log)]
  turns.ask(greedy)
  turns.ask(modest)
  assert.equal(log, ['greedy', 'greedy', 'greedy', 'greedy'])
  greedy.end()
  await clock.settle()
  assert.equal(log.slice(4), ['greedy', 'modest', 'greedy', 'modest'])
})

test('a source that had nothing is asked again once it has', async () => {
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
