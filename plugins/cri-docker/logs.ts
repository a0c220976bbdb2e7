import type { LogReadOptions } from '@davit/core/node'
import { type Engine, problem } from './engine.js'
import { createFrameReader, createRawReader, type Piece } from './frames.js'

/** What a container wrote, from Docker's own files, in the order in which it wrote. */
export async function* readLog(engine: Engine, id: string, tty: boolean, options: LogReadOptions): AsyncGenerator<Uint8Array> {
  if (options.signal.aborted) return
  const stop = new AbortController()
  const onAbort = (): void => stop.abort()
  options.signal.addEventListener('abort', onAbort, { once: true })
  try {
    const stream = await engine.stream(`/containers/${id}/logs`, logQuery(options), stop.signal)
    const reader = tty ? createRawReader() : createFrameReader()
    const joinLine = options.timestamps && !tty ? createLineJoiner() : (piece: Piece): Buffer => piece.data
    let left = options.limitBytes ?? Number.POSITIVE_INFINITY
    for await (const chunk of stream) {
      for (const piece of reader.read(chunk as Buffer)) {
        const data = joinLine(piece)
        if (data.length > 0) yield data.length <= left ? data : data.subarray(0, left)
        left -= data.length
        if (left <= 0) return
      }
    }
  } catch (error) {
    if (!stop.signal.aborted) throw problem('RunContainerError', error)
  } finally {
    options.signal.removeEventListener('abort', onAbort)
    stop.abort()
  }
}

export function logQuery(options: LogReadOptions): Record<string, string> {
  const { follow, timestamps, tailLines, sinceTime } = options
  return {
    stdout: 'true',
    stderr: 'true',
    follow: String(follow),
    timestamps: String(timestamps),
    tail: tailLines === undefined ? 'all' : String(tailLines),
    ...(sinceTime === undefined ? {} : { since: (sinceTime / 1000).toFixed(3) }),
  }
}

/**
 * Docker keeps a line longer than 16 KiB in several frames and sets a time before each: only the first belongs into the
 * log. A frame goes on a line when the one before it of the same stream did not end one.
 */
export function createLineJoiner(): (piece: Piece) => Buffer {
  const open = { stdout: false, stderr: false }
  let skipping = false
  return ({ stream, data, first }) => {
    if (first) skipping = open[stream]
    let text = data
    if (skipping) {
      const space = data.indexOf(' ')
      text = space < 0 ? data.subarray(data.length) : data.subarray(space + 1)
      skipping = space < 0
    }
    if (text.length > 0) open[stream] = text.at(-1) !== 0x0a
    return text
  }
}
