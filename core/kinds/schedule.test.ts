import { assert, test } from '@davit/core/testing'
import { type CronFields, parseSchedule } from './contract.js'

const fieldsOf = (text: string): CronFields => {
  const { value, error } = parseSchedule(text)
  if (error !== undefined || !('fields' in value)) throw new Error(error ?? 'not fields')
  return value.fields
}
const sorted = (values: ReadonlySet<number>) => [...values].sort((a, b) => a - b)
const count = (first: number, last: number, step = 1) => {
  const values: number[] = []
  for (let value = first; value <= last; value += step) values.push(value)
  return values
}

for (const [text, minutes] of [
  ['*', count(0, 59)],
  ['?', count(0, 59)],
  ['5', [5]],
  ['+5', [5]],
  ['1,2,,3', [1, 2, 3]],
  ['10-13', [10, 11, 12, 13]],
  ['*/15', [0, 15, 30, 45]],
  ['10-20/5', [10, 15, 20]],
  ['50/4', [50, 54, 58]],
  ['0-4,30/20', [0, 1, 2, 3, 4, 30, 50]],
] as const) {
  test(`minutes ${text}`, () => assert.equal(sorted(fieldsOf(`${text} * * * *`).minutes), [...minutes]))
}

test('every field has its bounds', () => {
  const all = fieldsOf(' *  * * *\t* ')
  assert.equal(sorted(all.hours), count(0, 23))
  assert.equal(sorted(all.days), count(1, 31))
  assert.equal(sorted(all.months), count(1, 12))
  assert.equal(sorted(all.weekdays), count(0, 6))
})

test('months and weekdays have names, in any case', () => {
  const named = fieldsOf('0 0 * JAN,mar-May Mon-FRI')
  assert.equal(sorted(named.months), [1, 3, 4, 5])
  assert.equal(sorted(named.weekdays), [1, 2, 3, 4, 5])
})

test('a day that fits one of the two is enough only where both say something', () => {
  assert.is(fieldsOf('0 0 1 * 1').eitherDay, true)
  assert.is(fieldsOf('0 0 1 * *').eitherDay, false)
  assert.is(fieldsOf('0 0 ? * 1').eitherDay, false)
  assert.is(fieldsOf('0 0 */2 * 1').eitherDay, true, 'a star with a step says something')
  assert.is(fieldsOf('0 0 */1 * 1').eitherDay, false)
})

test('descriptors', () => {
  assert.equal(parseSchedule('@hourly'), parseSchedule('0 * * * *'))
  assert.equal(parseSchedule('@daily'), parseSchedule('0 0 * * *'))
  assert.equal(parseSchedule('@midnight'), parseSchedule('0 0 * * *'))
  assert.equal(parseSchedule('@weekly'), parseSchedule('0 0 * * 0'))
  assert.equal(parseSchedule('@monthly'), parseSchedule('0 0 1 * *'))
  assert.equal(parseSchedule('@yearly'), parseSchedule('0 0 1 1 *'))
  assert.equal(parseSchedule('@annually'), parseSchedule('@yearly'))
})

test('durations are whole seconds, at least one', () => {
  const everyMs = (text: string) => parseSchedule(`@every ${text}`).value
  assert.equal(everyMs('1h30m'), { everyMs: 5_400_000 })
  assert.equal(everyMs('1.5h'), { everyMs: 5_400_000 })
  assert.equal(everyMs('90s500ms'), { everyMs: 90_000 })
  assert.equal(everyMs('10ms'), { everyMs: 1000 })
})

for (const [text, error] of [
  ['', 'expected exactly 5 fields, found 0: []'],
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['* * * * * *', 'expected exactly 5 fields, found 6: [* * * * * *]'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* 24 * * *', 'end of range (24) above maximum (23): 24'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['* * * 13 *', 'end of range (13) above maximum (12): 13'],
  ['* * * * 7', 'end of range (7) above maximum (6): 7'],
  ['5-3 * * * *', 'beginning of range (5) beyond end of range (3): 5-3'],
  ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
  ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
  ['* * jan * *', 'failed to parse int from jan: strconv.Atoi: parsing "jan": invalid syntax'],
  ['1- * * * *', 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'],
  ['@fortnightly', 'unrecognized descriptor: @fortnightly'],
  ['@reboot', 'unrecognized descriptor: @reboot'],
  ['@every soon', 'failed to parse duration @every soon: time: invalid duration "soon"'],
  ['@every 1h x', 'failed to parse duration @every 1h x: time: invalid duration "1h x"'],
] as const) {
  test(`refused: "${text}"`, () => assert.is(parseSchedule(text).error, error))
}
