import type { LogReadOptions } from '@davit/core/node'
import type { HollowProcess, LogLine } from './process.js'

/** A hollow container prints when it starts and never again, so following is waiting for its end. */
export async function* readLog(process: HollowProcess, options: LogReadOptions): AsyncGenerator<Uint8Array> {
  const { sinceTime, tailLines } = options
  const since = process.log.filter((line) => sinceTime === undefined || line.at >= sinceTime)
  const lines = tailLines === undefined ? since : since.slice(Math.max(0, since.length - tailLines))
  const all = Buffer.from(lines.map((line) => render(line, options.timestamps)).join(''))
  const bytes = options.limitBytes === undefined ? all : all.subarray(0, options.limitBytes)
  if (bytes.length > 0) yield bytes
  if (options.follow && process.container().state !== 'exited') await endOrAbort(process, options.signal)
}

function render(line: LogLine, timestamps: boolean): string {
  return timestamps ? `${new Date(line.at).toISOString().replace('Z', '000000Z')} ${line.text}\n` : `${line.text}\n`
}

function endOrAbort(process: HollowProcess, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
    void process.ended.then(done)
  })
}
