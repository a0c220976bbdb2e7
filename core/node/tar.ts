const block = 512

export interface TarFile {
  /** At most 99 bytes, relative. */
  readonly name: string
  readonly mode: number
  readonly content: Buffer
}

/** A tar archive (ustar) of plain files, the same bytes for the same input: owner root, time 0. */
export function tarOf(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap(({ name, mode, content }) => {
    if (Buffer.byteLength(name) > 99) throw new Error(`too long for a tar header: ${name}`)
    const header = Buffer.alloc(block)
    const octal = (value: number, offset: number, width: number): void => {
      header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset, 'latin1')
    }
    header.write(name, 0)
    octal(mode, 100, 8)
    octal(0, 108, 8)
    octal(0, 116, 8)
    octal(content.length, 124, 12)
    octal(0, 136, 12)
    header.write('        0', 148, 'latin1') // The sum counts its own field as spaces; then the type, a plain file.
    header.write('ustar\x0000', 257, 'latin1')
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    return [header, content, Buffer.alloc((block - (content.length % block)) % block)]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * block)])
}
