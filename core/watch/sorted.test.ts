import fc from 'fast-check'
import { assert, test } from '../testing/contract.js'
import { SortedItems } from './sorted.js'

interface Item {
  readonly key: string
  readonly value: number
}

test('keeps order and answers with what it replaces', () => {
  const items = new SortedItems<Item>()
  assert.is(items.set({ key: 'b', value: 1 }), undefined)
  assert.is(items.set({ key: 'a', value: 2 }), undefined)
  assert.equal(items.set({ key: 'b', value: 3 }), { key: 'b', value: 1 })
  assert.equal(items.slice('', '~'), [
    { key: 'a', value: 2 },
    { key: 'b', value: 3 },
  ])
  assert.equal(items.delete('a'), { key: 'a', value: 2 })
  assert.is(items.delete('a'), undefined)
  assert.is(items.size, 1)
})

test('is empty again after clear', () => {
  const items = new SortedItems<Item>()
  items.set({ key: 'a', value: 1 })
  items.clear()
  assert.is(items.size, 0)
  assert.equal(items.slice('', '~'), [])
  assert.is(items.rank('z'), 0)
})

test('does what a sorted map does, whatever is asked of it', () => {
  const key = fc.integer({ min: 0, max: 3000 }).map((number) => `k${String(number).padStart(4, '0')}`)
  const step = fc.record({ key, kind: fc.constantFrom('set', 'set', 'set', 'delete') })
  const property = fc.property(fc.array(step, { maxLength: 2000 }), key, key, (steps, from, to) => {
    const items = new SortedItems<Item>()
    const model = new Map<string, Item>()
    for (const [value, { key, kind }] of steps.entries()) {
      if (kind === 'set') {
        const item = { key, value }
        assert.is(items.set(item), model.get(key))
        model.set(key, item)
      } else {
        assert.is(items.delete(key), model.get(key))
        model.delete(key)
      }
    }
    const expected = [...model.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
    const inside = expected.filter((item) => item.key >= from && item.key < to)
    assert.equal(items.slice('', '~'), expected)
    assert.equal(items.slice(from, to), inside)
    assert.is(items.rank(from), expected.filter((item) => item.key < from).length)
    assert.is(items.size, expected.length)
    const seen: Item[] = []
    items.scan(from, to, (item) => seen.push(item) < 5)
    assert.equal(seen, inside.slice(0, 5))
  })
  fc.assert(property, { numRuns: 40, seed: 7 })
})

test('takes 100,000 keys in any order, and gives them back in order', () => {
  const items = new SortedItems<Item>()
  const count = 100_000
  // A step that shares no factor with the count visits every number once, far from in order.
  for (let at = 0; at < count; at += 1) {
    const value = (at * 48_271) % count
    items.set({ key: `/core/pods/default/pod-${String(value).padStart(6, '0')}`, value })
  }
  const all = items.slice('', '~')
  assert.is(all.length, count)
  assert.ok(all.every((item, at) => item.value === at))
  assert.is(items.rank('/core/pods/default/pod-050000'), 50_000)
})
