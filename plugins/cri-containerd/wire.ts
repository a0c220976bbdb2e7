/** As much of protobuf's encoding as is needed where loading a library would cost more than the call. */

/** The text in a field of a message; "" where it is not there. Throws on what cannot be a message. */
export function stringField(message: Uint8Array, wanted: number): string {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  let at = 0
  const number = (): number => {
    let value = 0
    for (let shift = 0; shift < 64; shift += 7) {
      const byte = bytes[at++]
      if (byte === undefined) break
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new Error('a message is cut off')
  }
  while (at < bytes.length) {
    const tag = number()
    const [field, type] = [Math.floor(tag / 8), tag % 8]
    if (type === 0) number()
    else if (type === 1) at += 8
    else if (type === 5) at += 4
    else if (type === 2) {
      const length = number()
      if (at + length > bytes.length) throw new Error('a message is cut off')
      if (field === wanted) return bytes.toString('utf8', at, at + length)
      at += length
    } else throw new Error('a message has a field of an unknown type')
  }
  return ''
}
