import fc from 'fast-check'
import { assert, test } from '../../testing/contract.js'
import { equalJson } from '../equal.js'
import { metered } from './budget.js'
import { equals } from './equality.js'
import { durationOf, durationText, nanosOf, parseDuration } from './time.js'
import { escaped, type LazyMap, toCel, unescaped } from './values.js'

const same = (a: unknown, b: unknown): boolean => metered({ left: 1_000_000 }, () => equals(a, b))

test('values are equal where their JSON is', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      assert.is(same(toCel(a), toCel(a)), true)
      assert.is(same(toCel(a), toCel(b)), equalJson(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))))
    }),
  )
})

test('no number of JavaScript stands for a whole one, at whatever depth', () => {
  const integers = (value: unknown): boolean => {
    if (typeof value === 'number') return !Number.isInteger(value)
    if (Array.isArray(value)) return value.every(integers)
    return !(value instanceof Map) || [...value.keys()].every((key) => integers(value.get(key)))
  }
  fc.assert(fc.property(fc.jsonValue(), (json) => assert.ok(integers(toCel(json)))))
})

test('a map converts an entry when it is read, and once', () => {
  let reads = 0
  const raw = {
    get counted() {
      reads++
      return { a: 1 }
    },
    other: 'x',
  }
  const map = toCel(raw) as LazyMap
  assert.is(map.size, 2)
  assert.is(reads, 0)
  const first = map.get('counted')
  assert.is(map.get('counted'), first)
  assert.is(reads, 1)
  assert.is(map.get('toString'), undefined)
  assert.is(map.get('__proto__'), undefined)
})

test('names of fields come back as they were, and words of the language can be written', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z_./-][a-zA-Z0-9_./-]{0,20}$/), (name) => {
      const written = escaped(name)
      assert.ok(written !== undefined && /^[a-zA-Z0-9_]+$/.test(written), name)
      assert.is(unescaped(written), name)
    }),
  )
  assert.is(escaped('namespace'), '__namespace__')
  assert.is(escaped('a b'), undefined)
  assert.is(unescaped('x__dash__y'), 'x-y')
})

test('durations come back as they were', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), (nanos) => {
      const parsed = parseDuration(durationText(durationOf(nanos)))
      assert.ok(parsed)
      assert.is(nanosOf(parsed), nanos)
    }),
  )
  for (const text of ['', '1', 'h', '1h 1m', '1d', '--1s', '10000000h']) assert.is(parseDuration(text), undefined, text)
})
