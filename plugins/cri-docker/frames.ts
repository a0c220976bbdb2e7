/**
 * Docker sends standard output and error of a container without a terminal in one stream: before each piece stand
 * 8 bytes, the stream's number and the piece's length. Chunks of the connection know nothing of these bounds.
 */

export interface Piece {
  readonly stream: 'stdout' | 'stderr'
  readonly data: Buffer
  /** The first bytes of a frame; of a long one more pieces follow. */
  readonly first: boolean
}

export interface FrameReader {
  /** What the chunk holds, in order. Nothing is kept back but part of a header. */
  read(chunk: Uint8Array): Piece[]
}

const headerSize = 8

export function createFrameReader(): FrameReader {
  const header = Buffer.alloc(headerSize)
  let headerRead = 0
  let left = 0
  let first = false
  return {
    read(chunk) {
      const pieces: Piece[] = []
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      let at = 0
      while (at < bytes.length) {
        if (left > 0) {
          const data = bytes.subarray(at, at + left)
          pieces.push({ stream: header[0] === 2 ? 'stderr' : 'stdout', data, first })
          first = false
          left -= data.length
          at += data.length
          continue
        }
        const taken = bytes.copy(header, headerRead, at, at + headerSize - headerRead)
        headerRead += taken
        at += taken
        if (headerRead < headerSize) continue
        if ((header[0] ?? 3) > 2) throw new Error(`no frame of Docker's begins with the byte ${header[0]}`)
        headerRead = 0
        left = header.readUInt32BE(4)
        first = true
      }
      return pieces
    },
  }
}

/** The same face for a terminal, which has one stream and no frames. */
export function createRawReader(): FrameReader {
  return { read: (chunk) => [{ stream: 'stdout', data: Buffer.from(chunk), first: false }] }
}
