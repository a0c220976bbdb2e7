import { assert, createTestServices, test } from '../testing/contract.js'
import type { ProxyState } from './contract.js'
import { Syncer } from './syncer.js'
import { recorder } from './testing.js'

async function syncing() {
  const { clock, log, lines } = createTestServices()
  const mode = recorder()
  let revision = 1
  let state: ProxyState = { revision, services: [] }
  const syncer = new Syncer({
    mode: await mode.open({ nodeName: 'one', addresses: [], clusterCidr: '' }),
    state: () => state,
    clock,
    log,
    gatherMs: 5,
  })
  const change = () => {
    revision += 1
    state = { revision, services: [] }
    syncer.wake()
  }
  const revisions = () => mode.states.map((each) => each.revision)
  return { clock, lines, mode, syncer, change, revisions }
}

test('gathers what comes close together into one call', async () => {
  const { clock, syncer, change, revisions } = await syncing()
  syncer.wake()
  await clock.advance(4)
  assert.equal(revisions(), [])
  change()
  change()
  await clock.advance(1)
  assert.equal(revisions(), [3])
  assert.is(clock.pending, 0)
})

test('a state that is there already is not programmed again', async () => {
  const { clock, syncer, revisions } = await syncing()
  syncer.wake()
  await clock.advance(5)
  syncer.wake()
  await clock.advance(100)
  assert.equal(revisions(), [1])
})

test('one call at a time; what comes meanwhile is one call after it', async () => {
  const { clock, mode, syncer, change, revisions } = await syncing()
  let open: () => void = () => undefined
  mode.gate = new Promise((resolve) => {
    open = resolve
  })
  syncer.wake()
  await clock.advance(5)
  for (let count = 0; count < 3; count += 1) {
    change()
    await clock.advance(50)
  }
  assert.equal(revisions(), [1])
  open()
  await clock.advance(5)
  assert.equal(revisions(), [1, 4])
})

test('a failure is tried again, later each time, with the newest state', async () => {
  const { clock, mode, lines, change, revisions } = await syncing()
  mode.failures = 3
  change()
  await clock.advance(5)
  change()
  await clock.advance(249)
  assert.equal(revisions(), [2])
  await clock.advance(1)
  assert.equal(revisions(), [2, 3])
  await clock.advance(500 + 1000)
  assert.equal(revisions(), [2, 3, 3, 3])
  assert.equal(
    lines.map(({ fields }) => fields.retryMs),
    [250, 500, 1000],
  )
  await clock.advance(60_000)
  assert.is(revisions().length, 4)
})

test('the wait between failures has a bound', async () => {
  const { clock, mode, lines, change } = await syncing()
  mode.failures = 12
  change()
  await clock.advance(300_000)
  assert.is(Math.max(...lines.map(({ fields }) => Number(fields.retryMs))), 30_000)
})

test('stopping waits for the call under way and begins no other', async () => {
  const { clock, mode, syncer, change, revisions } = await syncing()
  let open: () => void = () => undefined
  mode.gate = new Promise((resolve) => {
    open = resolve
  })
  mode.failures = 1
  syncer.wake()
  await clock.advance(5)
  change()
  let stopped = false
  const stopping = syncer.stop().then(() => {
    stopped = true
  })
  await clock.settle()
  assert.not(stopped)
  open()
  await stopping
  change()
  await clock.advance(60_000)
  assert.equal(revisions(), [1])
  assert.is(clock.pending, 0)
})
