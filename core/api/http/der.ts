/** Writes DER (X.690): as much of it as a certificate needs. */

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(tags.sequence, ...parts)
}
export function set(...parts: readonly Uint8Array[]): Buffer {
  return element(tags.set, ...parts)
}
export function boolean(value: boolean): Buffer {
  return element(tags.boolean, Buffer.from([value ? 0xff : 0]))
}
/** Of a natural number, most significant byte first. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const digits = bytes.subarray(start)
  // A set top bit would make the number negative.
  return (digits[0] ?? 0) & 0x80 ? element(tags.integer, Buffer.from([0]), digits) : element(tags.integer, digits)
}
export function octetString(bytes: Uint8Array): Buffer {
  return element(tags.octetString, bytes)
}
/** `unused` is the number of bits at the end that carry nothing. */
export function bitString(bytes: Uint8Array, unused = 0): Buffer {
  return element(tags.bitString, Buffer.from([unused]), bytes)
}
export function utf8String(text: string): Buffer {
  return element(tags.utf8String, Buffer.from(text, 'utf8'))
}
/** "1.2.840.10045.4.3.2" */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return element(tags.objectIdentifier, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}
/** X.509 wants UTCTime up to 2049, and GeneralizedTime after it. */
export function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '')
  if (Number(digits.slice(0, 4)) >= 2050) return element(tags.generalizedTime, Buffer.from(digits, 'latin1'))
  return element(tags.utcTime, Buffer.from(digits.slice(2), 'latin1'))
}
/** A context-specific tag: `constructed` where it wraps other elements. */
export function tagged(number: number, constructed: boolean, ...parts: readonly Uint8Array[]): Buffer {
  return element(0x80 | (constructed ? 0x20 : 0) | number, ...parts)
}

function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(size)]), ...parts])
}

function lengthOctets(size: number): number[] {
  if (size < 0x80) return [size]
  const octets: number[] = []
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return [0x80 | octets.length, ...octets]
}

function base128(value: number): number[] {
  const octets = [value % 128]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) octets.unshift((rest % 128) | 0x80)
  return octets
}
