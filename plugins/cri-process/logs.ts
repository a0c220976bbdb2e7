/** What a container wrote, from its files, in the order in which it wrote. */
import { type FSWatcher, watch } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogReadOptions } from '@davit/core/node'
import { fileNumbers, readMarks } from './marks.js'
import { type ContainerPlaces, containerPlaces } from './places.js'
import type { ContainerEntry, State } from './state.js'
import { findTail } from './tail.js'

const newline = 0x0a
const blockSize = 64 * 1024

export interface Position {
  readonly number: number
  readonly offset: number
}

export interface Piece extends Position {
  readonly data: Buffer
}

export async function* readLog(state: State, entry: ContainerEntry, options: LogReadOptions): AsyncGenerator<Uint8Array> {
  const places = containerPlaces(state.places, entry.record.id)
  const numbers = await fileNumbers(places.log)
  const from =
    options.tailLines === undefined
      ? { number: numbers[0] ?? 0, offset: 0 }
      : await findTail(places.log, numbers, options.tailLines)
  const pieces = readPieces(places.log, from, options.follow ? until(entry, places, options.signal) : undefined, options.signal)
  const shaped = options.timestamps || options.sinceTime !== undefined ? shape(pieces, places, options) : plain(pieces)
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY
  for await (const data of shaped) {
    yield data.length <= left ? data : data.subarray(0, left)
    left -= data.length
    if (left <= 0) return
  }
}

/** Where the log ends now. */
export async function endOf({ log }: ContainerPlaces): Promise<Position> {
  const number = (await fileNumbers(log)).at(-1)
  if (number === undefined) return { number: 0, offset: 0 }
  const file = await open(join(log, `${number}`))
  try {
    return { number, offset: (await file.stat()).size }
  } finally {
    await file.close()
  }
}

export interface Growth {
  /** Resolves when there may be more to read; false: the container has ended, and what is there is all. */
  more(): Promise<boolean>
  close(): void
}

/** Wakes at each write and at the container's end. */
export function until(entry: ContainerEntry, { log }: Pick<ContainerPlaces, 'log'>, signal: AbortSignal): Growth {
  let woken = false
  let wake = (): void => {}
  const notice = (): void => {
    woken = true
    wake()
  }
  let watcher: FSWatcher | undefined
  const begin = (): void => {
    watcher = watch(log, notice)
    watcher.on('error', notice)
    entry.waiting.add(notice)
    signal.addEventListener('abort', notice, { once: true })
  }
  begin()
  let last = false
  return {
    async more() {
      if (signal.aborted || last) return false
      // The last write was before the end: one more look, and no other.
      last = entry.ending !== undefined
      if (!last && !woken) await new Promise<void>((resolve) => (wake = resolve))
      woken = false
      return !signal.aborted
    },
    close() {
      watcher?.close()
      entry.waiting.delete(notice)
      signal.removeEventListener('abort', notice)
    },
  }
}

/** Reads on from one file to the next. Without `growth` until what is there has been read. */
export async function* readPieces(
  log: string,
  from: Position,
  growth: Growth | undefined,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  try {
    let number: number | undefined = from.number
    let offset = from.offset
    while (number !== undefined && !signal.aborted) {
      const read = yield* readFileFrom(log, number, offset, signal)
      offset += read
      const next = await nextFile(log, number)
      if (next !== undefined) {
        // Between the last read and the look, the rest of this file may have come.
        yield* readFileFrom(log, number, offset, signal)
        number = next
        offset = 0
      } else if (!growth || !(await growth.more())) return
    }
  } finally {
    growth?.close()
  }
}

async function nextFile(log: string, number: number): Promise<number | undefined> {
  const numbers = await fileNumbers(log).catch(() => [])
  return numbers.find((other) => other > number)
}

async function* readFileFrom(log: string, number: number, from: number, signal: AbortSignal): AsyncGenerator<Piece, number> {
  const file = await open(join(log, `${number}`)).catch(() => undefined)
  if (!file) return 0
  let offset = from
  try {
    while (!signal.aborted) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(blockSize), 0, blockSize, offset)
      if (bytesRead === 0) break
      yield { number, offset, data: buffer.subarray(0, bytesRead) }
      offset += bytesRead
    }
  } finally {
    await file.close()
  }
  return offset - from
}

async function* plain(pieces: AsyncIterable<Piece>): AsyncGenerator<Buffer> {
  for await (const { data } of pieces) yield data
}

/** Sets a time before each line, and leaves out what is older than `sinceTime`. */
async function* shape(pieces: AsyncIterable<Piece>, places: ContainerPlaces, options: LogReadOptions): AsyncGenerator<Buffer> {
  const { timestamps, sinceTime = 0 } = options
  let atStart = true
  let wanted = false
  for await (const { number, offset, data } of pieces) {
    // Read anew for each piece: marks come while a log is followed.
    const timeOf = await readMarks(places, number)
    const out: Buffer[] = []
    for (let index = 0; index < data.length; ) {
      const found = data.indexOf(newline, index)
      const end = found < 0 ? data.length : found + 1
      if (atStart) {
        const time = timeOf(offset + index)
        wanted = time >= sinceTime
        if (wanted && timestamps) out.push(Buffer.from(`${stamp(time)} `))
      }
      if (wanted) out.push(data.subarray(index, end))
      atStart = found >= 0
      index = end
    }
    if (out.length > 0) yield Buffer.concat(out)
  }
}

function stamp(time: number): string {
  return new Date(time).toISOString().replace('Z', '000000Z')
}
