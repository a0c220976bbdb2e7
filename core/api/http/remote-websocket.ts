/** The channels of exec and attach over WebSocket: the first byte of each message says which. */
import type { RawData, WebSocket } from 'ws'
import { createByteQueue, createQueue } from './byte-queue.js'
import type { ChannelOptions, CommandStatus, RemoteChannels } from './remote-command.js'
import { parseSize, type Size } from './terminal-size.js'

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** In order of preference. */
export const commandProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
] as const

/** Unsent bytes from which on the command's output has to wait. */
const backlogLimit = 1 << 20

export function openWebSocketChannels(socket: WebSocket, options: ChannelOptions): RemoteChannels {
  // A client that names no protocol speaks the first one.
  const protocol = socket.protocol || 'channel.k8s.io'
  const base64 = protocol.includes('base64')
  const sendsStatus = protocol.startsWith('v')
  const gone = new AbortController()
  const stdin = createByteQueue({ full: (full) => (full ? socket.pause() : socket.resume()) })
  const resize = createQueue<Size>()
  if (!options.stdin) stdin.end()

  function leave(): void {
    stdin.end()
    resize.end()
    gone.abort()
  }
  function receive(data: RawData): void {
    const message = bytesOf(data)
    const number = base64 ? (message[0] ?? 0) - 48 : message[0]
    const content = base64 ? Buffer.from(message.toString('latin1', 1), 'base64') : message.subarray(1)
    if (number === channel.stdin && options.stdin) stdin.push(content)
    else if (number === channel.close && content[0] === channel.stdin) stdin.end()
    else if (number === channel.resize) {
      const size = parseSize(content)
      if (size) resize.push(size)
    }
  }
  function send(number: number, content: Uint8Array): Promise<void> {
    if (socket.readyState !== socket.OPEN) return Promise.resolve()
    const message = base64
      ? `${number}${Buffer.from(content).toString('base64')}`
      : Buffer.concat([Uint8Array.of(number), content])
    return new Promise((resolve) => {
      socket.send(message, { binary: !base64 }, () => resolve())
      if (socket.bufferedAmount < backlogLimit) resolve()
    })
  }

  socket.on('message', receive)
  socket.on('close', leave)
  socket.on('error', leave)
  // Tells the client that the other end is there before anything is printed.
  void send(options.stdout ? channel.stdout : options.stderr ? channel.stderr : channel.error, new Uint8Array(0))
  return {
    streams: {
      stdin,
      stdout: (chunk) => (options.stdout ? send(channel.stdout, chunk) : Promise.resolve()),
      stderr: (chunk) => send(options.stderr ? channel.stderr : channel.stdout, chunk),
      resize,
      signal: gone.signal,
    },
    async finish(status) {
      const text = sendsStatus ? JSON.stringify(status) : messageOf(status)
      if (text !== '') await send(channel.error, Buffer.from(text, 'utf8'))
      socket.close(1000)
      resize.end()
    },
  }
}

/** Before v4 the channel says what went wrong, in words, and nothing else. */
function messageOf(status: CommandStatus): string {
  return status.status === 'Success' ? '' : status.message
}

export function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}
