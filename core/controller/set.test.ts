import { configMaps } from '../client/contract.js'
import type { Bag } from '../kernel/contract.js'
import { assert, createTestServices, type TestContext, test } from '../testing/contract.js'
import type { Controller } from './contract.js'
import { ControllerRunner, type RunnerServices } from './runner.js'
import { ControllerSet } from './set.js'
import { controlPlane } from './testkit.js'

/** Controllers that tell when they start and stop, and what runs them. */
async function stage(t: TestContext, settled: RunnerServices['settled'] = async () => undefined) {
  const { clients, clock } = await controlPlane(t, [])
  const { random, ids, log } = createTestServices()
  const told: string[] = []
  const named = (name: string): Controller => ({
    name,
    watches: [],
    start: (host) => {
      host.informer(configMaps)
      told.push(`${name} starts`)
    },
    stop: () => void told.push(`${name} stops`),
    reconcile: async () => undefined,
  })
  return { told, named, services: { clients, clock, random, ids, log, settled } }
}

/** Contributions that come one by one. */
function bag(...first: Controller[]): Bag<Controller> & { add(controller: Controller): void } {
  const present = [...first]
  const listeners = new Set<() => void>()
  return {
    all: () => present,
    entries: () => present.map((value) => ({ owner: 'test', value })),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    add(controller) {
      present.push(controller)
      for (const listener of listeners) listener()
    },
  }
}

test('what is stopped before it starts does not start', async (t) => {
  const { told, named, services } = await stage(t)
  const runner = new ControllerRunner(named('late'), { ...services, actor: 'test@1' })
  await runner.stop()
  await runner.start()
  assert.equal(told, ['late stops'])
})

test('a controller that comes while the others start is started, and stopped with them', async (t) => {
  let letGo = (): void => undefined
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const { told, named, services } = await stage(t, () => held)
  const controllers = bag(named('first'))
  const set = new ControllerSet({ ...services, controllers, version: '1' })
  const started = set.start()
  controllers.add(named('second'))
  letGo()
  await started
  assert.equal(told, ['first starts', 'second starts'])
  await set.stop()
  controllers.add(named('third'))
  assert.equal(told.slice(2).sort(), ['first stops', 'second stops'])
})
