/** Between streams of Node and those of the runtime's contract. */
import { spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { type ExecRequest, toolEnvironment } from '@davit/core/node'

/** To its end; without a taker what comes is thrown away, so that the process is not held up. */
export async function pump(stream: Readable, take: ((chunk: Uint8Array) => Promise<void>) | undefined): Promise<void> {
  try {
    for await (const chunk of stream) await take?.(chunk as Uint8Array)
  } catch (error) {
    if (!stream.destroyed) throw error
  }
}

export interface Writing {
  stop(): void
}

/** Writes all of \`source\`, as fast as it is taken, and ends the stream with it. */
export function writeAll(stream: Writable, source: AsyncIterable<Uint8Array>, { keepOpen = false } = {}): Writing {
  const iterator = source[Symbol.asyncIterator]()
  let stopped = false
  const stop = (): void => {
    if (stopped) return
    stopped = true
    void iterator.return?.()
  }
  // The reader may go before all is written; it says so itself by its end.
  stream.on('error', stop)
  stream.on('close', stop)
  const work = async (): Promise<void> => {
    while (!stopped) {
      const { done, value } = await iterator.next()
      if (done || stopped) break
      if (!stream.write(value)) await new Promise<void>((resolve) => untilDrained(stream, resolve))
    }
    if (!keepOpen) stream.end()
  }
  work().catch(() => stream.destroy())
  return { stop }
}

function untilDrained(stream: Writable, done: () => void): void {
  const finish = (): void => {
    stream.removeListener('drain', finish)
    stream.removeListener('close', finish)
    done()
  }
  stream.once('drain', finish)
  stream.once('close', finish)
}

/** Gives each size to the terminal, once its name is known. */
export function followSizes(sizes: ExecRequest['resize'], terminal: Promise<string | undefined>): () => void {
  const iterator = sizes[Symbol.asyncIterator]()
  let stopped = false
  const work = async (): Promise<void> => {
    const name = await terminal
    while (name !== undefined && !stopped) {
      const { done, value } = await iterator.next()
      if (done || stopped) return
      await setSize(name, value.width, value.height)
    }
  }
  work().catch(() => {})
  return () => {
    stopped = true
    void iterator.return?.()
  }
}

/** A size that comes too late, for a terminal that is gone, changes nothing. */
function setSize(terminal: string, columns: number, rows: number): Promise<void> {
  return new Promise((resolve) => {
    const words = ['-F', terminal, 'cols', `${columns}`, 'rows', `${rows}`]
    const child = spawn('stty', words, { stdio: 'ignore', env: toolEnvironment })
    child.once('error', () => resolve())
    child.once('close', () => resolve())
  })
}
