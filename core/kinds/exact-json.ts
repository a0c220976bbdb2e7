/**
 * JSON whose integers survive. A number of JavaScript holds them up to 2^53; in a tree those beyond that it would show
 * with other digits are `bigint`s, as far as an int64 goes, and nothing else is. They can stand where a kind lets in any
 * value: in custom resources and in fields that are kept as they are. Texts and trees without one cost no more than
 * `JSON.parse` and `JSON.stringify`.
 */
import { endOfString } from './json-text.js'

/** 2^53 has sixteen digits. */
const manyDigits = 16

/** Throws a `SyntaxError` as `JSON.parse` does. */
export function parseJson(text: string): unknown {
  const tree: unknown = JSON.parse(text)
  return hasLongInteger(text) ? new Reader(text).value() : tree
}

/** As `JSON.stringify`: what is undefined is left out. */
export function formatJson(value: unknown, indent = 0): string {
  try {
    return JSON.stringify(value, null, indent)
  } catch (error) {
    // Only a bigint is refused by it in a tree of JSON values.
    if (!(error instanceof TypeError)) throw error
    return written(value, indent, '\n')
  }
}

/** An integer of any size as trees have it. What is beyond an int64 is a float, as it is to Kubernetes. */
export function integerOf(value: bigint): number | bigint {
  const near = Number(value)
  return String(near) === String(value) || BigInt.asIntN(64, value) !== value ? near : value
}

/** May say yes for a number in a string, never no for one outside. A run of so many digits covers one of the places looked at. */
function hasLongInteger(text: string): boolean {
  for (let at = manyDigits - 1; at < text.length; at += manyDigits) {
    if (!isDigit(text, at)) continue
    let start = at
    while (isDigit(text, start - 1)) start--
    while (isDigit(text, at + 1)) at++
    if (at + 1 - start >= manyDigits && endsValue(text, at + 1)) return true
  }
  return false
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

const endsValue = (text: string, at: number): boolean => at === text.length || ',]} \n\r\t'.includes(text.charAt(at))

const space = /[\s:,]*/y
const literal = /[^\s,\]}]+/y
const longInteger = /^-?\d{16,19}$/

/** Reads valid JSON alone, so that punctuation says nothing that is not known. Recurses as deep as the value is nested. */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): unknown {
    this.#skip()
    const first = this.#text.charAt(this.#at)
    if (first === '{' || first === '[') this.#at++
    if (first === '{') return this.#object()
    if (first === '[') return this.#array()
    return first === '"' ? this.#string() : this.#literal()
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    while (!this.#closes('}')) {
      const key = this.#string()
      const value = this.value()
      // A key named `__proto__` is data like any other, not the object's prototype.
      if (key !== '__proto__') object[key] = value
      else Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
    }
    return object
  }

  #array(): unknown[] {
    const array: unknown[] = []
    while (!this.#closes(']')) array.push(this.value())
    return array
  }

  /** Whether the closing bracket is next, and over it then. */
  #closes(bracket: string): boolean {
    this.#skip()
    if (this.#text.charAt(this.#at) !== bracket) return false
    this.#at++
    return true
  }

  #string(): string {
    const start = this.#at
    this.#at = endOfString(this.#text, start + 1) + 1
    return JSON.parse(this.#text.slice(start, this.#at)) as string
  }

  #literal(): unknown {
    literal.lastIndex = this.#at
    const text = literal.exec(this.#text)?.[0] ?? ''
    this.#at += text.length
    return longInteger.test(text) ? integerOf(BigInt(text)) : JSON.parse(text)
  }

  #skip(): void {
    space.lastIndex = this.#at
    space.test(this.#text)
    this.#at = space.lastIndex
  }
}

function written(value: unknown, indent: number, newline: string): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const inner = newline + ' '.repeat(indent)
  const isArray = Array.isArray(value)
  const colon = indent === 0 ? ':' : ': '
  const parts = isArray
    ? value.map((element) => written(element, indent, inner))
    : Object.entries(value)
        .filter(([, field]) => field !== undefined)
        .map(([name, field]) => `${JSON.stringify(name)}${colon}${written(field, indent, inner)}`)
  const [open, close] = isArray ? '[]' : '{}'
  if (parts.length === 0 || indent === 0) return `${open}${parts.join(',')}${close}`
  return `${open}${inner}${parts.join(`,${inner}`)}${newline}${close}`
}
