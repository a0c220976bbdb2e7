import { join } from 'node:path'
import type { AnyPlugin, Kernel } from '../kernel/contract.js'
import { bootKernel, createIds, createRandom, createVirtualClock, silentLogger } from '../kernel/host.js'
import { assert, test } from '../testing/contract.js'
import { StoreToken } from './contract.js'
import { openLevelStore, storeLevel, storeMemory } from './host.js'
import { put, rejectsWith, silentLog, text, write } from './testkit/kit.js'

function boot(plugin: AnyPlugin, config: unknown): Promise<Kernel> {
  const services = { clock: createVirtualClock(), random: createRandom(), ids: createIds(), log: silentLogger }
  return bootKernel([{ plugin, config }], services)
}

test('store-memory boots without configuration and gives its token', async () => {
  const kernel = await boot(storeMemory, {})
  const store = kernel.get(StoreToken)
  assert.is(await write(store, put('/a', '1')), 1)
  assert.equal({ ...store.supports }, { ...storeMemory.supports })
  await kernel.stop()
  await rejectsWith('DAVIT_STORE_CLOSED', store.current())
})

test('store-level starts and stops ten times on one directory and leaves nothing held', async (context) => {
  const path = join(await context.directory(), 'data')
  for (let round = 1; round <= 10; round++) {
    const kernel = await boot(storeLevel, { path })
    const store = kernel.get(StoreToken)
    assert.equal({ ...store.supports }, { ...storeLevel.supports })
    assert.is(await write(store, put('/a', `${round}`)), round)
    await kernel.stop()
  }
  const store = await openLevelStore({ clock: createVirtualClock(), log: silentLog, directory: path })
  assert.is(text((await store.get('/a'))?.value), '10')
  await store.close()
})

test('a reload finds the store open, and takes over what is retained', async (context) => {
  const path = await context.directory()
  const kernel = await boot(storeLevel, { path })
  const store = kernel.get(StoreToken)
  for (let at = 0; at < 100; at++) await write(store, put('/a', `${at}`))
  assert.is(store.compacted, 0)
  await kernel.reload('store-level', { plugin: storeLevel, config: { path, retainRevisions: 10, retainSeconds: 0 } })
  assert.is(kernel.get(StoreToken), store)
  for (let at = 0; at < 100; at++) await write(store, put('/a', `${at}`))
  await store.compact(store.compacted)
  assert.ok(store.compacted >= 100)
  await kernel.stop()
})

test('a locked directory fails the boot with the reason', async (context) => {
  const path = await context.directory()
  const kernel = await boot(storeLevel, { path })
  const error = await boot(storeLevel, { path }).then(
    () => undefined,
    (thrown: Error) => thrown,
  )
  assert.ok(error?.message.includes(path))
  await kernel.stop()
})

for (const config of [
  {},
  { path: '' },
  { path: '/x', cacheSize: -1 },
  { path: '/x', retainRevisions: 0 },
  { path: '/x', nope: 1 },
]) {
  test(`store-level refuses the configuration ${JSON.stringify(config)}`, () =>
    rejectsWith('DAVIT_CONFIG_INVALID', boot(storeLevel, config)))
}
