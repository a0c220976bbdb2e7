import fc from 'fast-check'
import { createClock } from '../kernel/clock.js'
import { DavitError } from '../kernel/contract.js'
import type { Store, WatchSink } from '../store/contract.js'
import { openMemoryStore } from '../store/memory-engine.js'
import { assert, test } from '../testing/contract.js'
import type { ResourceCache } from './contract.js'
import { createRig, record, silent } from './testing.js'

/** A real store whose next watches can be cut off, as a store does whose history went away under a slow watcher. */
interface BreakableStore {
  readonly store: Store
  /** From here on the watches hear nothing. */
  mute(): void
  /** Ends the muted watches as compacted. */
  cut(): void
}

async function breakable(): Promise<BreakableStore> {
  const store = await openMemoryStore({ clock: createClock(), log: silent })
  const open = new Set<{ sink: WatchSink; close(): void }>()
  const watch: Store['watch'] = (options, sink) => {
    const handle = store.watch(options, sink)
    open.add({ sink, close: () => handle.close() })
    return handle
  }
  const proxy = new Proxy(store, {
    get(target, property) {
      if (property === 'watch') return watch
      const value = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return {
    store: proxy,
    mute: () => open.forEach((each) => void each.close()),
    cut() {
      const ended = [...open]
      open.clear()
      for (const { sink } of ended) sink.end(new DavitError('DAVIT_STORE_COMPACTED', 'compacted'))
    },
  }
}

const stateOf = (cache: ResourceCache): string[] => cache.list().items.map((item) => `${item.name}@${item.revision}`)

test('history that is lost is made good by the differences, in order of revision', async (t) => {
  const { store, mute, cut } = await breakable()
  const rig = await createRig({ store })
  t.defer(() => rig.close())
  await rig.pods.ready
  for (const name of ['gone', 'kept', 'changed', 'replaced']) await rig.put(name)
  const seen = record(rig.pods, { after: 0 })
  await seen.events(4)
  mute()
  await rig.put('changed', { spec: {} })
  await rig.remove('gone')
  await rig.put('new')
  await rig.remove('replaced')
  await rig.put('replaced')
  cut()
  await seen.events(9)
  await rig.put('after')
  await seen.events(10)
  assert.equal(seen.seen.slice(4), [
    'MODIFIED changed@5',
    'ADDED new@7',
    'DELETED gone@9',
    'DELETED replaced@9',
    'ADDED replaced@9',
    'ADDED after@10',
  ])
  assert.equal(stateOf(rig.pods), ['after@10', 'changed@5', 'kept@2', 'new@7', 'replaced@9'])
  assert.is(rig.pods.revision, 10)
})

test('a second loss while the first load runs leaves a cache that is whole', async (t) => {
  const { store, mute, cut } = await breakable()
  const rig = await createRig({ store, pageSize: 1 })
  t.defer(() => rig.close())
  await rig.put('a')
  await rig.put('b')
  mute()
  cut()
  await rig.put('c')
  mute()
  cut()
  await rig.pods.ready
  await rig.pods.waitFor(3)
  assert.equal(stateOf(rig.pods), ['a@1', 'b@2', 'c@3'])
})

type Step = { readonly kind: 'put' | 'remove' | 'subscribe' | 'break'; readonly name: string }

test('whatever is written and lost, every watcher ends with the state of the store', async () => {
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom('put', 'put', 'put', 'remove', 'subscribe', 'break'),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  })
  const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
    const { store, mute, cut } = await breakable()
    const rig = await createRig({ store, ring: { changes: 8, bytes: 1e9 } })
    await rig.pods.ready
    const watchers: ReturnType<typeof replica>[] = []
    for (const { kind, name } of steps) {
      if (kind === 'put') await rig.put(name)
      else if (kind === 'remove') await rig.remove(name)
      else if (kind === 'subscribe') watchers.push(replica(rig.pods))
      else {
        mute()
        await rig.put(name, { lost: true })
        cut()
      }
    }
    const last = await rig.put('last')
    await rig.pods.waitFor(last)
    for (const watcher of watchers) {
      await watcher.seen.until(() => watcher.seen.batches.some((batch) => batch.upTo >= last))
      assert.equal([...watcher.state()].sort(), stateOf(rig.pods))
    }
    await rig.close()
  })
  await fc.assert(property, { numRuns: 60, seed: 5 })
})

/** A watcher that keeps the state as a client would: list, then events. Order and doubles show as errors. */
function replica(cache: ResourceCache) {
  const { items, revision } = cache.list()
  const seen = record(cache, { after: revision })
  return {
    seen,
    state(): string[] {
      const held = new Map(items.map((item) => [item.name, item.revision]))
      let reached = revision
      for (const { type, item } of seen.batches.flatMap((batch) => batch.events)) {
        assert.ok(item.revision >= reached, `${type} ${item.name}@${item.revision} after ${reached}`)
        assert.is(held.has(item.name), type !== 'ADDED', `${type} ${item.name}`)
        reached = item.revision
        if (type === 'DELETED') held.delete(item.name)
        else held.set(item.name, item.revision)
      }
      return [...held].map(([name, at]) => `${name}@${at}`)
    },
  }
}
