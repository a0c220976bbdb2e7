import { assert, createVirtualClock, test } from '@davit/core/testing'
import type { ContainerInspectInfo } from 'dockerode'
import { inspectEnded } from './ending.js'

const state = (Status: string, ExitCode = 0, OOMKilled = false, Memory = 1024) =>
  ({ State: { Status, ExitCode, OOMKilled }, HostConfig: { Memory } }) as ContainerInspectInfo

const looks = (...states: (ContainerInspectInfo | undefined)[]) => looksAfter(0, ...states)

/**
 * What Docker says at each look, the last for good, of one that ended `ago` milliseconds before the first; how often it was
 * asked, and after how long it was clear.
 */
async function looksAfter(ago: number, ...states: (ContainerInspectInfo | undefined)[]) {
  const clock = createVirtualClock()
  const { signal } = new AbortController()
  const FinishedAt = new Date(clock.now() - ago).toISOString()
  for (const seen of states) if (seen) Object.assign(seen.State, { FinishedAt })
  const begun = clock.monotonic()
  let asked = 0
  let found: ContainerInspectInfo | undefined
  let over = false
  const ended = inspectEnded(async () => states[Math.min(asked++, states.length - 1)], clock, signal).then((last) => {
    found = last
    over = true
  })
  while (!over) await clock.advance(5)
  await ended
  return { found, asked, ms: clock.monotonic() - begun }
}

test('one that the kernel killed is waited for until Docker knows it', async () => {
  const killed = state('exited', 137, false)
  const { found, asked } = await looks(killed, killed, state('exited', 137, true))
  assert.equal([found?.State.OOMKilled, asked], [true, 3])
})

test('one that somebody else killed is told of after half a second', async () => {
  const { found, asked, ms } = await looks(state('exited', 137, false))
  assert.equal([found?.State.OOMKilled, asked], [false, 21])
  assert.ok(ms >= 500 && ms < 600, `${ms} ms`)
})

test('one that was killed before is waited for as long as is left, and one that was killed long ago not at all', async () => {
  assert.is((await looksAfter(400, state('exited', 137, false))).asked, 5)
  assert.is((await looksAfter(600, state('exited', 137, false))).asked, 1)
  assert.is((await looksAfter(-3_600_000, state('exited', 137, false))).asked, 21, 'its clock is ahead')
})

test('nobody is waited for once the node is closed', async () => {
  const clock = createVirtualClock()
  const stop = new AbortController()
  const killed = state('exited', 137, false)
  Object.assign(killed.State, { FinishedAt: new Date(clock.now()).toISOString() })
  const ended = inspectEnded(async () => killed, clock, stop.signal)
  await clock.settle()
  stop.abort(new Error('closed'))
  assert.match((await assert.rejects(ended)).message, 'closed')
})

for (const [name, seen] of [
  ['runs', state('running')],
  ['ended well', state('exited', 0)],
  ['failed', state('exited', 1)],
  ['was killed and has no limit', state('exited', 137, false, 0)],
  ['lacked memory', state('exited', 137, true)],
  ['is gone', undefined],
] as const) {
  test(`one that ${name} is told of at once`, async () => {
    const { found, asked } = await looks(seen)
    assert.equal([found, asked], [seen, 1])
  })
}

test('one that is removed while it is waited for is gone', async () => {
  const { found, asked } = await looks(state('exited', 137, false), undefined)
  assert.equal([found, asked], [undefined, 2])
})
