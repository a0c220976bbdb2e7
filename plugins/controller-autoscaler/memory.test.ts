import { ApiHooksToken } from '@davit/core/api'
import { horizontalPodAutoscalers } from '@davit/core/client'
import { assert, suite, type TestContext } from '@davit/core/testing'
import { Memory } from './memory.js'
import { namespace, plane } from './testing.js'

const test = suite('autoscaler memory')
const sync = 15_000

/** Four Pods that were needed once and are not any more, 250 s later. */
async function idle(t: TestContext) {
  const at = await plane(t)
  await at.deployment('web', 4)
  await at.fill('web')
  at.used.set('web', { cpu: '80m' })
  await at.autoscaler('web')
  await at.pass(sync)
  at.used.set('web', { cpu: '20m' })
  await at.pass(235_000)
  return at
}

async function scaledAfter(at: Awaited<ReturnType<typeof idle>>): Promise<readonly number[]> {
  await at.pass(90_000)
  const early = await at.replicas('web')
  await at.pass(300_000)
  return [early, await at.replicas('web')]
}

test('an autoscaler that stays scales down when five minutes are over', async (t) => {
  const at = await idle(t)
  assert.equal(await scaledAfter(at), [1, 1])
})

test('one that is made again under its name while it is looked at begins anew', async (t) => {
  const at = await idle(t)
  let [isHeld, letGo] = [false, () => {}]
  const gate = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const { authorize } = at.kernel.get(ApiHooksToken)
  const untap = authorize.tap('a-gate', async ({ group, verb }) => {
    if (group !== 'metrics.k8s.io' || verb !== 'list') return undefined
    isHeld = true
    await gate
    return undefined
  })
  await at.pass(sync)
  assert.ok(isHeld, 'a look is under way')
  // Both are there before the next look: nobody sees that there was none.
  await at.client.delete(horizontalPodAutoscalers, namespace, 'web')
  await at.autoscaler('web')
  letGo()
  await at.quiet()
  untap()
  assert.equal(await scaledAfter(at), [4, 1], 'five minutes from its own beginning')
})

test('recommendations are kept for the longest window, changes for the longest period', () => {
  const memory = new Memory()
  memory.begin(5, 0)
  memory.begin(9, 0)
  const sizes = { current: 5, desired: 2 }
  const windows = { upMs: 0, downMs: 60_000 }
  assert.is(memory.stabilize(sizes, windows, 30_000).replicas, 5, 'what was found counts, and only the first time')
  assert.is(memory.stabilize(sizes, windows, 61_000).replicas, 2)
  const rules = { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] }
  memory.scaled(5, 3, rules, 61_000)
  memory.scaled(3, 4, rules, 62_000)
  memory.scaled(4, 2, rules, 122_000)
  assert.equal(memory.history(122_000), {
    ups: [{ change: 1, at: 62_000 }],
    downs: [{ change: 2, at: 122_000 }],
    now: 122_000,
  })
})
