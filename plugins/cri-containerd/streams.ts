/** Talks to a process through the runtime's streaming server: exec and attach. */
import type { ExecRequest } from '@davit/core/node'
import { RuntimeError } from '@davit/core/node'
import { connectSpdy, type SpdyConnection, type SpdyStream } from './spdy.js'

const protocol = 'v4.channel.k8s.io'

/**
 * Resolves with the server's last word when the process has ended and all it wrote is delivered. `passEnd`: the end of our
 * input is the end of the process's. Only for an exec without a terminal: elsewhere the runtime takes it for the end of
 * the whole talk, and output would be lost.
 */
export async function talk(url: string, request: Omit<ExecRequest, 'command'>, passEnd: boolean): Promise<string> {
  const { tty, stdin, stdout, stderr, signal } = request
  const connection = await connectSpdy(url, protocol, signal)
  const onAbort = (): void => connection.close()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  const verdict: Buffer[] = []
  const failures: unknown[] = []
  const to = (take: ExecRequest['stdout']) => async (chunk: Buffer) => {
    try {
      await take?.(chunk)
    } catch (error) {
      failures.push(error)
      connection.close()
    }
  }
  const undos: (() => void)[] = []
  try {
    const error = connection.open({ streamtype: 'error' }, (chunk) => void verdict.push(chunk))
    const input = stdin && connection.open({ streamtype: 'stdin' })
    const askedOutput = stdout || (!stdin && (tty || !stderr))
    const outputs = askedOutput ? [connection.open({ streamtype: 'stdout' }, to(stdout))] : []
    if (stderr && !tty) outputs.push(connection.open({ streamtype: 'stderr' }, to(stderr)))
    const sizes = tty ? connection.open({ streamtype: 'resize' }) : undefined
    error.end()
    if (stdin && input)
      undos.push(
        pump(
          stdin,
          (chunk) => input.write(chunk),
          () => passEnd && input.end(),
        ),
      )
    if (sizes)
      undos.push(
        pump(
          request.resize,
          (size) => sendSize(sizes, size),
          () => {},
        ),
      )
    await Promise.race([Promise.all([error, ...outputs].map((stream) => stream.ended)), connection.closed])
    if (failures.length > 0) throw failures[0]
    signal.throwIfAborted()
    return Buffer.concat(verdict).toString()
  } finally {
    for (const undo of undos) undo()
    signal.removeEventListener('abort', onAbort)
    await finish(connection)
  }
}

async function finish(connection: SpdyConnection): Promise<void> {
  connection.close()
  await connection.closed
}

function sendSize(stream: SpdyStream, { width, height }: { readonly width: number; readonly height: number }): Promise<void> {
  return stream.write(Buffer.from(`${JSON.stringify({ Width: width, Height: height })}\n`))
}

/** Passes on what comes, at the speed at which it is taken, until the returned function is called. */
function pump<T>(source: AsyncIterable<T>, take: (item: T) => Promise<void>, end: () => void): () => void {
  const iterator = source[Symbol.asyncIterator]()
  let stopped = false
  const run = async (): Promise<void> => {
    for (;;) {
      const { value, done } = await iterator.next()
      if (stopped) return
      if (done) return end()
      await take(value)
    }
  }
  // Input that fails ends like input that is over.
  run().catch(() => {
    if (!stopped) end()
  })
  return () => {
    stopped = true
    void iterator.return?.()
  }
}

interface Verdict {
  readonly status?: string
  readonly message?: string
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] }
}

/** The server's last word is a Status of the Kubernetes API. */
export function exitCodeOf(text: string): number {
  if (text === '') throw new Error('the connection to the process was lost')
  let verdict: Verdict
  try {
    verdict = JSON.parse(text) as Verdict
  } catch {
    throw new Error(`the runtime ends the stream with: ${text}`)
  }
  if (verdict.status === 'Success') return 0
  const code = verdict.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message
  if (code === undefined) throw new RuntimeError('RunContainerError', verdict.message ?? text)
  return Number(code)
}
