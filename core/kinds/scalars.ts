/** Canonical forms of single values as they stand in JSON. Each answers undefined for a value of another type. */
import type { TypeSchema } from './contract.js'
import { canonicalQuantity } from './quantity.js'

export type Scalar = Exclude<TypeSchema['type'], 'object' | 'array' | 'map' | 'either' | 'any'>

const wholeSeconds = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/
const timestamp = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:[.,](\d+))?(Z|z|[+-]\d{2}:\d{2})$/
const durationForm = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const base64Form = /^[A-Za-z0-9+/]*={0,2}$/
const int32 = 2 ** 31

/** RFC 3339 in UTC with `digits` digits of a second. */
export function canonicalTime(text: string, digits: 0 | 6): string | undefined {
  if (digits === 0 && wholeSeconds.test(text)) return text
  const [, date, time, fraction = '', zone] = timestamp.exec(text) ?? []
  if (date === undefined) return undefined
  const local = `${date}T${time}`
  const utc = Date.parse(`${local}Z`)
  if (Number.isNaN(utc) || !new Date(utc).toISOString().startsWith(local)) return undefined
  const at = zone === 'Z' || zone === 'z' ? utc : Date.parse(`${local}${zone}`)
  if (Number.isNaN(at)) return undefined
  const seconds = new Date(at).toISOString().slice(0, 19)
  return digits === 0 ? `${seconds}Z` : `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}Z`
}

const isInteger = (value: unknown, limit: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= -limit && value < limit

function base64(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = /[\r\n]/.test(value) ? value.replace(/[\r\n]/g, '') : value
  return text.length % 4 === 0 && base64Form.test(text) ? text : undefined
}

/** A problem in words, for a value of the right JSON type that still cannot be read. */
export class Malformed {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

function quantity(value: unknown): string | Malformed | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return undefined
  const { value: canonical, error } = canonicalQuantity(String(value))
  return error === undefined ? canonical : new Malformed(error)
}

function time(value: unknown, digits: 0 | 6): string | Malformed | undefined {
  if (typeof value !== 'string') return undefined
  return canonicalTime(value, digits) ?? new Malformed(`parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00"`)
}

type Read = (value: unknown) => unknown

/** How a value of each type is read: canonical, `Malformed`, or undefined for a value of another JSON type. */
export const readers: Readonly<Record<Exclude<Scalar, 'integer'>, Read>> = {
  string: (value) => (typeof value === 'string' ? value : undefined),
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  number: (value) => (typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined),
  bytes: (value) => (typeof value === 'string' ? (base64(value) ?? new Malformed('illegal base64 data')) : undefined),
  quantity,
  time: (value) => time(value, 0),
  microTime: (value) => time(value, 6),
  duration(value) {
    if (typeof value !== 'string') return undefined
    return durationForm.test(value) ? value : new Malformed(`time: invalid duration ${JSON.stringify(value)}`)
  },
  intOrString: (value) => (typeof value === 'string' || isInteger(value, int32) ? value : undefined),
}
export const integerReader = (bits: 32 | 64): Read => {
  const limit = bits === 32 ? int32 : 2 ** 63
  return (value) => {
    if (typeof value === 'bigint' && bits === 64)
      return new Malformed(`the integer ${value} cannot be kept: beyond 2^53 only custom resources can have one`)
    return isInteger(value, limit) ? value : undefined
  }
}

/** What `null` means in a list or a map, where it cannot mean "absent". */
export const zeroes: Readonly<Partial<Record<TypeSchema['type'], unknown>>> = {
  string: '',
  boolean: false,
  number: 0,
  integer: 0,
  bytes: '',
  quantity: '0',
  intOrString: 0,
}
