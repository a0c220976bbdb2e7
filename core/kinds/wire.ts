/** The protobuf wire format: a cursor over bytes. Throws `WireError` where the bytes end or make no sense. */
import { integerOf } from './exact-json.js'

export class WireError extends Error {}

export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

const decoder = new TextDecoder('utf-8', { fatal: true })

export class WireReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** Signed as int64 is; the nearest number where none is exact. */
  varint(): number {
    return Number(this.integer())
  }

  integer(): number | bigint {
    let value = 0
    let scale = 1
    const start = this.#at
    for (;;) {
      const byte = this.#byte()
      if (this.#at - start > 7) return this.#longVarint(start)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
  }

  /** Negative numbers are ten bytes long. */
  #longVarint(start: number): number | bigint {
    this.#at = start
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return integerOf(BigInt.asIntN(64, value))
      if (shift > 63n) throw new WireError('a varint is longer than ten bytes')
    }
  }

  bytes(): Uint8Array {
    const length = this.varint()
    return this.#take(length)
  }

  string(): string {
    return textOf(this.bytes())
  }

  double(): number {
    const taken = this.#take(8)
    return new DataView(taken.buffer, taken.byteOffset, 8).getFloat64(0, true)
  }

  skip(type: number): void {
    if (type === wireType.varint) this.varint()
    else if (type === wireType.fixed64) this.#take(8)
    else if (type === wireType.bytes) this.bytes()
    else if (type === wireType.fixed32) this.#take(4)
    else throw new WireError(`wire type ${type} is unknown`)
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new WireError('unexpected end of data')
    return byte
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length
    if (length < 0 || end > this.#bytes.length) throw new WireError('unexpected end of data')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}

export function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new WireError('a text is not valid UTF-8')
  }
}
