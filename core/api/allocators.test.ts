import { DavitError } from '../kernel/contract.js'
import type { Store, WatchSink } from '../store/contract.js'
import { openMemoryStore } from '../store/host.js'
import { assert, createTestServices, test } from '../testing/contract.js'
import { allocationPrefix, createPool, followPools } from './allocators.js'

const compacted = () => new DavitError('DAVIT_STORE_COMPACTED', 'compacted')
const unavailable = () => new DavitError('DAVIT_STORE_UNAVAILABLE', 'it does not answer')

/** Numbers from 0 to 9 over a real store, whose reads may be refused and whose watches may be cut off. */
async function following(t: { defer(undo: () => unknown): void }) {
  const { clock, log } = createTestServices()
  const engine = await openMemoryStore({ clock, log })
  t.defer(() => engine.close())
  const refusals: DavitError[] = []
  const cuts: (() => void)[] = []
  const watch: Store['watch'] = (options, sink: WatchSink) => {
    const handle = engine.watch(options, sink)
    cuts.push(() => {
      handle.close()
      sink.end(compacted())
    })
    return handle
  }
  const range: Store['range'] = async (options) => {
    const refusal = refusals.shift()
    if (refusal) throw refusal
    return engine.range(options)
  }
  const store = new Proxy(engine as Store, {
    get(target, name) {
      const value = Reflect.get({ watch, range }, name) ?? Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const prefix = `${allocationPrefix}test/`
  const pool = createPool({ prefix, size: 10, low: 0, name: String, index: Number })
  const followed = await followPools(store, clock, [pool])
  t.defer(() => followed.close())
  const take = (number: number) =>
    engine.transact({
      compare: [],
      operations: [{ type: 'put', key: `${prefix}${number}`, value: new Uint8Array() }],
    })
  return { clock, pool, followed, refusals, cuts, take }
}

test('what is taken is followed', async (t) => {
  const { clock, pool, take } = await following(t)
  await take(3)
  await clock.settle()
  assert.equal([pool.isTaken(3), pool.isTaken(4)], [true, false])
})

test('a watch that is too old is made good as soon as the store answers, and is followed from there', async (t) => {
  const { clock, pool, refusals, cuts, take } = await following(t)
  refusals.push(unavailable(), unavailable())
  cuts[0]?.()
  await take(3)
  await clock.advance(900)
  assert.equal([refusals.length, pool.isTaken(3)], [1, false])
  await clock.advance(1_200)
  assert.equal([refusals.length, pool.isTaken(3)], [0, true])
  await take(4)
  await clock.settle()
  assert.ok(pool.isTaken(4))
})

test('who closes it waits for no store', async (t) => {
  const { clock, followed, refusals, cuts } = await following(t)
  refusals.push(unavailable(), unavailable())
  cuts[0]?.()
  await clock.advance(500)
  followed.close()
  await clock.advance(5_000)
  assert.is(refusals.length, 1)
  assert.is(clock.pending, 0)
})
