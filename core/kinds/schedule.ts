/** Schedules of CronJobs: five fields, or a descriptor. The words of a refusal are those that Kubernetes' users know. */
import type { Parsed } from './contract.js'

/** At which minutes of which hours and days it runs. */
export interface CronFields {
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly days: ReadonlySet<number>
  /** January is 1. */
  readonly months: ReadonlySet<number>
  /** Sunday is 0. */
  readonly weekdays: ReadonlySet<number>
  /** Both days and weekdays say something: a day that fits one of them is enough. */
  readonly eitherDay: boolean
}
/** `everyMs`: counted from the last run, not from the clock on the wall. */
export type CronSchedule = { readonly fields: CronFields } | { readonly everyMs: number }

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}
interface Field {
  readonly values: ReadonlySet<number>
  /** It says "*" or "?", and so nothing. */
  readonly star: boolean
}

const monthNames = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const bounds: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: monthNames },
  { min: 0, max: 6, names: dayNames },
]
const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

export function parseSchedule(text: string): Parsed<CronSchedule> {
  if (text.startsWith('@every ')) return parseEvery(text)
  if (text.startsWith('@') && descriptors[text] === undefined) return { error: `unrecognized descriptor: ${text}` }
  const parts = (descriptors[text] ?? text).split(/\s+/).filter((part) => part !== '')
  if (parts.length !== bounds.length) {
    return { error: `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]` }
  }
  const fields: Field[] = []
  for (const [position, part] of parts.entries()) {
    const { value, error } = parseField(part, bounds[position] as Bounds)
    if (error !== undefined) return { error }
    fields.push(value)
  }
  const [minutes, hours, days, months, weekdays] = fields as [Field, Field, Field, Field, Field]
  return {
    value: {
      fields: {
        minutes: minutes.values,
        hours: hours.values,
        days: days.values,
        months: months.values,
        weekdays: weekdays.values,
        eitherDay: !days.star && !weekdays.star,
      },
    },
  }
}

function parseField(text: string, limits: Bounds): Parsed<Field> {
  const values = new Set<number>()
  let star = false
  for (const part of text.split(',').filter((each) => each !== '')) {
    const { value, error } = parseRange(part, limits)
    if (error !== undefined) return { error }
    for (let number = value.first; number <= value.last; number += value.step) values.add(number)
    star ||= value.star
  }
  return { value: { values, star } }
}

interface Range {
  readonly first: number
  readonly last: number
  readonly step: number
  readonly star: boolean
}

function parseRange(text: string, { min, max, names }: Bounds): Parsed<Range> {
  const [range = '', stepText, ...moreSlashes] = text.split('/')
  const [low = '', high, ...moreHyphens] = range.split('-')
  const everything = low === '*' || low === '?'
  if (!everything && moreHyphens.length > 0) return { error: `too many hyphens: ${text}` }
  const first: Parsed<number> = everything ? { value: min } : parseNumber(low, names)
  if (first.error !== undefined) return first
  const end: Parsed<number> = everything ? { value: max } : high === undefined ? first : parseNumber(high, names)
  if (end.error !== undefined) return end
  if (moreSlashes.length > 0) return { error: `too many slashes: ${text}` }
  const step: Parsed<number> = stepText === undefined ? { value: 1 } : parseNumber(stepText)
  if (step.error !== undefined) return step
  // "7/2" means from 7 on.
  const last = stepText !== undefined && high === undefined ? max : end.value
  const problem = rangeProblem(first.value, last, step.value, { min, max })
  if (problem !== undefined) return { error: `${problem}: ${text}` }
  return { value: { first: first.value, last, step: step.value, star: everything && step.value === 1 } }
}

function rangeProblem(first: number, last: number, step: number, { min, max }: Bounds): string | undefined {
  if (first < min) return `beginning of range (${first}) below minimum (${min})`
  if (last > max) return `end of range (${last}) above maximum (${max})`
  if (first > last) return `beginning of range (${first}) beyond end of range (${last})`
  return step === 0 ? 'step of range should be a positive number' : undefined
}

function parseNumber(text: string, names?: readonly string[]): Parsed<number> {
  const named = text === '' ? -1 : (names?.indexOf(text.toLowerCase()) ?? -1)
  if (named >= 0) return { value: named }
  if (/^\+?\d{1,9}$/.test(text)) return { value: Number(text) }
  const problem = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`
  return { error: `failed to parse int from ${text}: ${problem}` }
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
const durationPart = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g

/** Whole seconds, and at least one. */
function parseEvery(text: string): Parsed<CronSchedule> {
  const duration = text.slice('@every '.length)
  const parts = [...duration.matchAll(durationPart)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== duration.replace(/^\+/, '')) {
    return { error: `failed to parse duration ${text}: time: invalid duration ${JSON.stringify(duration)}` }
  }
  const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit ?? ''] ?? 0), 0)
  return { value: { everyMs: Math.max(1, Math.floor(ms / 1000)) * 1000 } }
}
