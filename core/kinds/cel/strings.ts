/** Functions on texts. Positions count characters, not the halves of which JavaScript's strings are made. */
import { formatText } from './format.js'
import { failure } from './library.js'
import { type Registrar, spendSize } from './registrar.js'

export function registerStrings({ method, namespace }: Registrar): void {
  method('string.charAt(int): string', charAt)
  method('string.indexOf(string): int', (text: string, part: string) => position(text, text.indexOf(part)))
  method('string.indexOf(string, int): int', indexFrom)
  method('string.lastIndexOf(string): int', (text: string, part: string) => position(text, text.lastIndexOf(part)))
  method('string.lastIndexOf(string, int): int', lastIndexFrom)
  method('string.lowerAscii(): string', (text: string) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase()))
  method('string.upperAscii(): string', (text: string) => text.replace(/[a-z]+/g, (part) => part.toUpperCase()))
  method('string.trim(): string', (text: string) => text.trim())
  method('string.replace(string, string): string', (text: string, old: string, by: string) => replace(text, old, by, -1n))
  method('string.replace(string, string, int): string', replace)
  method('string.split(string): list<string>', (text: string, separator: string) => split(text, separator, -1n))
  method('string.split(string, int): list<string>', split)
  method('string.substring(int): string', (text: string, start: bigint) => substring(text, start, lengthOf(text)))
  method('string.substring(int, int): string', substring)
  method('list<string>.join(): string', (parts: string[]) => join(parts, ''))
  method('list<string>.join(string): string', join)
  method('string.format(list): string', formatText)
  namespace('strings', { 'quote(string): string': quote })
}

const isWide = (text: string): boolean => /[\ud800-\udbff]/.test(text)
const charactersOf = (text: string): string | string[] => (isWide(text) ? [...text] : text)
const lengthOf = (text: string): bigint => BigInt(charactersOf(text).length)

/** From a position in JavaScript's string. */
function position(text: string, at: number): bigint {
  return at <= 0 || !isWide(text) ? BigInt(at) : lengthOf(text.slice(0, at))
}
function slice(text: string, start: bigint, end?: bigint): string {
  const characters = charactersOf(text)
  const part = characters.slice(Number(start), end === undefined ? undefined : Number(end))
  return typeof part === 'string' ? part : part.join('')
}
function outOfRange(index: bigint): Error {
  return failure(`index out of range: ${index}`)
}

function charAt(text: string, index: bigint): string {
  if (index < 0n || index > lengthOf(text)) throw outOfRange(index)
  return slice(text, index, index + 1n)
}
function indexFrom(text: string, part: string, from: bigint): bigint {
  if (from < 0n) throw outOfRange(from)
  if (part === '') return from
  if (from >= lengthOf(text)) return -1n
  const found = slice(text, from).indexOf(part)
  return found < 0 ? -1n : from + position(slice(text, from), found)
}
function lastIndexFrom(text: string, part: string, from: bigint): bigint {
  if (from < 0n) throw outOfRange(from)
  if (part === '') return from
  if (from >= lengthOf(text)) return -1n
  return position(text, text.lastIndexOf(part, slice(text, 0n, from).length))
}
function substring(text: string, start: bigint, end: bigint): string {
  const length = lengthOf(text)
  if (start < 0n || start > length) throw outOfRange(start)
  if (end < 0n || end > length) throw outOfRange(end)
  if (start > end) throw failure(`invalid substring range. start: ${start}, end: ${end}`)
  return slice(text, start, end)
}

function replace(text: string, old: string, by: string, most: bigint): string {
  if (most === 0n) return text
  const parts = old === '' ? ['', ...text, ''] : text.split(old)
  const count = most < 0n ? parts.length - 1 : Math.min(Number(most), parts.length - 1)
  spendSize(text.length + count * by.length)
  return parts.slice(0, count).join(by) + (count > 0 ? by : '') + parts.slice(count).join(old)
}
function split(text: string, separator: string, most: bigint): string[] {
  if (most === 0n) return []
  const parts = separator === '' ? [...text] : text.split(separator)
  if (most < 0n || BigInt(parts.length) <= most) return parts
  const kept = Number(most) - 1
  return [...parts.slice(0, kept), parts.slice(kept).join(separator)]
}
function join(parts: readonly string[], separator: string): string {
  let length = 0
  for (const part of parts) {
    if (typeof part !== 'string') throw failure('no such overload: join() of a list of other things than strings')
    length += part.length + separator.length
  }
  spendSize(length)
  return parts.join(separator)
}

const escapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}
export function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped.
  return `"${text.replace(/[\x07\b\f\n\r\t\v\\"]/g, (one) => escapes[one] as string)}"`
}
