import { CliError } from '../output/cli-error.js'
import { type Connection, statusError } from './connection.js'

export interface Execution {
  readonly namespace: string
  readonly pod: string
  readonly container: string | undefined
  readonly command: readonly string[]
  readonly stdin: boolean
  readonly tty: boolean
}
const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const

/** Runs a command over a WebSocket (v5.channel.k8s.io: each frame begins with its channel); resolves with the exit code. */
export async function execute(connection: Connection, execution: Execution): Promise<number> {
  const { WebSocket } = await import('ws')
  const { server } = connection.target
  const path = `/api/v1/namespaces/${execution.namespace}/pods/${execution.pod}/exec?${query(execution)}`
  const socket = new WebSocket(`wss://${server.host}${path}`, 'v5.channel.k8s.io', {
    ...connection.tls(),
    headers: connection.headers(),
  })
  const raw = execution.tty && execution.stdin && process.stdin.isTTY
  const size = () =>
    socket.send(
      frame(channel.resize, Buffer.from(JSON.stringify({ Width: process.stdout.columns, Height: process.stdout.rows }))),
    )
  try {
    return await new Promise<number>((resolve, reject) => {
      let result: number | undefined
      socket.on('open', () => {
        if (execution.tty && process.stdout.isTTY) {
          size()
          process.stdout.on('resize', size)
        }
        if (!execution.stdin) return
        if (raw) process.stdin.setRawMode(true)
        process.stdin.on('data', (chunk) => socket.send(frame(channel.stdin, chunk)))
        process.stdin.on('end', () => socket.send(Buffer.from([channel.close, channel.stdin])))
      })
      socket.on('message', (data: Buffer) => {
        const body = data.subarray(1)
        if (data[0] === channel.stdout) process.stdout.write(body)
        else if (data[0] === channel.stderr) process.stderr.write(body)
        else if (data[0] === channel.status) result = exitCode(body)
      })
      socket.on('close', () =>
        result === undefined ? reject(new CliError('the connection ended before the command did')) : resolve(result),
      )
      socket.on('unexpected-response', (_request, response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => reject(statusError(response.statusCode ?? 0, Buffer.concat(chunks))))
      })
      socket.on('error', (error) => reject(new CliError(`cannot run the command: ${error.message}`, { cause: error })))
    })
  } finally {
    if (raw) process.stdin.setRawMode(false)
    process.stdout.off('resize', size)
    process.stdin.pause()
    socket.terminate()
  }
}

function query(execution: Execution): URLSearchParams {
  const parameters = new URLSearchParams(execution.command.map((word): [string, string] => ['command', word]))
  if (execution.container) parameters.set('container', execution.container)
  parameters.set('stdout', 'true')
  // A terminal has one output stream.
  parameters.set('stderr', String(!execution.tty))
  parameters.set('stdin', String(execution.stdin))
  parameters.set('tty', String(execution.tty))
  return parameters
}

function frame(number: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([number]), body])
}

interface Status {
  status?: string
  message?: string
  details?: { causes?: { reason?: string; message?: string }[] }
}
function exitCode(body: Buffer): number {
  const status = JSON.parse(body.toString()) as Status
  if (status.status === 'Success') return 0
  const code = status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message
  if (code !== undefined) return Number(code)
  throw new CliError(status.message ?? 'the command could not be run')
}
