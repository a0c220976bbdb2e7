import type { FileHandle } from 'node:fs/promises'
import { isPart } from './log-lines.js'

const block = 64 * 1024
const newline = 0x0a

/**
 * Where the last `lines` lines of a file begin, read from its end. `found`: how many there are, when the whole file has
 * fewer. Lines in parts count once; a last line that has no end yet counts.
 */
export async function tailOf(file: FileHandle, lines: number): Promise<{ readonly offset: number; readonly found: number }> {
  let { size: start } = await file.stat()
  const size = start
  let found = 0
  /** The beginning of a line of which more stands before it in the file. */
  let carry: Buffer = Buffer.alloc(0)
  while (start > 0) {
    const length = Math.min(block, start)
    start -= length
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start)
    const bytes = Buffer.concat([buffer.subarray(0, bytesRead), carry])
    let end = bytes.length
    while (end > 0) {
      const before = end < 2 ? -1 : bytes.lastIndexOf(newline, end - 2)
      if (before < 0 && start > 0) break
      const isLast = start + end === size
      if (isLast || !isPart(bytes.subarray(before + 1, end))) found += 1
      if (found > lines) return { offset: start + end, found: lines }
      end = before + 1
    }
    carry = bytes.subarray(0, end)
  }
  return { offset: 0, found }
}
