/** Talks over a connection that Docker has handed over to a process: exec and attach. */
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { ExecRequest } from '@davit/core/node'
import { createFrameReader, createRawReader } from './frames.js'

export type Talk = Pick<ExecRequest, 'tty' | 'stdin' | 'stdout' | 'stderr'>

/**
 * Resolves when the process has closed its side and all is delivered. A caller ends it early by destroying the connection.
 * `passEnd`: the end of our input is the end of the process's. Only without a terminal, for an exec or a container that is
 * fed once: elsewhere Docker takes it for the end of the whole talk, and output would be lost.
 */
export async function talk(connection: Duplex, { tty, stdin, stdout, stderr }: Talk, passEnd: boolean): Promise<void> {
  const stopInput = stdin ? send(connection, stdin, passEnd) : undefined
  const reader = tty ? createRawReader() : createFrameReader()
  try {
    for await (const chunk of connection) {
      for (const { stream, data } of reader.read(chunk as Buffer)) {
        await (stream === 'stdout' ? stdout : stderr)?.(data)
      }
    }
  } finally {
    stopInput?.()
    connection.destroy()
  }
}

/** Passes input on at the speed at which it is taken. */
function send(connection: Duplex, input: AsyncIterable<Uint8Array>, passEnd: boolean): () => void {
  const iterator = input[Symbol.asyncIterator]()
  const closed = new AbortController()
  const pump = async (): Promise<void> => {
    for (;;) {
      const { value, done } = await iterator.next()
      if (closed.signal.aborted) return
      if (done) break
      if (!connection.write(value)) await once(connection, 'drain', { signal: closed.signal })
    }
  }
  const end = (): void => {
    if (passEnd && !closed.signal.aborted) connection.end()
  }
  // Input that fails ends like input that is over; a connection that fails tells the reader of output.
  pump().then(end, end)
  return () => {
    closed.abort()
    void iterator.return?.()
  }
}

/** Passes sizes on until the returned function is called. The latest counts: one that fails is left out. */
export function followSizes(
  sizes: ExecRequest['resize'],
  apply: (size: { readonly h: number; readonly w: number }) => Promise<void>,
): () => void {
  const iterator = sizes[Symbol.asyncIterator]()
  let stopped = false
  const pump = async (): Promise<void> => {
    for (;;) {
      const { value, done } = await iterator.next()
      if (done || stopped) return
      await apply({ h: value.height, w: value.width }).catch(() => undefined)
    }
  }
  pump().catch(() => undefined)
  return () => {
    stopped = true
    void iterator.return?.()
  }
}
