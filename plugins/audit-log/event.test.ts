import type { RequestRecord } from '@davit/core/api'
import { assert, test } from '@davit/core/testing'
import { eventLine } from './event.js'

const record: RequestRecord = {
  id: 'a"b',
  received: Date.UTC(2025, 0, 1, 23, 59, 59, 7),
  verb: 'get',
  uri: '/version',
  userAgent: '',
  sourceIPs: [],
  code: 200,
}
const decision = { level: 'Metadata', omitStages: [], omitManagedFields: false } as const
const times = (received: number, now: number): unknown[] => {
  const event = JSON.parse(eventLine({ ...record, received }, 'ResponseComplete', decision, now)) as Record<string, string>
  return [event.requestReceivedTimestamp, event.stageTimestamp]
}

test('times are those of Kubernetes, to the microsecond, in whatever order they come', () => {
  const { received } = record
  assert.equal(times(received, received + 999), ['2025-01-01T23:59:59.007000Z', '2025-01-02T00:00:00.006000Z'])
  assert.equal(times(received + 993, received), ['2025-01-02T00:00:00.000000Z', '2025-01-01T23:59:59.007000Z'])
  assert.equal(times(0, -1), ['1970-01-01T00:00:00.000000Z', '1969-12-31T23:59:59.999000Z'])
})

test('one line, whose texts cannot break out of it', () => {
  const line = eventLine({ ...record, uri: '/a?b="\n' }, 'RequestReceived', decision, record.received)
  assert.is(line.indexOf('\n'), line.length - 1)
  assert.is((JSON.parse(line) as { auditID: string }).auditID, 'a"b')
})
