import { assert, test } from '@davit/core/testing'
import { secondsOf } from './seconds.js'

test('spans of time are read with their units', () => {
  const spans: readonly (readonly [string, number])[] = [
    ['30s', 30],
    ['5m', 300],
    ['2h', 7200],
    ['1h30m', 5400],
    ['0s', 1],
  ]
  for (const [text, seconds] of spans) assert.is(secondsOf(text), seconds)
})

test('what is none is refused, not taken for something', () => {
  for (const text of ['banana', '5', '10x', '-5s', '', '5s banana', '1.5h', ' 5s'])
    assert.throws(() => secondsOf(text), /is not a span of time/)
})
