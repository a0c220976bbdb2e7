import { assert, createVirtualClock, test } from '@davit/core/testing'
import { type Entrant, FairQueue, type FairQueueOptions, type Leave, type Refused } from './fair-queue.js'

const open = (): boolean => false
const entrant = (flow: string, cost = 1, closed = open): Entrant => ({ flow, cost, closed })

function queueOf(options: Partial<FairQueueOptions> = {}) {
  const clock = createVirtualClock()
  const queue = new FairQueue({ clock, limit: 100, turn: 4, queue: 1000, waitMs: 1000, ...options })
  const order: string[] = []
  const leaves: Leave[] = []
  const refused: string[] = []
  const settle = (flow: string, outcome: Leave | Refused): void => {
    if (typeof outcome === 'string') return void refused.push(`${flow} ${outcome}`)
    order.push(flow)
    leaves.push(outcome)
  }
  const enter = (flow: string, cost = 1, closed = open): void => {
    const outcome = queue.enter(entrant(flow, cost, closed))
    if (outcome instanceof Promise) void outcome.then((settled) => settle(flow, settled))
    else settle(flow, outcome)
  }
  const turn = async (): Promise<void> => void (await clock.settle())
  return { clock, queue, order, leaves, refused, enter, turn }
}

test('what no bound holds back goes straight through', async () => {
  const { queue, order, leaves, enter } = queueOf()
  for (const flow of ['a', 'b', 'a']) enter(flow)
  assert.equal(order, ['a', 'b', 'a'])
  assert.is(queue.inFlight, 3)
  for (const leave of leaves) {
    leave()
    leave()
  }
  assert.is(queue.inFlight, 0, 'leaving twice counts once')
})

test('one who comes after two hundred of another waits for one of them', async () => {
  const { order, enter, turn } = queueOf({ limit: 1000 })
  for (let count = 0; count < 200; count += 1) enter('greedy')
  enter('polite')
  assert.is(order.length, 4)
  while (!order.includes('polite')) await turn()
  assert.ok(order.indexOf('polite') <= 5, `${order.indexOf('polite')} were before it`)
  while (order.length < 201) await turn()
})

test('of two who both want everything each gets half', async () => {
  const { order, enter, turn } = queueOf({ limit: 1000 })
  for (let count = 0; count < 100; count += 1) enter('a')
  for (let count = 0; count < 100; count += 1) enter('b')
  while (order.length < 104) await turn()
  const share = order.slice(4, 104).filter((flow) => flow === 'a').length
  assert.ok(share >= 48 && share <= 52, `${share} of 100`)
})

test('what costs more gets less often its turn', async () => {
  const { order, enter, turn } = queueOf({ limit: 1000 })
  for (let count = 0; count < 4; count += 1) enter('first')
  for (let count = 0; count < 50; count += 1) enter('lists', 8)
  for (let count = 0; count < 50; count += 1) enter('gets')
  while (order.filter((flow) => flow === 'gets').length < 50) await turn()
  const lists = order.filter((flow) => flow === 'lists').length
  assert.ok(lists >= 5 && lists <= 9, `${lists} lists beside 50 gets`)
})

test('who was away does not get what he left unused', async () => {
  const { order, enter, turn } = queueOf({ limit: 1000 })
  for (let count = 0; count < 60; count += 1) enter('a')
  while (order.length < 40) await turn()
  for (let count = 0; count < 20; count += 1) enter('b')
  const before = order.length
  while (order.length < before + 20) await turn()
  const share = order.slice(before, before + 20).filter((flow) => flow === 'a').length
  assert.ok(share >= 8, `a had ${share} of 20`)
})

test('no more are in flight than may, and each that leaves lets one in', async () => {
  const { queue, order, leaves, enter, turn } = queueOf({ limit: 2, turn: 100 })
  for (let count = 0; count < 5; count += 1) enter('a')
  for (let count = 0; count < 5; count += 1) await turn()
  assert.is(order.length, 2)
  assert.is(queue.waiting, 3)
  leaves[0]?.()
  await turn()
  assert.is(order.length, 3)
  assert.is(queue.inFlight, 2)
})

test('a full queue and a long wait are refusals; others do not notice', async () => {
  const { clock, queue, order, leaves, refused, enter, turn } = queueOf({ limit: 1, queue: 2 })
  for (const flow of ['a', 'a', 'a', 'a', 'b']) enter(flow)
  assert.equal(refused, ['a full'])
  await clock.advance(600)
  enter('b')
  await clock.advance(600)
  assert.equal(refused.slice(1).sort(), ['a late', 'a late', 'b late'])
  assert.is(queue.waiting, 1)
  leaves[0]?.()
  await turn()
  assert.equal(order, ['a', 'b'])
  await clock.advance(5000)
  assert.is(refused.length, 4)
})

test('who has gone away takes nobody his place', async () => {
  const { order, leaves, refused, enter, turn } = queueOf({ limit: 1 })
  enter('a')
  enter('gone', 1, () => true)
  enter('b')
  await turn()
  leaves[0]?.()
  await turn()
  assert.equal(order, ['a', 'b'])
  assert.equal(refused, ['gone late'])
})

test('closing lets nobody wait for ever, and leaves no timer', async () => {
  const { queue, refused, enter, turn } = queueOf({ limit: 1 })
  for (const flow of ['a', 'b', 'c']) enter(flow)
  queue.close()
  await turn()
  assert.equal(refused, ['b late', 'c late'])
  assert.is(queue.waiting, 0)
})
