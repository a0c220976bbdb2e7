import { assert, createVirtualClock, test } from '@davit/core/testing'
import type { ContainerInspectInfo } from 'dockerode'
import { inspectEnded } from './ending.js'

const state = (Status: string, ExitCode = 0, OOMKilled = false, Memory = 1024) =>
  ({ State: { Status, ExitCode, OOMKilled }, HostConfig: { Memory } }) as ContainerInspectInfo

/** What Docker says at each look, the last for good; how often it was asked, and after how long it was clear. */
async function looks(...states: (ContainerInspectInfo | undefined)[]) {
  const clock = createVirtualClock()
  const begun = clock.monotonic()
  let asked = 0
  let found: ContainerInspectInfo | undefined
  let over = false
  const ended = inspectEnded(async () => states[Math.min(asked++, states.length - 1)], clock).then((last) => {
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
