import fc from 'fast-check'
import { assert } from '../../testing/contract.js'
import type { Compare, Operation, Revision, Store, TransactionResult } from '../contract.js'
import { bytes, everything, type Kit, lineOf, record, text } from './kit.js'

/** The contract, said as simply as it can be. */
class Model {
  revision: Revision = 0
  readonly states: Map<string, { readonly value: string; readonly revision: Revision; readonly created: Revision }>[] = [
    new Map(),
  ]
  readonly events: string[] = []

  apply(compare: readonly Compare[], operations: readonly Operation[]): { readonly ok: boolean; readonly revision: Revision } {
    const state = new Map(this.states.at(-1))
    if (compare.some(({ key, revision }) => (state.get(key)?.revision ?? 0) !== revision))
      return { ok: false, revision: this.revision }
    const changes = operations.filter(({ type, key }) => type === 'put' || state.has(key))
    if (changes.length === 0) return { ok: true, revision: this.revision }
    const revision = ++this.revision
    for (const operation of changes) {
      const { key } = operation
      if (operation.type === 'put') {
        const value = text(operation.value) ?? ''
        state.set(key, { value, revision, created: state.get(key)?.created ?? revision })
        this.events.push(`${revision} ${key}=${value}`)
      } else {
        state.delete(key)
        this.events.push(`${revision} -${key}`)
      }
    }
    this.states.push(state)
    return { ok: true, revision }
  }

  show(revision: Revision): string[] {
    const state = this.states[revision] ?? new Map()
    return [...state].map(([key, at]) => `${key}=${at.value} ${at.revision} ${at.created}`).sort()
  }
}

async function show(store: Store, revision: Revision): Promise<string[]> {
  const { entries } = await store.range({ ...everything, revision })
  return entries.map(({ key, value, revision: at, created }) => `${key}=${text(value)} ${at} ${created}`)
}

const key = fc.integer({ min: 0, max: 6 }).map((number) => `/k/${number}`)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(key, fc.nat(99)).map(([at, value]): Operation => ({ type: 'put', key: at, value: bytes(`${value}`) })),
  },
  { weight: 1, arbitrary: key.map((at): Operation => ({ type: 'delete', key: at })) },
)
/** A comparison that holds when it is made, or one that is most likely wrong. */
const comparison = fc.tuple(key, fc.boolean())
const step = fc.record({
  compare: fc.uniqueArray(comparison, { maxLength: 2, selector: ([at]) => at }),
  operations: fc.uniqueArray(operation, { maxLength: 4, selector: (one) => one.key }),
  relaxed: fc.boolean(),
  /** How many are sent before the answers are awaited. */
  wait: fc.boolean(),
})

export function modelCases(kit: Kit): void {
  kit.test('any transactions, many at once, do what the model does', async ({ open }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const store = await open()
        const model = new Model()
        const watch = record(store, 0)
        const results: Promise<TransactionResult>[] = []
        const expected: unknown[] = []
        for (const { compare, operations, relaxed, wait } of steps) {
          const compares = compare.map(([at, right]) => {
            const present = model.states.at(-1)?.get(at)?.revision ?? 0
            return { key: at, revision: right ? present : present + 1 }
          })
          expected.push(model.apply(compares, operations))
          results.push(store.transact({ compare: compares, operations, durability: relaxed ? 'relaxed' : 'durable' }))
          if (wait || kit.supports.remote) await results.at(-1)
        }
        const answers = await Promise.all(results)
        assert.equal(
          answers.map(({ ok, revision }) => ({ ok, revision })),
          expected,
        )
        for (let revision = 0; revision <= model.revision; revision++)
          assert.equal(await show(store, revision), model.show(revision))
        await watch.reached(model.revision)
        assert.equal(watch.events.map(lineOf), model.events)
        await store.close()
      }),
      { numRuns: kit.times(kit.supports.durable ? 40 : 150) },
    )
  })

  kit.test('a counter that many raise by comparing loses no step', async ({ store }) => {
    const workers = 12
    const rounds = kit.times(25)
    const worker = async (): Promise<void> => {
      for (let done = 0; done < rounds; ) {
        const before = await store.get('/counter')
        const value = bytes(`${Number(text(before?.value) ?? 0) + 1}`)
        const compare = [{ key: '/counter', revision: before?.revision ?? 0 }]
        const result = await store.transact({ compare, operations: [{ type: 'put', key: '/counter', value }] })
        if (result.ok) done++
      }
    }
    await Promise.all(Array.from({ length: workers }, worker))
    assert.is(text((await store.get('/counter'))?.value), `${workers * rounds}`)
    assert.is(await store.current(), workers * rounds)
  })
}
