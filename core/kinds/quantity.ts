/**
 * Quantities: "500m", "1Gi", "1e3". Exact, to a billionth, in the canonical forms that the Kubernetes API prints.
 * Texts repeat by the thousand ("100m", "128Mi"), so parsed texts are remembered in a bounded cache.
 */
import type { Parsed } from './contract.js'

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

/** Immutable. `nano` is the value in billionths: no more digits are kept, the rest is rounded away from zero. */
export interface ExactQuantity {
  readonly nano: bigint
  readonly format: QuantityFormat
}

interface Entry {
  readonly quantity: ExactQuantity
  readonly canonical: string
  readonly milli: number
  readonly value: number
}

const NANO = 1_000_000_000n
const NANO_PER_MILLI = 1_000_000n
const MAX_NANO = (2n ** 63n - 1n) * NANO
const CACHE_LIMIT = 4096
const WRONG_FORM = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const WRONG_SUFFIX = "unable to parse quantity's suffix"

const SHAPE = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([A-Za-z]*(?:[-+]?[0-9]+)?)$/
const EXPONENT = /^[eE]([-+]?[0-9]{1,9})$/
const DECIMAL_POWERS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
}
const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

const cache = new Map<string, Entry>()

/** The quantity that a text says, or why it says none. */
export function parseQuantity(text: string): Parsed<ExactQuantity> {
  const entry = lookUp(text)
  return typeof entry === 'string' ? { error: entry } : { value: entry.quantity }
}

/** The one text that Kubernetes prints for a value: `1000m` → `1`, `1024Ki` → `1Mi`. */
export function canonicalQuantity(text: string): Parsed<string> {
  const entry = lookUp(text)
  return typeof entry === 'string' ? { error: entry } : { value: entry.canonical }
}

export function formatQuantity(quantity: ExactQuantity): string {
  const { nano, format } = quantity
  if (nano === 0n) return '0'
  if (format === 'BinarySI' && prefersBinary(nano)) return formatBinary(nano / NANO)
  return formatDecimal(nano, format === 'DecimalExponent')
}

/** Negative, zero or positive, as sort functions want it. A text that is no quantity counts as zero. */
export function compareQuantities(a: string, b: string): number {
  if (a === b) return 0
  const left = nanoOf(a)
  const right = nanoOf(b)
  return left < right ? -1 : left > right ? 1 : 0
}

/** Thousandths, rounded up; what the scheduler counts CPU in. A text that is no quantity counts as zero. */
export function quantityToMilli(text: string): number {
  const entry = lookUp(text)
  return typeof entry === 'string' ? 0 : entry.milli
}

/** Units, rounded up; bytes for memory. A text that is no quantity counts as zero. */
export function quantityToNumber(text: string): number {
  const entry = lookUp(text)
  return typeof entry === 'string' ? 0 : entry.value
}

/** The exact sum in the format of the first that is not zero, as Kubernetes adds. */
export function addQuantities(a: ExactQuantity, b: ExactQuantity): ExactQuantity {
  return { nano: clamp(a.nano + b.nano), format: a.nano === 0n ? b.format : a.format }
}

export function subtractQuantities(a: ExactQuantity, b: ExactQuantity): ExactQuantity {
  return { nano: clamp(a.nano - b.nano), format: a.nano === 0n ? b.format : a.format }
}

/** Canonical text with nothing below a thousandth: what resource lists are stored as. */
export function roundUpToMilli(text: string): string {
  const last = text.charCodeAt(text.length - 1)
  const tiny = last === 0x6e || last === 0x75 || text.includes('e-')
  if (!tiny) return text
  const entry = lookUp(text)
  if (typeof entry === 'string') return text
  const { nano, format } = entry.quantity
  return formatQuantity({ nano: divideAwayFromZero(nano, NANO_PER_MILLI) * NANO_PER_MILLI, format })
}

function lookUp(text: string): Entry | string {
  const known = cache.get(text)
  if (known !== undefined) return known
  const parsed = parse(text)
  if (typeof parsed === 'string') return parsed
  const entry: Entry = {
    quantity: parsed,
    canonical: formatQuantity(parsed),
    milli: Number(divideUp(parsed.nano, NANO_PER_MILLI)),
    value: Number(divideUp(parsed.nano, NANO)),
  }
  if (cache.size >= CACHE_LIMIT) forgetOldest()
  cache.set(text, entry)
  return entry
}

function forgetOldest(): void {
  let left = CACHE_LIMIT / 4
  for (const text of cache.keys()) {
    if (left-- === 0) return
    cache.delete(text)
  }
}

function nanoOf(text: string): bigint {
  const entry = lookUp(text)
  return typeof entry === 'string' ? 0n : entry.quantity.nano
}

function parse(text: string): ExactQuantity | string {
  const match = SHAPE.exec(text)
  if (match === null) return WRONG_FORM
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match
  if (whole === '' && fraction === '') return WRONG_FORM
  const scale = scaleOf(suffix)
  if (scale === undefined) return WRONG_SUFFIX
  const digits = BigInt(whole + fraction)
  const nano = limit(toNano(digits, fraction.length, scale))
  // Below one, a binary suffix would only hide the digits.
  const format = scale.format === 'BinarySI' && nano < NANO && nano > 0n ? 'DecimalSI' : scale.format
  return { nano: sign === '-' ? -nano : nano, format }
}

interface Scale {
  readonly format: QuantityFormat
  readonly power: number
}

function scaleOf(suffix: string): Scale | undefined {
  const decimal = DECIMAL_POWERS[suffix]
  if (decimal !== undefined && Object.hasOwn(DECIMAL_POWERS, suffix)) return { format: 'DecimalSI', power: decimal }
  const binary = suffix === '' ? -1 : BINARY_SUFFIXES.indexOf(suffix)
  if (binary > 0) return { format: 'BinarySI', power: binary * 10 }
  const exponent = EXPONENT.exec(suffix)
  if (exponent !== null) return { format: 'DecimalExponent', power: Number(exponent[1]) }
  return undefined
}

function toNano(digits: bigint, fractionDigits: number, scale: Scale): bigint {
  if (digits === 0n) return 0n
  if (scale.format === 'BinarySI') {
    return divideAwayFromZero((digits << BigInt(scale.power)) * NANO, 10n ** BigInt(fractionDigits))
  }
  const power = scale.power + 9 - fractionDigits
  // Outside these powers the answer is the largest or the smallest value, whatever the digits.
  if (power > 40) return MAX_NANO
  if (power < -digits.toString().length - 1) return 1n
  return power >= 0 ? digits * 10n ** BigInt(power) : divideAwayFromZero(digits, 10n ** BigInt(-power))
}

function limit(nano: bigint): bigint {
  return nano > MAX_NANO ? MAX_NANO : nano
}

function clamp(nano: bigint): bigint {
  return nano < 0n ? -limit(-nano) : limit(nano)
}

function divideUp(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value > 0n && quotient * by !== value ? quotient + 1n : quotient
}

function divideAwayFromZero(value: bigint, by: bigint): bigint {
  return value < 0n ? -divideUp(-value, by) : divideUp(value, by)
}

function prefersBinary(nano: bigint): boolean {
  const small = nano > -1024n * NANO && nano < 1024n * NANO
  return !small && nano % NANO === 0n
}

function formatBinary(units: bigint): string {
  let rest = units
  let power = 0
  while (power < BINARY_SUFFIXES.length - 1 && rest % 1024n === 0n) {
    rest /= 1024n
    power++
  }
  return `${rest}${BINARY_SUFFIXES[power]}`
}

function formatDecimal(nano: bigint, asExponent: boolean): string {
  let rest = nano
  let step = 0
  while (step < DECIMAL_SUFFIXES.length - 1 && rest % 1000n === 0n) {
    rest /= 1000n
    step++
  }
  if (!asExponent) return `${rest}${DECIMAL_SUFFIXES[step]}`
  const exponent = step * 3 - 9
  return exponent === 0 ? `${rest}` : `${rest}e${exponent}`
}
