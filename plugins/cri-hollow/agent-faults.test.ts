// @serial machine
import { pods } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { BackOffToken, type Runtime, type RuntimeDriver, RuntimeToken } from '@davit/core/node'
import type { TestContext } from '@davit/core/testing'
import { assert, test } from '@davit/core/testing'
import { createHollowDriver } from './hollow.js'
import { type Cluster, cluster, condition, eventually, isReady, node, nodeNamed, statusOf } from './testing.js'

interface Daemon {
  down: boolean
  /** It announces nothing: the agent has to look by itself. */
  silent: boolean
}

/** A hollow runtime behind a daemon that can go away: every call but `close` and `subscribe` fails then. */
function behindDaemon(daemon: Daemon) {
  return definePlugin({
    id: 'cri-faulty',
    api: '^1.0',
    provides: { runtime: RuntimeToken },
    async setup({ clock, random }) {
      const driver = createHollowDriver({ clock, random, config: { startMs: 0, jitter: 0, pullMs: 0 } })
      const runtime: RuntimeDriver = {
        ...driver,
        id: 'cri-faulty',
        open: async (context) => {
          if (daemon.down) throw new Error('connect ECONNREFUSED')
          return guarded(await driver.open(context), daemon)
        },
      }
      return { provides: { runtime } }
    },
  })
}

function guarded(runtime: Runtime, daemon: Daemon): Runtime {
  return new Proxy(runtime, {
    get(target, name: keyof Runtime) {
      // Also what is asked of it as if it were a promise.
      if (name === 'close' || typeof target[name] !== 'function') return target[name]
      if (name === 'subscribe') return daemon.silent ? () => undefined : target.subscribe
      const call = target[name] as (...args: unknown[]) => unknown
      return (...args: unknown[]) => (daemon.down ? Promise.reject(new Error('connect ECONNREFUSED')) : call(...args))
    },
  })
}

async function faulty(t: TestContext, daemon: Daemon): Promise<Cluster> {
  return cluster(t, { nodes: [node('one', { runtime: 'cri-faulty' })], plugins: [{ plugin: behindDaemon(daemon) }] })
}
const nodeIs = (plane: Cluster, status: string) =>
  eventually(plane, `the node is ready: ${status}`, 120_000, async () => {
    const ready = condition(await nodeNamed(plane.client, 'one'), 'Ready')
    return ready?.status === status ? ready : undefined
  })

test('a daemon that is not there yet is waited for', async (t) => {
  const daemon = { down: true, silent: false }
  const plane = await faulty(t, daemon)
  await plane.run('web')
  await plane.pass(5_000)
  assert.match((await nodeIs(plane, 'False')).message ?? '', 'ECONNREFUSED')
  daemon.down = false
  await nodeIs(plane, 'True')
  await plane.until('web', 'Ready', isReady)
})

test('each attempt to open a runtime that fails half-way lets go of what it had', async (t) => {
  const calls = { opened: 0, closed: 0, listening: 0 }
  const plugin = definePlugin({
    id: 'cri-half',
    api: '^1.0',
    provides: { runtime: RuntimeToken },
    async setup({ clock, random }) {
      const driver = createHollowDriver({ clock, random, config: { startMs: 0, jitter: 0, pullMs: 0 } })
      const open: RuntimeDriver['open'] = async (context) => {
        calls.opened += 1
        const attempt = calls.opened
        const runtime = await driver.open(context)
        const own: Partial<Runtime> = {
          version: () => (attempt === 1 ? Promise.reject(new Error('no version')) : runtime.version()),
          listSandboxes: () => (attempt === 2 ? Promise.reject(new Error('no list')) : runtime.listSandboxes()),
          subscribe: (listener) => {
            const undo = runtime.subscribe(listener)
            calls.listening += 1
            return () => {
              calls.listening -= 1
              undo?.()
            }
          },
          close: async () => {
            calls.closed += 1
            await runtime.close()
          },
        }
        return new Proxy(runtime, { get: (target, name: keyof Runtime) => own[name] ?? target[name] })
      }
      return { provides: { runtime: { ...driver, id: 'cri-half', open } } }
    },
  })
  const plane = await cluster(t, { nodes: [node('one', { runtime: 'cri-half' })], plugins: [{ plugin }] })
  await plane.run('web')
  await plane.until('web', 'Ready', isReady)
  assert.equal(calls, { opened: 3, closed: 2, listening: 1 })
  await plane.stop()
  assert.equal(calls, { opened: 3, closed: 3, listening: 0 })
})

test('a daemon that goes away makes the node not ready; what ran is found again', async (t) => {
  const daemon = { down: false, silent: false }
  const plane = await faulty(t, daemon)
  await plane.run('web')
  const before = await plane.until('web', 'Ready', isReady)
  daemon.down = true
  await plane.run('late')
  const ready = await nodeIs(plane, 'False')
  assert.is(ready.reason, 'KubeletNotReady')
  assert.match(ready.message ?? '', 'container runtime is down: connect ECONNREFUSED')
  await plane.pass(60_000)
  assert.is((await plane.pod('late')).status?.phase, 'Pending')
  daemon.down = false
  await nodeIs(plane, 'True')
  await plane.until('late', 'Ready', isReady)
  assert.equal(statusOf(await plane.pod('web')), statusOf(before))
})

test('a Pod that is deleted while the daemon is away ends when it is back', async (t) => {
  const daemon = { down: false, silent: false }
  const plane = await faulty(t, daemon)
  await plane.run('web')
  await plane.until('web', 'Ready', isReady)
  daemon.down = true
  await plane.client.delete(pods, 'default', 'web')
  await plane.pass(60_000)
  assert.ok((await plane.pod('web')).metadata.deletionTimestamp, 'it is not said to be gone while nobody knows')
  daemon.down = false
  await plane.gone('web')
})

test('a runtime that announces nothing is looked at once a minute', async (t) => {
  const plane = await faulty(t, { down: false, silent: true })
  await plane.run('web', { restartPolicy: 'Never' }, { 'run-ms': '10000', 'exit-code': '4' })
  await plane.until('web', 'Ready', isReady)
  const pod = await plane.until('web', 'Failed', (found) => found.status?.phase === 'Failed', 90_000)
  assert.is(statusOf(pod).state?.terminated?.exitCode, 4)
})

test('another back-off counts as soon as its plugin is there', async (t) => {
  const eager = definePlugin({
    id: 'back-off-eager',
    api: '^1.0',
    provides: { backOff: BackOffToken },
    setup: async () => ({ provides: { backOff: { delay: () => 0 } } }),
  })
  const plane = await cluster(t, { plugins: [{ plugin: eager }] })
  await plane.run('crash', {}, { 'run-ms': '1000', 'exit-code': '1' })
  await plane.until('crash', 'ten restarts', (pod) => (pod.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 10, 20_000)
})

test('what somebody else writes into a status at the same time stays', async (t) => {
  const plane = await cluster(t)
  await plane.run('web', {}, { 'start-ms': '2000' })
  const condition = { type: 'example.com/mine', status: 'True' }
  for (let turn = 0; turn < 20; turn += 1) {
    const pod = await plane.pod('web')
    const conditions = [
      ...(pod.status?.conditions ?? []).filter((item) => item.type !== condition.type),
      { ...condition, message: `${turn}` },
    ]
    await plane.client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions } })
    await plane.pass(200)
  }
  const pod = await plane.until('web', 'Ready', isReady)
  assert.is(pod.status?.conditions?.find((item) => item.type === 'example.com/mine')?.message, '19')
})

test('a hundred nodes run a thousand Pods in a moment, and all addresses differ', async (t) => {
  const nodes = Array.from({ length: 100 }, (_, index) => node(`node-${index}`, { podCidr: `10.1.${index}.0/24` }))
  const plane = await cluster(t, { nodes })
  await plane.pass(1_000)
  const began = performance.now()
  await Promise.all(Array.from({ length: 1_000 }, (_, index) => plane.run(`pod-${index}`, { nodeName: `node-${index % 100}` })))
  const items = await eventually(plane, 'all are ready', 60_000, async () => {
    const list = await plane.client.list(pods, { namespace: 'default' })
    return list.items.filter(isReady).length === 1_000 ? list.items : undefined
  })
  assert.is(new Set(items.map((pod) => pod.status?.podIP)).size, 1_000)
  assert.ok(performance.now() - began < 20_000, `it took ${Math.round(performance.now() - began)} ms`)
})
