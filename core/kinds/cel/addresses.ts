/** IP addresses and ranges as values: `cidr('10.0.0.0/8').containsIP('10.1.2.3')`. */
import { isIPv4, isIPv6 } from '../names.js'
import { failure } from './library.js'
import type { Registrar } from './registrar.js'

export class Address {
  /** 4 or 16. */
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
  get family(): bigint {
    return this.bytes.length === 4 ? 4n : 6n
  }
  equals(other: unknown): boolean {
    return other instanceof Address && Buffer.compare(this.bytes, other.bytes) === 0
  }
  toString(): string {
    return this.bytes.length === 4 ? this.bytes.join('.') : shortest(this.bytes)
  }
}

export class Range {
  readonly address: Address
  readonly length: number

  constructor(address: Address, length: number) {
    this.address = address
    this.length = length
  }
  get masked(): Range {
    return new Range(new Address(mask(this.address.bytes, this.length)), this.length)
  }
  contains({ bytes }: Address): boolean {
    const own = mask(this.address.bytes, this.length)
    return bytes.length === own.length && Buffer.compare(mask(bytes, this.length), own) === 0
  }
  equals(other: unknown): boolean {
    return other instanceof Range && other.length === this.length && other.address.equals(this.address)
  }
  toString(): string {
    return `${this.address}/${this.length}`
  }
}

export function registerAddresses({ type, method, namespace }: Registrar): void {
  type('net.IP', Address as never)
  type('net.CIDR', Range as never)
  method('isIP(string): bool', (text: string) => parseAddress(text) !== undefined)
  method('ip(string): net.IP', requireAddress)
  namespace('ip', { 'isCanonical(string): bool': (text: string) => requireAddress(text).toString() === text })
  method('string(net.IP): string', String)
  method('net.IP.family(): int', (address: Address) => address.family)
  method('net.IP.isUnspecified(): bool', ({ bytes }: Address) => bytes.every((byte) => byte === 0))
  method('net.IP.isLoopback(): bool', isLoopback)
  method('net.IP.isLinkLocalUnicast(): bool', isLinkLocalUnicast)
  method('net.IP.isLinkLocalMulticast(): bool', isLinkLocalMulticast)
  method('net.IP.isGlobalUnicast(): bool', isGlobalUnicast)
  method('isCIDR(string): bool', (text: string) => parseRange(text) !== undefined)
  method('cidr(string): net.CIDR', requireRange)
  method('string(net.CIDR): string', String)
  method('net.CIDR.ip(): net.IP', ({ address }: Range) => address)
  method('net.CIDR.prefixLength(): int', ({ length }: Range) => BigInt(length))
  method('net.CIDR.masked(): net.CIDR', ({ masked }: Range) => masked)
  method('net.CIDR.containsIP(net.IP): bool', (range: Range, address: Address) => range.contains(address))
  method('net.CIDR.containsIP(string): bool', (range: Range, text: string) => range.contains(requireAddress(text)))
  method('net.CIDR.containsCIDR(net.CIDR): bool', containsRange)
  method('net.CIDR.containsCIDR(string): bool', (range: Range, text: string) => containsRange(range, requireRange(text)))
}

function containsRange(range: Range, part: Range): boolean {
  return part.length >= range.length && range.contains(part.address)
}

/** Neither zones nor IPv4 addresses in the clothes of IPv6. */
function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return new Address(Uint8Array.from(text.split('.'), Number))
  if (!isIPv6(text)) return undefined
  const bytes = bytesOfIPv6(text)
  return isMapped(bytes) ? undefined : new Address(bytes)
}
function requireAddress(text: string): Address {
  const address = parseAddress(text)
  if (!address) throw failure(`IP Address '${text}' parse error during conversion from string: unable to parse IP`)
  return address
}
function parseRange(text: string): Range | undefined {
  const [, head = '', tail = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? []
  const address = parseAddress(head)
  if (!address || Number(tail) > address.bytes.length * 8) return undefined
  return new Range(address, Number(tail))
}
function requireRange(text: string): Range {
  const range = parseRange(text)
  if (!range) throw failure(`network address parse error during conversion from string: netip.ParsePrefix("${text}")`)
  return range
}

function bytesOfIPv6(text: string): Uint8Array {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  const word = (a?: string, b?: string): string => ((Number(a) << 8) | Number(b)).toString(16)
  const plain = dotted ? `${dotted[1]}${word(dotted[2], dotted[3])}:${word(dotted[4], dotted[5])}` : text
  const [head = '', tail] = plain.split('::')
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const [front, back] = [words(head), words(tail ?? '')]
  const all = tail === undefined ? front : [...front, ...Array(8 - front.length - back.length).fill('0'), ...back]
  return Uint8Array.from(
    all.flatMap((one) => {
      const value = Number.parseInt(one, 16)
      return [value >> 8, value & 255]
    }),
  )
}
function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
}

/** RFC 5952: the longest run of zeros, of two words or more, is left out; the first of equal ones. */
function shortest(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_one, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0))
  let [best, length] = [-1, 1]
  for (let start = 0; start < 8; start++) {
    let end = start
    while (end < 8 && words[end] === 0) end++
    if (end - start > length) [best, length] = [start, end - start]
  }
  const text = (part: number[]): string => part.map((word) => word.toString(16)).join(':')
  return best < 0 ? text(words) : `${text(words.slice(0, best))}::${text(words.slice(best + length))}`
}

function mask(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, length - index * 8))))
}

const byte = ({ bytes }: Address, index: number): number => bytes[index] ?? 0

function isLoopback(address: Address): boolean {
  if (address.family === 4n) return byte(address, 0) === 127
  return address.bytes.every((value, index) => value === (index === 15 ? 1 : 0))
}
function isLinkLocalUnicast(address: Address): boolean {
  if (address.family === 4n) return byte(address, 0) === 169 && byte(address, 1) === 254
  return byte(address, 0) === 0xfe && (byte(address, 1) & 0xc0) === 0x80
}
function isLinkLocalMulticast(address: Address): boolean {
  if (address.family === 4n) return byte(address, 0) === 224 && byte(address, 1) === 0 && byte(address, 2) === 0
  return byte(address, 0) === 0xff && (byte(address, 1) & 0x0f) === 2
}
function isMulticast(address: Address): boolean {
  return address.family === 4n ? (byte(address, 0) & 0xf0) === 0xe0 : byte(address, 0) === 0xff
}
function isGlobalUnicast(address: Address): boolean {
  const isBroadcast = address.family === 4n && address.bytes.every((value) => value === 255)
  const isUnspecified = address.bytes.every((value) => value === 0)
  return !isBroadcast && !isUnspecified && !isLoopback(address) && !isMulticast(address) && !isLinkLocalUnicast(address)
}
