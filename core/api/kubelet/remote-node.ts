/** The agent of a node of another process, by its own server. */
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { ApiError } from '../../client/contract.js'
import type { Clock } from '../../kernel/contract.js'
import type { ExecOptions, ExecStreams, LogOptions, NodeStreams, NodeUsage, PodRef } from '../contract.js'
import { bytesOf } from '../http/remote-websocket.js'
import { type NodeDialler, textOf } from './node-dialler.js'
import { PortSocket, portProtocols } from './port-socket.js'
import { type Summary, usageOf } from './summary.js'

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const
const backlogLimit = 1 << 20

export function remoteNode(dialler: NodeDialler, node: string, clock: Clock): NodeStreams {
  return {
    logs: (pod, options) => logs(dialler, node, pod, options),
    async exec(pod, options, streams) {
      const query = commandQuery(options)
      for (const word of options.command) query.append('command', word)
      return { exitCode: await command(dialler, node, pathOf('exec', pod, options.container, query), streams, options.stdin) }
    },
    async attach(pod, options, streams) {
      await command(dialler, node, pathOf('attach', pod, options.container, commandQuery(options)), streams, options.stdin)
    },
    async dial(pod, port): Promise<Duplex> {
      const socket = await dialler.webSocket(
        node,
        pathOf('portForward', pod, '', new URLSearchParams({ port: String(port) })),
        portProtocols,
      )
      return new PortSocket(socket, { headers: 'received', port })
    },
    async usage(signal): Promise<NodeUsage> {
      const reply = await dialler.get(node, '/stats/summary', signal)
      return usageOf(JSON.parse(await textOf(reply)) as Summary, clock.now())
    },
  }
}

function pathOf(verb: string, { namespace, name }: PodRef, container: string, query: URLSearchParams): string {
  const parts = [verb, namespace, name, ...(container === '' ? [] : [container])]
  const text = query.toString()
  return `/${parts.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`
}

function commandQuery({ tty, stdin, stdout, stderr }: Omit<ExecOptions, 'command'>): URLSearchParams {
  const flag = (value: boolean): string => (value ? '1' : '0')
  return new URLSearchParams({ input: flag(stdin), output: flag(stdout), error: flag(stderr), tty: flag(tty) })
}

async function* logs(dialler: NodeDialler, node: string, pod: PodRef, options: LogOptions): AsyncGenerator<Uint8Array> {
  const { container, signal, sinceTime, ...rest } = options
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(rest)) if (value !== undefined && value !== false) query.set(key, String(value))
  if (sinceTime !== undefined) query.set('sinceTime', new Date(sinceTime).toISOString())
  const reply = await dialler.get(node, pathOf('containerLogs', pod, container, query), signal)
  try {
    for await (const chunk of reply) yield chunk as Buffer
  } catch (error) {
    // A client that has gone is no fault of the node.
    if (!signal.aborted) throw ApiError.serviceUnavailable(`the connection to node ${node} broke: ${(error as Error).message}`)
  } finally {
    reply.destroy()
  }
}

/** What the command said at its end, as kubelets send it. */
interface EndStatus {
  readonly status?: string
  readonly reason?: string
  readonly message?: string
  readonly code?: number
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] }
}

/** The exit code. */
async function command(dialler: NodeDialler, node: string, path: string, streams: ExecStreams, stdin: boolean): Promise<number> {
  const socket = await dialler.webSocket(node, path, ['v5.channel.k8s.io'])
  const leave = (): void => socket.terminate()
  streams.signal.addEventListener('abort', leave, { once: true })
  if (streams.signal.aborted) leave()
  try {
    if (stdin) void sendInput(socket, streams)
    void sendSizes(socket, streams)
    const end = await received(socket, streams)
    streams.signal.throwIfAborted()
    if (end === undefined) throw ApiError.serviceUnavailable(`the connection to node ${node} broke`)
    return exitCodeOf(end)
  } finally {
    streams.signal.removeEventListener('abort', leave)
    socket.resume()
    socket.close(1000)
  }
}

function exitCodeOf(end: EndStatus): number {
  if (end.status === 'Success') return 0
  const code = end.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message
  if (end.reason === 'NonZeroExitCode' && code !== undefined) return Number(code)
  throw ApiError.fromReply(end.code ?? 500, { ...end, kind: 'Status' })
}

/** Its output until the connection ends, in order; while the client does not keep up, nothing is read. */
function received(socket: WebSocket, streams: ExecStreams): Promise<EndStatus | undefined> {
  let end: EndStatus | undefined
  let last = Promise.resolve()
  let waiting = 0
  const pass = (chunk: Buffer, write: (chunk: Uint8Array) => Promise<void>): void => {
    waiting += chunk.length
    if (waiting > backlogLimit) socket.pause()
    last = last
      .then(() => write(chunk))
      .catch(() => undefined)
      .then(() => {
        waiting -= chunk.length
        if (waiting === 0) socket.resume()
      })
  }
  return new Promise((resolve) => {
    socket.on('message', (data) => {
      const message = bytesOf(data)
      const content = message.subarray(1)
      if (message[0] === channel.error) end = content.length > 0 ? statusOf(content) : end
      else if (content.length > 0 && message[0] === channel.stdout) pass(content, streams.stdout)
      else if (content.length > 0 && message[0] === channel.stderr) pass(content, streams.stderr)
    })
    socket.on('close', () => void last.then(() => resolve(end)))
    socket.resume()
  })
}

function statusOf(content: Buffer): EndStatus {
  try {
    return JSON.parse(content.toString('utf8')) as EndStatus
  } catch {
    return { status: 'Failure', message: content.toString('utf8') }
  }
}

async function sendInput(socket: WebSocket, { stdin }: ExecStreams): Promise<void> {
  for await (const chunk of stdin) {
    if (!(await send(socket, Buffer.concat([Uint8Array.of(channel.stdin), chunk])))) return
  }
  await send(socket, Uint8Array.of(channel.close, channel.stdin))
}

async function sendSizes(socket: WebSocket, { resize }: ExecStreams): Promise<void> {
  for await (const { width, height } of resize) {
    const size = JSON.stringify({ Width: width, Height: height })
    if (!(await send(socket, Buffer.concat([Uint8Array.of(channel.resize), Buffer.from(size)])))) return
  }
}

/** Resolves when more may be sent; false: nothing can be any more. */
function send(socket: WebSocket, message: Uint8Array): Promise<boolean> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve(false)
  return new Promise((resolve) => {
    socket.send(message, (error) => resolve(!error))
    if (socket.bufferedAmount < backlogLimit) resolve(true)
  })
}
