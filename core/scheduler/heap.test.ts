import fc from 'fast-check'
import { assert, test } from '../testing/contract.js'
import { Heap } from './heap.js'

interface Item {
  rank: number
}
const byRank = (a: Item, b: Item) => a.rank < b.rank

function drained(heap: Heap<Item>): number[] {
  const ranks: number[] = []
  for (let item = heap.pop(); item; item = heap.pop()) ranks.push(item.rank)
  return ranks
}

test('gives the least first, whatever came and went', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.boolean())), (entries) => {
      const heap = new Heap<Item>(byRank)
      const kept: number[] = []
      for (const [rank, goes] of entries) {
        const item = { rank }
        heap.push(item)
        if (goes) assert.ok(heap.delete(item))
        else kept.push(rank)
      }
      assert.is(heap.size, kept.length)
      assert.equal(
        drained(heap),
        kept.sort((a, b) => a - b),
      )
    }),
  )
})

test('can delete from the middle', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer(), { minLength: 1 }), fc.nat(), (ranks, which) => {
      const items = ranks.map((rank) => ({ rank }))
      const heap = new Heap<Item>(byRank)
      for (const item of items) heap.push(item)
      const gone = items[which % items.length] as Item
      heap.delete(gone)
      assert.not(heap.has(gone))
      assert.equal(
        drained(heap),
        ranks.filter((rank) => rank !== gone.rank).sort((a, b) => a - b),
      )
    }),
  )
})

test('an item is in it once', () => {
  const heap = new Heap<Item>(byRank)
  const item = { rank: 1 }
  heap.push(item)
  heap.push(item)
  assert.is(heap.size, 1)
  assert.ok(heap.delete(item))
  assert.not(heap.delete(item))
  assert.is(heap.pop(), undefined)
})

test('is in order again after the order itself changed', () => {
  let sign = 1
  const heap = new Heap<Item>((a, b) => sign * (a.rank - b.rank) < 0)
  for (const rank of [3, 1, 4, 1, 5, 9, 2, 6]) heap.push({ rank })
  sign = -1
  heap.rebuild()
  assert.equal(drained(heap), [9, 6, 5, 4, 3, 2, 1, 1])
})
