import { assert, test } from '@davit/core/testing'
import * as fc from 'fast-check'
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  quantityToMilli,
  quantityToNumber,
  roundUpToMilli,
  subtractQuantities,
} from './quantity.js'

const canonical: [text: string, want: string][] = [
  ['0', '0'],
  ['-0', '0'],
  ['0Ki', '0'],
  ['1', '1'],
  ['+1', '1'],
  ['-1', '-1'],
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['0.5', '500m'],
  ['.5', '500m'],
  ['5.', '5'],
  ['1.0', '1'],
  ['0.1', '100m'],
  ['1.25', '1250m'],
  ['100m', '100m'],
  ['250u', '250u'],
  ['1000000u', '1'],
  ['1n', '1n'],
  ['0.1n', '1n'],
  ['-0.1n', '-1n'],
  ['1.0000000001', '1000000001n'],
  ['1000', '1k'],
  ['1000k', '1M'],
  ['1500k', '1500k'],
  ['1E', '1E'],
  ['1000P', '1E'],
  ['123456789', '123456789'],
  ['1024', '1024'],
  ['1Ki', '1Ki'],
  ['1024Ki', '1Mi'],
  ['1536Mi', '1536Mi'],
  ['1.5Gi', '1536Mi'],
  ['2048Mi', '2Gi'],
  ['0.5Gi', '512Mi'],
  ['0.5Mi', '512Ki'],
  ['0.5Ki', '512'],
  ['0.0001Ki', '102400u'],
  ['1.1Ki', '1126400m'],
  ['-1024Ki', '-1Mi'],
  ['1e3', '1e3'],
  ['1000e0', '1e3'],
  ['1e0', '1'],
  ['12e4', '120e3'],
  ['1E3', '1e3'],
  ['1e-3', '1e-3'],
  ['1e+3', '1e3'],
  ['1.5e3', '1500'],
  ['1e-10', '1e-9'],
  ['9223372036854775807', '9223372036854775807'],
  ['9223372036854775808', '9223372036854775807'],
  ['-9223372036854775809', '-9223372036854775807'],
  ['1e100', '9223372036854775807'],
  ['100E', '9223372036854775807'],
  ['16Ei', '9223372036854775807'],
]
for (const [text, want] of canonical) {
  test(`${text} is ${want}`, () => {
    assert.is(canonicalQuantity(text).value, want)
    const parsed = parseQuantity(text).value
    assert.ok(parsed)
    assert.is(formatQuantity(parsed), want)
    assert.is(canonicalQuantity(want).value, want, 'canonical is a fixed point')
  })
}

const wrong: [text: string, error: RegExp][] = [
  ['', /must match the regular expression/],
  ['.', /must match/],
  ['-', /must match/],
  ['m', /must match/],
  ['1.2.3', /must match/],
  [' 1', /must match/],
  ['1 ', /must match/],
  ['--1', /must match/],
  ['1,5', /must match/],
  ['0x10', /suffix/],
  ['1K', /suffix/],
  ['1ki', /suffix/],
  ['1mi', /suffix/],
  ['1Kib', /suffix/],
  ['1GB', /suffix/],
  ['1e', /suffix/],
  ['1toString', /suffix/],
  ['1constructor', /suffix/],
  ['1m5', /suffix/],
]
for (const [text, error] of wrong) {
  test(`"${text}" is no quantity`, () => {
    assert.match(parseQuantity(text).error ?? '', error)
    assert.match(canonicalQuantity(text).error ?? '', error)
    assert.is(quantityToMilli(text), 0)
    assert.is(quantityToNumber(text), 0)
  })
}

const numbers: [text: string, milli: number, value: number][] = [
  ['1', 1000, 1],
  ['100m', 100, 1],
  ['1500m', 1500, 2],
  ['1u', 1, 1],
  ['1001u', 2, 1],
  ['-1500m', -1500, -1],
  ['128Mi', 134_217_728_000, 134_217_728],
  ['1Gi', 1_073_741_824_000, 1_073_741_824],
  ['2k', 2_000_000, 2000],
  ['0', 0, 0],
]
for (const [text, milli, value] of numbers) {
  test(`${text} counts ${milli} thousandths and ${value} units`, () => {
    assert.is(quantityToMilli(text), milli)
    assert.is(quantityToNumber(text), value)
  })
}

test('comparison is by value, not by text', () => {
  assert.is(compareQuantities('1', '1000m'), 0)
  assert.is(compareQuantities('1Gi', '1G'), 1)
  assert.is(compareQuantities('100m', '1'), -1)
  assert.is(compareQuantities('-1', '0'), -1)
  assert.is(compareQuantities('9223372036854775807', '9223372036854775806'), 1)
})

test('sums keep the format of the first that is not zero', () => {
  const read = (text: string) => {
    const { value } = parseQuantity(text)
    assert.ok(value)
    return value
  }
  assert.is(formatQuantity(addQuantities(read('512Mi'), read('512Mi'))), '1Gi')
  assert.is(formatQuantity(addQuantities(read('0'), read('1Gi'))), '1Gi')
  assert.is(formatQuantity(addQuantities(read('500m'), read('1'))), '1500m')
  assert.is(formatQuantity(subtractQuantities(read('1'), read('250m'))), '750m')
  assert.is(formatQuantity(subtractQuantities(read('1'), read('2'))), '-1')
  assert.is(formatQuantity(addQuantities(read('8E'), read('8E'))), '9223372036854775807')
})

test('resource lists hold nothing below a thousandth', () => {
  assert.is(roundUpToMilli('1u'), '1m')
  assert.is(roundUpToMilli('1500001n'), '2m')
  assert.is(roundUpToMilli('1e-6'), '1e-3')
  assert.is(roundUpToMilli('100m'), '100m')
  assert.is(roundUpToMilli('1Gi'), '1Gi')
  assert.is(roundUpToMilli('moon'), 'moon')
})

test('what is printed parses to the same value', () => {
  const suffix = fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'e-3')
  const whole = fc.integer({ min: -100_000, max: 100_000 })
  const fraction = fc.option(fc.nat(9999), { nil: undefined })
  fc.assert(
    fc.property(whole, fraction, suffix, (units, tail, ending) => {
      const text = `${units}${tail === undefined ? '' : `.${tail}`}${ending}`
      const first = parseQuantity(text).value
      assert.ok(first)
      const second = parseQuantity(formatQuantity(first)).value
      assert.ok(second)
      assert.is(second.nano, first.nano, text)
      assert.is(formatQuantity(second), formatQuantity(first))
    }),
  )
})

test('any text is either a quantity or an error, and never throws', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parsed = parseQuantity(text)
      assert.ok((parsed.value === undefined) !== (parsed.error === undefined))
    }),
  )
})

test('the cache is bounded: many different texts still parse right', () => {
  for (let index = 0; index < 20_000; index++) assert.is(quantityToNumber(`${index}`), index)
  assert.is(quantityToMilli('100m'), 100)
})
