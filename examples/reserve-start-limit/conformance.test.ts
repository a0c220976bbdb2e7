import { pods } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import type { Pod } from '@davit/core/kinds'
import { type CycleState, type PodInfo, Reserve, type ReservePolicy } from '@davit/core/scheduler'
import { assert, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const cycle: CycleState = { get: () => undefined, set: () => {} }
const requests = { milliCpu: 0, memory: 0, ephemeralStorage: 0, extended: new Map<string, number>() }
const info = (name: string): PodInfo => {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'web:1' }] },
  }
  return { pod, key: `default/${name}`, requests, priority: 0, hostPorts: [] }
}

async function limited(t: TestContext) {
  const asker = definePlugin({ id: 'asker', api: '^1.0', requires: { reserves: Reserve }, setup: async () => ({}) })
  const plane = await boot({ plugins: [{ plugin, config: { atOnce: 1 } }, { plugin: asker }] })
  t.defer(() => plane.stop())
  const [policy] = plane.kernel.bag(Reserve).all()
  assert.ok(policy)
  const policyOf: ReservePolicy = policy
  return { plane, reserve: (name: string, node: string) => policyOf.reserve(cycle, info(name), node), policy: policyOf }
}

test('each node has its own number of starts', async (t) => {
  const { reserve } = await limited(t)
  assert.is(reserve('a', 'one'), undefined)
  assert.equal(reserve('b', 'one'), { reason: 'node is starting 1 Pods already' })
  assert.is(reserve('b', 'two'), undefined)
})

test('what is undone may be undone again, and what never was', async (t) => {
  const { reserve, policy } = await limited(t)
  policy.unreserve(cycle, info('a'), 'one')
  assert.is(reserve('a', 'one'), undefined)
  for (const _time of [1, 2]) policy.unreserve(cycle, info('a'), 'one')
  assert.is(reserve('b', 'one'), undefined)
})

test('a Pod that runs, and one that goes, make room', async (t) => {
  const { plane, reserve } = await limited(t)
  const made = await plane.client.create(pods, info('a').pod)
  reserve('a', 'one')
  await plane.client.updateStatus(pods, { ...made, status: { phase: 'Running' } })
  await plane.clock.settle()
  assert.is(reserve('b', 'one'), undefined)
  await plane.client.create(pods, info('b').pod)
  await plane.client.delete(pods, 'default', 'b', { gracePeriodSeconds: 0 })
  await plane.clock.settle()
  assert.is(reserve('c', 'one'), undefined)
})
