import { type CronJob, parseSchedule } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { dueOf } from './due.js'
import { timetableOf } from './timetable.js'
import { Zone } from './zone.js'

const table = (schedule: string, zone = 'UTC') => {
  const { value, error } = parseSchedule(schedule)
  if (error !== undefined) throw new Error(error)
  return timetableOf(value, new Zone(zone))
}
const runs = (schedule: string, from: string, count: number, zone = 'UTC') => {
  const found: string[] = []
  let at: number | undefined = Date.parse(from)
  for (let run = 0; run < count && at !== undefined; run += 1) {
    at = table(schedule, zone).next(at)
    if (at !== undefined) found.push(new Zone(zone).timestamp(at))
  }
  return found
}

for (const [schedule, from, ...expected] of [
  ['*/15 * * * *', '2012-07-09T14:45:00Z', '2012-07-09T15:00:00Z', '2012-07-09T15:15:00Z'],
  ['*/15 * * * *', '2012-07-09T14:59:59.5Z', '2012-07-09T15:00:00Z'],
  ['20-35/15 * * * *', '2012-07-09T15:45:00Z', '2012-07-09T16:20:00Z', '2012-07-09T16:35:00Z'],
  ['*/15 * * * *', '2012-12-31T23:59:45Z', '2013-01-01T00:00:00Z'],
  ['0 0 * Feb Mon', '2012-07-09T23:35:00Z', '2013-02-04T00:00:00Z', '2013-02-11T00:00:00Z'],
  ['0 0 1 Feb Mon/2', '2012-07-09T23:35:00Z', '2013-02-01T00:00:00Z', '2013-02-04T00:00:00Z'],
  ['0 0 29 2 *', '2012-07-09T23:35:00Z', '2016-02-29T00:00:00Z'],
  ['0 0 13 * 5', '2024-09-01T00:00:00Z', '2024-09-06T00:00:00Z', '2024-09-13T00:00:00Z', '2024-09-20T00:00:00Z'],
  ['0 0 */10 * 5', '2024-09-01T00:00:00Z', '2024-09-06T00:00:00Z', '2024-09-11T00:00:00Z', '2024-09-13T00:00:00Z'],
  ['0 0 ? * 5', '2024-09-01T00:00:00Z', '2024-09-06T00:00:00Z', '2024-09-13T00:00:00Z'],
  ['0 0 31 * *', '2024-01-31T00:00:00Z', '2024-03-31T00:00:00Z', '2024-05-31T00:00:00Z'],
  ['@yearly', '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'],
  ['@every 90m', '2024-01-01T00:00:00.7Z', '2024-01-01T01:30:00Z', '2024-01-01T03:00:00Z'],
] as const) {
  test(`${schedule} after ${from}`, () => assert.equal(runs(schedule, from, expected.length), [...expected]))
}

test('a schedule that never comes has no runs', () => {
  assert.is(table('0 0 31 2 *').next(Date.UTC(2024, 0, 1)), undefined)
  assert.is(table('0 0 31 2 *').latest(Date.UTC(2020, 0, 1), Date.UTC(2024, 0, 1)), undefined)
})

test('zones: a run is at that time on the wall', () => {
  assert.equal(runs('30 9 * * *', '2024-01-01T00:00:00Z', 1, 'Asia/Kolkata'), ['2024-01-01T09:30:00+05:30'])
  assert.equal(runs('0 9 * * *', '2024-01-01T20:00:00Z', 1, 'America/New_York'), ['2024-01-02T09:00:00-05:00'])
  assert.equal(runs('0 0 1 * *', '2024-01-01T00:00:00Z', 1, 'Pacific/Kiritimati'), ['2024-02-01T00:00:00+14:00'])
  assert.throws(() => new Zone('Nowhere/Land'))
})

test('a clock that leaps ahead leaves its hour out', () => {
  assert.equal(runs('30 2 * * *', '2024-03-30T12:00:00Z', 1, 'Europe/Zurich'), ['2024-04-01T02:30:00+02:00'])
  assert.equal(runs('0 * * * *', '2024-03-31T00:00:00Z', 2, 'Europe/Zurich'), [
    '2024-03-31T03:00:00+02:00',
    '2024-03-31T04:00:00+02:00',
  ])
})

test('a clock that goes back has its hour twice', () => {
  assert.equal(runs('30 2 * * *', '2024-10-27T00:00:00Z', 3, 'Europe/Zurich'), [
    '2024-10-27T02:30:00+02:00',
    '2024-10-27T02:30:00+01:00',
    '2024-10-28T02:30:00+01:00',
  ])
})

test('a day that begins at one because the clock leapt at midnight is not left out', () => {
  assert.equal(runs('30 1 8 9 *', '2024-09-01T00:00:00Z', 1, 'America/Santiago'), ['2024-09-08T01:30:00-03:00'])
  assert.equal(runs('0 12 * * *', '2024-09-07T17:00:00Z', 1, 'America/Santiago'), ['2024-09-08T12:00:00-03:00'])
})

test('the latest run is the one that counting forward finds', () => {
  for (const schedule of ['* * * * *', '*/7 * * * *', '0 9 * * 1-5', '5 0 1 * *', '* 3 1 1 *', '@every 37m']) {
    for (const hours of [0.01, 0.5, 3, 50, 1000]) {
      const [from, until] = [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 1) + hours * 3_600_000]
      let expected: number | undefined
      for (let at = table(schedule).next(from); at !== undefined && at <= until; at = table(schedule).next(at)) expected = at
      assert.is(table(schedule).latest(from, until), expected, `${schedule}, ${hours} h`)
    }
  }
})

const cronJob = (more: object = {}, lastScheduleTime?: string): CronJob => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'tick', creationTimestamp: '2024-01-01T00:00:30Z' },
  spec: { schedule: '*/10 * * * *', jobTemplate: {}, ...more },
  status: { ...(lastScheduleTime !== undefined && { lastScheduleTime }) },
})
const due = (of: CronJob, now: string) => dueOf(of, table(of.spec.schedule), Date.parse(now))
const at = (text: string) => Date.parse(text)

test('nothing is due before the first run', () => {
  assert.equal(due(cronJob(), '2024-01-01T00:09:00Z'), { many: false, nextMs: 60_000 })
})

test('a run is due at its time, and once', () => {
  assert.is(due(cronJob(), '2024-01-01T00:10:00Z').run, at('2024-01-01T00:10:00Z'))
  assert.equal(due(cronJob({}, '2024-01-01T00:10:00Z'), '2024-01-01T00:10:01Z'), { many: false, nextMs: 599_000 })
})

test('of those that were missed the last is due', () => {
  const few = due(cronJob({}, '2024-01-01T00:10:00Z'), '2024-01-01T05:03:00Z')
  assert.equal([few.run, few.many, few.nextMs], [at('2024-01-01T05:00:00Z'), false, 420_000])
  const many = due(cronJob({}, '2024-01-01T00:10:00Z'), '2024-01-03T05:03:00Z')
  assert.equal([many.run, many.many], [at('2024-01-03T05:00:00Z'), true])
  const year = due(cronJob({ schedule: '* * * * *' }), '2026-01-01T00:00:30Z')
  assert.equal([year.run, year.many], [at('2026-01-01T00:00:00Z'), true], 'without counting them all')
})

test('what is later than the deadline is due no more', () => {
  assert.is(due(cronJob({ startingDeadlineSeconds: 60 }), '2024-01-01T00:10:30Z').run, at('2024-01-01T00:10:00Z'))
  assert.equal(due(cronJob({ startingDeadlineSeconds: 60 }), '2024-01-01T00:11:30Z'), { many: false, nextMs: 510_000 })
  const many = due(cronJob({ startingDeadlineSeconds: 1200 }, '2024-01-01T00:10:00Z'), '2024-01-03T05:03:00Z')
  assert.is(many.many, false)
})

test('intervals count from the last run', () => {
  const every = cronJob({ schedule: '@every 7m' })
  assert.equal(due(every, '2024-01-01T00:07:00Z'), { many: false, nextMs: 30_000 })
  assert.is(due(every, '2024-01-01T00:15:00Z').run, at('2024-01-01T00:14:30Z'))
})
