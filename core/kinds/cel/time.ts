/** Timestamps and durations: RFC 3339, and Go's "1h30m". */
import { Duration, failure } from './library.js'

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/
const day = /^\d{4}-\d\d-\d\d$/

/** Undefined where the text is none. A day alone is its first moment, in UTC. */
export function parseTimestamp(text: string): Date | undefined {
  if (!rfc3339.test(text) && !day.test(text)) return undefined
  const date = new Date(text)
  // JavaScript takes the 30th of February for the first of March.
  const dayInMonth = new Date(text.slice(0, 10)).getUTCDate()
  return Number.isNaN(date.getTime()) || dayInMonth !== Number(text.slice(8, 10)) ? undefined : date
}

const nanosIn: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const second = 1_000_000_000n
const longest = 2n ** 63n

/** Undefined where the text is none. */
export function parseDuration(text: string): Duration | undefined {
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+|0)$/.exec(text)
  if (!match) return undefined
  let nanos = 0n
  for (const [, number = '', unit = ''] of (match[2] as string).matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    const [whole = '', fraction = ''] = number.split('.')
    const size = nanosIn[unit] as bigint
    nanos += BigInt(whole || '0') * size + (BigInt(fraction || '0') * size) / 10n ** BigInt(fraction.length)
  }
  if (nanos >= longest) return undefined
  return durationOf(match[1] === '-' ? -nanos : nanos)
}

export function durationOf(nanos: bigint): Duration {
  return new Duration(nanos / second, Number(nanos % second))
}

export function nanosOf(duration: Duration): bigint {
  return duration.seconds * second + BigInt(duration.nanos)
}

/** "5400s", "1.5s": what `string()` makes of it. */
export function durationText(duration: Duration): string {
  const nanos = nanosOf(duration)
  const size = nanos < 0n ? -nanos : nanos
  const fraction = (size % second).toString().padStart(9, '0').replace(/0+$/, '')
  return `${nanos < 0n ? '-' : ''}${size / second}${fraction === '' ? '' : `.${fraction}`}s`
}

export function timestampText(date: Date): string {
  return date.toISOString().replace(/\.?0*Z$/, 'Z')
}

export function requireTimestamp(text: string): Date {
  const date = rfc3339.test(text) ? parseTimestamp(text) : undefined
  if (!date) throw failure(`type conversion error from 'string' to 'google.protobuf.Timestamp': "${text}"`)
  return date
}
export function requireDuration(text: string): Duration {
  const duration = parseDuration(text)
  if (!duration) throw failure(`type conversion error from 'string' to 'google.protobuf.Duration': "${text}"`)
  return duration
}

/** The day of the year from 0 on, in UTC or where `zone` says. */
export function dayOfYear(date: Date): bigint {
  return BigInt(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000))
}
