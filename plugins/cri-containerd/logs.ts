import { watch } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { LogReadOptions } from '@davit/core/node'
import { rotatedFiles } from './log-files.js'
import { createLineReader } from './log-lines.js'
import { tailOf } from './log-tail.js'

/** Resolves when the container writes no more; never rejects. Asked only where a log is followed. */
export type Ended = (signal: AbortSignal) => Promise<void>

const block = 64 * 1024

/** Reads a container's log, its rotated files first. Ends at its end, or follows it until the container has ended. */
export async function* readLog(file: string, options: LogReadOptions, ended: Ended): AsyncGenerator<Uint8Array> {
  const reader = createLineReader(options)
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY
  const source = options.follow ? followed(file, options, ended) : stored(file, options)
  for await (const bytes of source) {
    const shown = reader.read(bytes)
    if (shown.length === 0) continue
    const all = shown.length === 1 ? (shown[0] as Buffer) : Buffer.concat(shown)
    yield all.length <= left ? all : all.subarray(0, left)
    left -= all.length
    if (left <= 0) return
  }
}

interface Piece {
  readonly handle: FileHandle
  position: number
}

async function* stored(file: string, { tailLines, signal }: LogReadOptions): AsyncGenerator<Buffer> {
  const pieces = await openAll(file, tailLines)
  try {
    for (const piece of pieces) yield* drain(piece, signal)
  } finally {
    await closeAll(pieces)
  }
}

/** Looks when something changes in the log's folder, and goes on to the new file where the log was rotated. */
async function* followed(file: string, { tailLines, signal }: LogReadOptions, ended: Ended): AsyncGenerator<Buffer> {
  const stop = new AbortController()
  const bell = createBell()
  const onAbort = (): void => stop.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  stop.signal.addEventListener('abort', bell.ring, { once: true })
  if (signal.aborted) onAbort()
  let over = false
  void ended(stop.signal).then(() => {
    over = true
    bell.ring()
  })
  const watcher = watch(dirname(file), bell.ring)
  watcher.on('error', bell.ring)
  const pieces = await openAll(file, tailLines)
  try {
    for (const piece of pieces.slice(0, -1)) yield* drain(piece, stop.signal)
    let current = pieces.at(-1)
    while (!stop.signal.aborted) {
      const last = over
      current ??= await openOne(file, pieces)
      if (current) yield* drain(current, stop.signal)
      if (current && (await isReplaced(file, current))) {
        // Written between the last look and the change of files.
        yield* drain(current, stop.signal)
        current = await openOne(file, pieces)
        continue
      }
      if (last) return
      await bell.rung()
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    watcher.close()
    stop.abort()
    await closeAll(pieces)
  }
}

/** Opens the files of a log, and finds where its last lines begin. A file that is not there has nothing. */
async function openAll(file: string, tailLines: number | undefined): Promise<Piece[]> {
  const pieces: Piece[] = []
  for (const path of [...(await rotatedFiles(file)), file]) await openOne(path, pieces)
  let wanted = tailLines ?? Number.POSITIVE_INFINITY
  for (const piece of pieces.toReversed()) {
    if (wanted === Number.POSITIVE_INFINITY) break
    const { offset, found } = await tailOf(piece.handle, wanted)
    piece.position = offset
    wanted -= found
  }
  return pieces
}

async function openOne(path: string, pieces: Piece[]): Promise<Piece | undefined> {
  try {
    const piece = { handle: await open(path), position: 0 }
    pieces.push(piece)
    return piece
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function closeAll(pieces: readonly Piece[]): Promise<void> {
  await Promise.all(pieces.map(({ handle }) => handle.close()))
}

async function* drain(piece: Piece, signal: AbortSignal): AsyncGenerator<Buffer> {
  while (!signal.aborted) {
    const { buffer, bytesRead } = await piece.handle.read(Buffer.allocUnsafe(block), 0, block, piece.position)
    if (bytesRead === 0) return
    piece.position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function isReplaced(file: string, { handle }: Piece): Promise<boolean> {
  const now = await stat(file).catch(() => undefined)
  return now !== undefined && now.ino !== (await handle.stat()).ino
}

/** Rings that come while nobody waits count as one. */
function createBell(): { ring(): void; rung(): Promise<void> } {
  let rang = false
  let wake: () => void = () => {}
  return {
    ring: () => {
      rang = true
      wake()
    },
    async rung() {
      if (!rang) await new Promise<void>((resolve) => (wake = resolve))
      rang = false
    },
  }
}
