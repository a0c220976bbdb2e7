/** A cache that hears of commits late, as over a store on another machine: nothing acknowledged may be missed or lost. */
import { definePlugin, type PluginEntry } from '../kernel/contract.js'
import { type Store, StoreToken } from '../store/contract.js'
import { openMemoryStore } from '../store/host.js'
import { assert, type TestContext, test } from '../testing/contract.js'
import { type Api, configMap, pod, startApi } from './testing.js'

const lateMs = 3

/** The memory engine, whose watchers are told of each commit `lateMs` after it, in order. */
function late(store: Store): Store {
  return new Proxy(store, {
    get(target, property) {
      if (property !== 'watch') {
        const value = Reflect.get(target, property) as unknown
        return typeof value === 'function' ? value.bind(target) : value
      }
      const watch: Store['watch'] = (options, sink) => {
        let open = true
        const handle = target.watch(options, {
          events: (events, upTo) => void setTimeout(() => open && sink.events(events, upTo), lateMs),
          end: (error) => sink.end(error),
        })
        return {
          close() {
            open = false
            handle.close()
          },
        }
      }
      return watch
    },
  })
}

const lateStore: PluginEntry = {
  plugin: definePlugin({
    id: 'store-memory',
    api: '^1.0',
    stage: 'store',
    provides: { store: StoreToken },
    async setup({ clock, log, defer }) {
      const store = await openMemoryStore({ clock, log })
      defer(() => store.close())
      return { provides: { store: late(store) } }
    },
  }),
}
const start = (t: TestContext): Promise<Api> => startApi(t, { plugins: [lateStore] })

test('reads without a version see the write before', async (t) => {
  const api = await start(t)
  const made = await api.create('configmaps', configMap('a'))
  assert.equal(await api.get('configmaps', 'a'), made)
  const changed = await api.update('configmaps', configMap('a', { n: '1' }))
  assert.equal((await api.list('configmaps')).items[0]?.object, changed)
  await api.object('delete', 'configmaps', { name: 'a' })
  assert.is((await api.refused('get', 'configmaps', { name: 'a' })).code, 404)
})

test('writes on what was just written find it', async (t) => {
  const api = await start(t)
  const made = await api.create('pods', pod('a'))
  await api.update('pods', { ...made, metadata: { ...made.metadata, labels: { a: 'b' } } })
  await api.object('create', 'pods/binding', { name: 'a', body: { target: { kind: 'Node', name: 'n' } } })
  const marked = await api.object('delete', 'pods', { name: 'a' })
  assert.is(marked.metadata.deletionGracePeriodSeconds, 30)
  await api.object('delete', 'pods', { name: 'a', query: { gracePeriodSeconds: '0' } })
  assert.is((await api.refused('delete', 'pods', { name: 'a' })).code, 404)
  await api.create('pods', pod('a'))
})

test('a conditional update with the newest version succeeds, with an older one it is 409', async (t) => {
  const api = await start(t)
  const first = await api.create('configmaps', configMap('a'))
  const second = await api.update('configmaps', { ...first, data: { n: '1' } })
  const third = await api.update('configmaps', { ...second, data: { n: '2' } })
  assert.equal(third.data, { n: '2' })
  assert.is((await api.refused('update', 'configmaps', { name: 'a', body: second })).code, 409)
})

test('patches on an old copy are made again on the newest one', async (t) => {
  const api = await start(t)
  await api.create('configmaps', configMap('a'))
  await Promise.all(['a', 'b', 'c'].map((key) => api.merge('configmaps', 'a', { data: { [key]: '1' } })))
  assert.equal(Object.keys((await api.get('configmaps', 'a')).data as object).sort(), ['a', 'b', 'c'])
})

test('a namespace that was just made takes objects', async (t) => {
  const api = await start(t)
  await api.create('namespaces', { metadata: { name: 'team' } })
  await api.create('configmaps', configMap('a'), { namespace: 'team' })
})

test('services that pick at the same time never share an address', async (t) => {
  const api = await start(t)
  const names = Array.from({ length: 20 }, (_, index) => `s${index}`)
  const made = await Promise.all(
    names.map((name) => api.create('services', { metadata: { name }, spec: { ports: [{ port: 80 }] } })),
  )
  assert.is(new Set(made.map(({ spec }) => (spec as { clusterIP: string }).clusterIP)).size, 20)
})
