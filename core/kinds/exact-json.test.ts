import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { assert, test } from '../testing/contract.js'
import { formatJson, integerOf, parseJson } from './exact-json.js'

const most = 2n ** 63n - 1n
const least = -(2n ** 63n)

/** As trees have it: numbers where they are exact, and no zero with a sign, which JSON's texts do not keep. */
const leaf = fc.oneof(
  fc.bigInt({ min: least, max: most }).map(integerOf),
  fc.integer().map((value) => value || 0),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value || 0),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('9007199254740993', '"9007199254740993,', '\\', '\\"', '', ' 12345678901234567890 ', '[1234567890123456]'),
)
const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', '9007199254740993', '1', '', 'a"b', 'constructor'))
const tree = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('node')), { maxLength: 4 }).map(own),
  ),
})).node

function own(entries: [string, unknown][]): object {
  const object = {}
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
  }
  return object
}

test('every tree comes back as it was, indented or not', () => {
  const holds = fc.property(tree, fc.constantFrom(0, 2), (value, indent) => {
    assert.ok(isDeepStrictEqual(parseJson(formatJson(value, indent)), value))
  })
  fc.assert(holds, { numRuns: 400 })
})

test('the text is what JSON.stringify would write, with the digits of its integers', () => {
  const marked = (value: unknown, indent: number): string =>
    JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `int:${part}:` : part), indent)
  const holds = fc.property(tree, fc.constantFrom(0, 2), (value, indent) => {
    assert.is(formatJson(value, indent), marked(value, indent).replace(/"int:(-?\d+):"/g, '$1'))
  })
  fc.assert(holds, { numRuns: 400 })
})

test('a text without long integers is read as JSON.parse reads it', () => {
  const holds = fc.property(fc.json(), fc.boolean(), (text, pretty) => {
    const shown = pretty ? JSON.stringify(JSON.parse(text), null, 2) : text
    assert.equal(parseJson(shown), JSON.parse(shown))
  })
  fc.assert(holds, { numRuns: 300 })
})

test('an integer is a bigint from where a number would not hold it to where an int64 ends', () => {
  const numbers = ['9007199254740992', '-9007199254740994', '0', '-1', '1234567890123456', '100000000000000000']
  const integers = ['9007199254740993', '9007199254740995', '-9007199254740993', `${most}`, `${least}`, `${2n ** 60n}`]
  const floats = ['9223372036854775808', '-9223372036854775809', '12345678901234567890123', '1.5e300', '12345678901234567.5']
  const powers = ['12345678901234567e2', '1e18', '0.1234567890123456789', '-0.00000000000000001']
  for (const text of [...numbers, ...floats, ...powers]) assert.is(parseJson(text), Number(text), text)
  for (const text of integers) {
    assert.is(parseJson(text), BigInt(text))
    for (const before of ['', ' ', '\n\t', '      ', '               ']) {
      for (const after of ['', ' ', '\r\n']) {
        assert.equal(parseJson(`{"a":[${before}${text}${after},1,{"b":${before}${text}${after}}]}`), {
          a: [BigInt(text), 1, { b: BigInt(text) }],
        })
      }
    }
    assert.is(formatJson(BigInt(text)), text)
  }
})

test('wherever in a text a long integer lies, it is found', () => {
  for (let shift = 0; shift < 40; shift++) {
    for (const digits of ['9007199254740993', '-9223372036854775807']) {
      assert.equal(parseJson(`{"${'x'.repeat(shift)}":${digits}}`), { ['x'.repeat(shift)]: BigInt(digits) })
      // Behind a run that stands in a string and hides nothing.
      assert.equal(parseJson(`["${'1'.repeat(shift)}",${digits}]`), ['1'.repeat(shift), BigInt(digits)])
    }
  }
})

test('digits in strings and keys are text', () => {
  const value = { '9007199254740993': '9007199254740993', 'a\\': '\\"9007199254740993', b: 'x 9007199254740993, y', c: 1 }
  assert.equal(parseJson(JSON.stringify(value)), value)
  assert.equal(parseJson(`{"s":"9007199254740993 ","n":9007199254740993}`), { s: '9007199254740993 ', n: 9007199254740993n })
})

test('of keys that stand twice the last counts, and __proto__ is a key', () => {
  assert.equal(parseJson('{"a":1,"a":9007199254740993}'), { a: 9007199254740993n })
  const object = parseJson('{"__proto__":{"a":9007199254740993}}') as object
  assert.is(Object.getPrototypeOf(object), Object.prototype)
  assert.equal(Object.keys(object), ['__proto__'])
  assert.is(formatJson(object), '{"__proto__":{"a":9007199254740993}}')
})

test('what is no JSON is refused as JSON.parse refuses it', () => {
  for (const text of ['', '{"a":9007199254740993', '[9007199254740993,]', '[09007199254740993]', '[9007199254740993 1]', 'nul']) {
    assert.throws(
      () => parseJson(text),
      (error: unknown) => error instanceof SyntaxError,
      text,
    )
  }
})

test('undefined fields are left out, and undefined elements are null', () => {
  assert.is(formatJson({ a: undefined, b: 2n ** 60n, c: [undefined] }), '{"b":1152921504606846976,"c":[null]}')
  assert.is(formatJson({ a: { b: {} }, c: [] }, 2), JSON.stringify({ a: { b: {} }, c: [] }, null, 2))
})

test('what is no tree is an error, with bigints or without', () => {
  const circle: Record<string, unknown> = { a: 2n ** 53n }
  circle.b = circle
  assert.throws(
    () => formatJson(circle),
    (error: unknown) => error instanceof Error,
  )
})

test('a text of digits alone is gone through once', () => {
  const digits = '1'.repeat(4_000_000)
  assert.equal(parseJson(`["${digits}"]`), [digits])
})
