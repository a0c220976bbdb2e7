/** The small parts by themselves. */
import fc from 'fast-check'
import { createVirtualClock } from '../kernel/host.js'
import { equalJson } from '../kinds/contract.js'
import type { Store } from '../store/contract.js'
import { assert, test } from '../testing/contract.js'
import type { NodeStreams } from './contract.js'
import { createEventLeases } from './event-leases.js'
import { segmentProblem } from './names.js'
import { createNodeConnections } from './node-connections.js'
import { decodeToken, encodeToken } from './pages.js'
import { timestamp } from './services.js'
import { at, copyTree, textAt } from './tree.js'

test('a copy is equal and shares nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const frozen = JSON.parse(JSON.stringify(value)) as unknown
      const copy = copyTree(frozen)
      assert.ok(equalJson(copy, frozen))
      if (typeof frozen === 'object' && frozen !== null) assert.is.not(copy, frozen)
    }),
  )
  const odd = '{"__proto__":"a key of a ConfigMap like any other"}'
  assert.is(JSON.stringify(copyTree(JSON.parse(odd))), odd)
})

test('values at a path', () => {
  assert.is(at({ a: { b: 3 } }, 'a', 'b'), 3)
  assert.is(at({ a: null }, 'a', 'b'), undefined)
  assert.is(textAt({ a: 3 }, 'a'), '')
})

test('tokens come back as they were, whatever the name', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.stringMatching(/^[a-z0-9.-]{3,20}$/), (revision, size, name) => {
      fc.pre(segmentProblem(name) === undefined)
      const token = { revision, size, after: `default/${name}` }
      assert.equal(decodeToken(encodeToken(token)), token)
    }),
  )
})

test('segments that would leave their place in a key are refused', () => {
  for (const value of ['.', '..', 'a/b', 'a%b', ' ', '', 'ü', 'a\nb', 'x'.repeat(254)]) assert.ok(segmentProblem(value), value)
  for (const value of ['a', 'a.b', 'system:node', 'x'.repeat(253)]) assert.is(segmentProblem(value), undefined)
})

test('time in whole seconds', () => {
  assert.is(timestamp(Date.UTC(2024, 0, 1) + 999), '2024-01-01T00:00:00Z')
  assert.is(timestamp(Date.UTC(2024, 0, 1) + 1000), '2024-01-01T00:00:01Z')
  assert.is(timestamp(Date.UTC(2024, 0, 1)), '2024-01-01T00:00:00Z')
})

test('an agent that registered again is not removed by the old one', () => {
  const connections = createNodeConnections()
  const [first, second] = [{} as NodeStreams, {} as NodeStreams]
  const remove = connections.register('n', first)
  const removeSecond = connections.register('n', second)
  remove()
  assert.is(connections.get('n'), second)
  removeSecond()
  removeSecond()
  assert.is(connections.get('n'), undefined)
})

test('one lease serves the events of a minute, and failures are not kept', async () => {
  const clock = createVirtualClock()
  const granted: number[] = []
  let broken = true
  const grantLease = async (ttl: number) => {
    if (broken) throw new Error('the disk is full')
    granted.push(ttl)
    return { id: String(granted.length), ttl }
  }
  const leases = createEventLeases({ grantLease } as unknown as Store, clock, 3600)
  await assert.rejects(Promise.resolve(leases.current()), 'disk is full')
  broken = false
  assert.equal(await Promise.all([leases.current(), leases.current()]), ['1', '1'])
  await clock.advance(59_000)
  assert.is(leases.current(), '1')
  await clock.advance(2_000)
  assert.is(await leases.current(), '2')
  assert.equal(granted, [3660, 3660])
  assert.is(createEventLeases({ grantLease } as unknown as Store, clock, 0).current(), undefined)
})
