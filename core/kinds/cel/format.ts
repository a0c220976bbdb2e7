/** `'%s is %d'.format([…])`, and values as texts. */
import { Duration, failure, UnsignedInt } from './library.js'
import { spendSize } from './registrar.js'
import { quote } from './strings.js'
import { durationText, timestampText } from './time.js'

const clause = /%(?:\.(\d+))?([a-zA-Z%])?/g

export function formatText(format: string, args: readonly unknown[]): string {
  let next = 0
  const text = format.replace(clause, (_whole, precision: string | undefined, verb: string | undefined) => {
    if (verb === '%') return '%'
    if (verb === undefined) throw failure('unexpected end of format string')
    if (next >= args.length) throw failure(`index ${next} out of range`)
    const shown = formatOne(verb, args[next++], precision === undefined ? 6 : Number(precision))
    spendSize(shown.length)
    return shown
  })
  return text
}

function formatOne(verb: string, value: unknown, precision: number): string {
  if (precision > 100) throw failure(`precision is too large: ${precision}`)
  switch (verb) {
    case 's':
      return valueText(value)
    case 'd':
      return isInteger(value) || typeof value === 'number' ? valueText(value) : wrong('decimal', value)
    case 'f':
      return isNumber(value) ? fixed(Number(value), precision) : wrong('fixed-point', value)
    case 'e':
      return isNumber(value) ? scientific(Number(value), precision) : wrong('scientific', value)
    case 'b':
      return typeof value === 'boolean' ? (value ? '1' : '0') : digits(value, 2, 'binary')
    case 'o':
      return digits(value, 8, 'octal')
    case 'x':
      return hexadecimal(value)
    case 'X':
      return hexadecimal(value).toUpperCase()
    default:
      throw failure(`could not parse formatting clause: unrecognized formatting clause "${verb}"`)
  }
}

const isInteger = (value: unknown): value is bigint | UnsignedInt => typeof value === 'bigint' || value instanceof UnsignedInt
const isNumber = (value: unknown): boolean => typeof value === 'number' || isInteger(value)

function wrong(what: string, value: unknown): never {
  throw failure(`error during formatting: ${what} clause cannot be used on ${valueText(value)}`)
}
function digits(value: unknown, base: number, what: string): string {
  return isInteger(value) ? value.valueOf().toString(base) : wrong(what, value)
}
function hexadecimal(value: unknown): string {
  if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('hex')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return digits(value, 16, 'hex')
}
function fixed(value: number, precision: number): string {
  return Number.isFinite(value) ? value.toFixed(precision) : valueText(value)
}
/** With two digits behind the `e`, as Go has it. */
function scientific(value: number, precision: number): string {
  if (!Number.isFinite(value)) return valueText(value)
  return value.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2')
}

/** As `%s` shows it; what lies inside a list or map is shown as it would be written. */
export function valueText(value: unknown, inside = false): string {
  if (typeof value === 'string') return inside ? quote(value) : value
  if (typeof value === 'number') return Number.isFinite(value) ? (inside ? value.toFixed(6) : String(value)) : infinite(value)
  if (Array.isArray(value)) return `[${value.map((one) => valueText(one, true)).join(', ')}]`
  if (value instanceof Map) {
    const entries = [...value.keys()].map((key) => `${valueText(key, true)}: ${valueText(value.get(key), true)}`)
    return `{${entries.sort().join(', ')}}`
  }
  if (value instanceof Date) return inside ? `timestamp("${timestampText(value)}")` : timestampText(value)
  if (value instanceof Duration) return inside ? `duration("${durationText(value)}")` : durationText(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (value && typeof value === 'object' && 'name' in value && Object.prototype.toString.call(value).startsWith('[object Type'))
    return String(value.name)
  return String(value)
}

function infinite(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
