import fc from 'fast-check'
import { assert, test } from '../testing/contract.js'
import type { Version } from './history.js'
import { KeyIndex } from './key-index.js'

const head = {} as Version
const keyOf = (number: number): string => `/k/${String(number).padStart(6, '0')}`
const keysOf = (index: KeyIndex, from: string, to: string): string[] => {
  const keys: string[] = []
  index.between(from, to, (node) => keys.push(node.key))
  return keys
}

test('an empty index has nothing between', () => {
  assert.equal(keysOf(new KeyIndex(), '/', '0'), [])
  new KeyIndex().remove('/a')
})

test('keys come in order, however they were inserted and removed', () => {
  const change = fc.record({ key: fc.integer({ min: 0, max: 3_000 }), remove: fc.boolean() })
  const order = fc.constantFrom('mixed', 'rising', 'falling')
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 4_000, size: 'max' }),
      order,
      fc.nat(3_000),
      fc.nat(3_000),
      (changes, how, a, b) => {
        const index = new KeyIndex()
        const expected = new Set<string>()
        const sorted = how === 'mixed' ? changes : [...changes].sort((x, y) => (how === 'rising' ? x.key - y.key : y.key - x.key))
        for (const { key, remove } of sorted) {
          const name = keyOf(key)
          if (remove) {
            index.remove(name)
            expected.delete(name)
          } else if (index.get(name) === undefined) {
            index.insert({ key: name, head })
            expected.add(name)
          }
        }
        const all = [...expected].sort()
        assert.is(index.size, all.length)
        assert.equal(keysOf(index, '', '\uffff'), all)
        const [from, to] = [keyOf(Math.min(a, b)), keyOf(Math.max(a, b))]
        assert.equal(
          keysOf(index, from, to),
          all.filter((key) => key >= from && key < to),
        )
      },
    ),
    { numRuns: 60 },
  )
})

test('a hundred thousand keys go in and out cheaply, in any order', () => {
  const index = new KeyIndex()
  const count = 100_000
  const began = performance.now()
  for (let at = 0; at < count; at++) index.insert({ key: keyOf((at * 61_803) % count), head })
  assert.is(keysOf(index, '', '\uffff').length, count)
  for (let at = 0; at < count; at++) index.remove(keyOf((at * 7_919) % count))
  assert.is(index.size, 0)
  assert.equal(keysOf(index, '', '\uffff'), [])
  assert.ok(performance.now() - began < 3_000)
})
