import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Position } from './logs.js'

const newline = 0x0a
const blockSize = 64 * 1024

/** Where the last `lines` lines begin, counted backwards through the files; a last line without its end is one too. */
export async function findTail(log: string, numbers: readonly number[], lines: number): Promise<Position> {
  let left = lines
  let isLast = true
  for (const number of [...numbers].reverse()) {
    const file = await open(join(log, `${number}`)).catch(() => undefined)
    if (!file) break
    try {
      let end = (await file.stat()).size
      if (lines === 0) return { number, offset: end }
      while (end > 0) {
        const start = Math.max(0, end - blockSize)
        const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start)
        for (let index = buffer.length - 1; index >= 0; index -= 1) {
          // The end of the very last line begins no other.
          const counts = buffer[index] === newline && !isLast
          isLast = false
          if (!counts) continue
          left -= 1
          if (left === 0) return { number, offset: start + index + 1 }
        }
        end = start
      }
    } finally {
      await file.close()
    }
  }
  return { number: numbers[0] ?? 0, offset: 0 }
}
