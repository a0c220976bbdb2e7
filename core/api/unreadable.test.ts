/** A store that fails to read once: the resource is not lost for that. */
import { definePlugin, type PluginEntry } from '../kernel/contract.js'
import { type Store, StoreToken } from '../store/contract.js'
import { openMemoryStore } from '../store/host.js'
import { assert, test } from '../testing/contract.js'
import { configMap, startApi } from './testing.js'

function failing(store: Store, failures: { left: number }): Store {
  return new Proxy(store, {
    get(target, property) {
      const value = Reflect.get(target, property) as unknown
      if (typeof value !== 'function') return value
      if (property !== 'range') return value.bind(target)
      const range: Store['range'] = (options) => {
        if (!options.from.startsWith('/core/configmaps/') || failures.left === 0) return target.range(options)
        failures.left -= 1
        return Promise.reject(new Error('the disk did not answer'))
      }
      return range
    },
  })
}

test('after a load that failed the next request loads again', async (t) => {
  const failures = { left: 1 }
  const entry: PluginEntry = {
    plugin: definePlugin({
      id: 'store-memory',
      api: '^1.0',
      stage: 'store',
      provides: { store: StoreToken },
      async setup({ clock, log, defer }) {
        const store = await openMemoryStore({ clock, log })
        defer(() => store.close())
        return { provides: { store: failing(store, failures) } }
      },
    }),
  }
  const api = await startApi(t, { plugins: [entry] })
  const status = await api.refused('create', 'configmaps', { body: configMap('a') })
  assert.is(status.code, 500)
  await api.create('configmaps', configMap('a'))
  assert.is((await api.list('configmaps')).items.length, 1)
  assert.is(failures.left, 0)
})
