/** What a store that lies elsewhere does, and no embedded one: it is written to by others, and it may not answer. */
import { createClock } from '../kernel/clock.js'
import { createVirtualClock } from '../kernel/clock-virtual.js'
import { DavitError } from '../kernel/contract.js'
import type { Revision, Store, WatchSink } from '../store/contract.js'
import { openMemoryStore } from '../store/memory-engine.js'
import { assert, test } from '../testing/contract.js'
import { createWatchCaches } from './caches.js'
import { createRig, record, silent } from './testing.js'

interface Remote {
  readonly store: Store
  readonly sinks: WatchSink[]
  /** Refusals that the next questions for the newest revision get. */
  readonly refusals: DavitError[]
  /** The same for reads of ranges. */
  readonly unread: DavitError[]
}

/** A real store, of which a test can tell what only a remote one tells. */
async function remote(): Promise<Remote> {
  const store = await openMemoryStore({ clock: createClock(), log: silent })
  const sinks: WatchSink[] = []
  const refusals: DavitError[] = []
  const unread: DavitError[] = []
  const changed: Partial<Store> = {
    watch(options, sink) {
      const handle = store.watch(options, sink)
      const end = (error: Error): void => {
        handle.close()
        sink.end(error)
      }
      sinks.push({ ...sink, end })
      return handle
    },
    async current() {
      const refusal = refusals.shift()
      if (refusal) throw refusal
      return store.current()
    },
    async range(options) {
      const refusal = unread.shift()
      if (refusal) throw refusal
      return store.range(options)
    },
  }
  const proxy = new Proxy(store, {
    get(target, property) {
      const own = Reflect.get(changed, property)
      if (own !== undefined) return own
      const value = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { store: proxy, sinks, refusals, unread }
}

const unavailable = (): DavitError => new DavitError('DAVIT_STORE_UNAVAILABLE', 'it does not answer')
const compacted = (): DavitError => new DavitError('DAVIT_STORE_COMPACTED', 'compacted')

test('who waits for a revision hears of it where nothing that a cache holds was changed', async (t) => {
  const { store, sinks } = await remote()
  const rig = await createRig({ store })
  t.defer(() => rig.close())
  await rig.pods.ready
  await rig.put('a')
  let reached: Revision = 0
  const waiting = rig.pods.waitFor(7).then(() => {
    reached = rig.pods.revision
  })
  sinks[0]?.progress?.(5)
  assert.is(rig.pods.revision, 5)
  assert.is(reached, 0)
  sinks[0]?.progress?.(7)
  await waiting
  assert.is(reached, 7)
  assert.is(rig.pods.list().revision, 7)
  sinks[0]?.progress?.(6)
  assert.is(rig.pods.revision, 7)
})

test('a watch from where only another server has been begins as soon as this one gets there', async (t) => {
  const { store, sinks } = await remote()
  const clock = createVirtualClock()
  const rig = await createRig({ store, clock })
  t.defer(() => rig.close())
  await rig.pods.ready
  const seen = record(rig.pods, { after: 3, progressMs: 60_000 })
  const gone = record(rig.pods, { after: 3, progressMs: 60_000 })
  gone.close()
  await clock.advance(200_000)
  assert.equal(seen.marks, [])
  sinks[0]?.progress?.(3)
  await clock.advance(70_000)
  await seen.until(() => seen.marks.length > 0)
  assert.equal(seen.marks, [3])
  assert.equal(gone.marks, [])
})

test('history that is lost while the store does not answer is made good once it does', async (t) => {
  const { store, sinks, refusals } = await remote()
  const clock = createVirtualClock()
  const rig = await createRig({ store, clock })
  t.defer(() => rig.close())
  await rig.pods.ready
  await rig.put('a')
  const seen = record(rig.pods, { after: 0 })
  await clock.advance(1)
  refusals.push(unavailable(), unavailable(), unavailable())
  sinks[0]?.end(compacted())
  await clock.advance(1_500)
  assert.is(refusals.length, 1)
  assert.equal(seen.ends, [])
  await clock.advance(3_000)
  assert.is(refusals.length, 0)
  await rig.put('b')
  await clock.advance(1)
  await seen.events(2)
  assert.equal(seen.seen, ['ADDED a@1', 'ADDED b@2'])
  assert.equal(seen.ends, [])
})

test('a store that does not answer for long keeps nobody from closing, and one that failed is not waited for', async (t) => {
  const { store, sinks, refusals } = await remote()
  const clock = createVirtualClock()
  const rig = await createRig({ store, clock })
  t.defer(() => rig.close())
  await rig.pods.ready
  const seen = record(rig.pods, { after: 0 })
  refusals.push(unavailable(), unavailable())
  sinks[0]?.end(compacted())
  await clock.advance(10)
  rig.caches.close()
  await seen.until(() => seen.ends.length > 0)
  assert.is((seen.ends[0] as DavitError).code, 'DAVIT_STORE_CLOSED')
  assert.is(clock.pending, 0)

  const failing = await remote()
  const other = await createRig({ store: failing.store, clock })
  t.defer(() => other.close())
  await other.pods.ready
  const watch = record(other.pods, { after: 0 })
  failing.refusals.push(new DavitError('DAVIT_STORE_FAILED', 'for good'))
  failing.sinks[0]?.end(compacted())
  await watch.until(() => watch.ends.length > 0)
  assert.is((watch.ends[0] as DavitError).code, 'DAVIT_STORE_FAILED')
})

test('a load that the store does not answer is tried again until it does, the first one too', async (t) => {
  const { store, sinks, unread } = await remote()
  const clock = createVirtualClock()
  unread.push(unavailable(), unavailable())
  const { pods, caches, ...rig } = await createRig({ store, clock })
  t.defer(() => rig.close())
  await clock.advance(900)
  assert.is(unread.length, 1)
  await clock.advance(1_200)
  await pods.ready
  await rig.put('a')
  const seen = record(pods, { after: 0 })
  await clock.advance(1)
  unread.push(unavailable(), unavailable())
  sinks[0]?.end(compacted())
  const waiting = pods.waitFor(1)
  await clock.advance(900)
  assert.is(unread.length, 1)
  await clock.advance(1_200)
  await waiting
  await rig.put('b')
  await clock.advance(1)
  await seen.events(2)
  assert.equal(seen.seen, ['ADDED a@1', 'ADDED b@2'])
  unread.push(unavailable())
  sinks[1]?.end(compacted())
  await clock.advance(1)
  caches.close()
  assert.is(clock.pending, 0)
})

test('a cache that is made while the feed is interrupted loads once, and tells nothing of what was before', async (t) => {
  const { store, sinks, refusals } = await remote()
  const clock = createVirtualClock()
  const rig = await createRig({ store, clock })
  t.defer(() => rig.close())
  await rig.put('a')
  const answers: (() => void)[] = []
  const range: Store['range'] = async (options) => {
    const answer = await store.range(options)
    await new Promise<void>((resolve) => void answers.push(resolve))
    return answer
  }
  const slow = new Proxy(store, { get: (target, name) => (name === 'range' ? range : Reflect.get(target, name, target)) })
  const caches = await createWatchCaches({ store: slow, clock, log: silent })
  t.defer(() => caches.close())
  refusals.push(unavailable())
  sinks[1]?.end(compacted())
  await clock.advance(10)
  const pods = caches.cache('', 'pods')
  await clock.advance(1_500)
  assert.is(answers.length, 1)
  const written = await rig.put('b')
  answers.pop()?.()
  await pods.waitFor(written)
  const seen = record(pods, { after: pods.revision })
  while (answers.length > 0) answers.pop()?.()
  await clock.advance(10)
  await rig.put('c')
  await clock.advance(10)
  await seen.events(1)
  assert.equal(seen.seen, ['ADDED c@3'])
  assert.equal(
    pods.list().items.map(({ name }) => name),
    ['a', 'b', 'c'],
  )
})
