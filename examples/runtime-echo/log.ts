import type { LogReadOptions } from '@davit/core/node'
import type { EchoContainer } from './runtime.js'

/** The whole log is there once the container starts, so following it is waiting for the container's end. */
export async function* logOf({ config, status, ended }: EchoContainer, options: LogReadOptions): AsyncGenerator<Uint8Array> {
  const { timestamps, tailLines, limitBytes, sinceTime = 0, follow, signal } = options
  if (status.state === 'created') return
  const words = status.startedAt < sinceTime ? [] : [...config.command, ...config.args]
  const last = tailLines === undefined ? words : words.slice(Math.max(0, words.length - tailLines))
  const stamp = timestamps ? `${new Date(status.startedAt).toISOString()} ` : ''
  const text = Buffer.from(last.map((word) => `${stamp}${word}\n`).join(''))
  if (text.length > 0) yield limitBytes === undefined ? text : text.subarray(0, limitBytes)
  if (!follow || signal.aborted) return
  const given = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([ended, given])
}
