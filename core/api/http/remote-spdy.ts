/** The channels of exec and attach over SPDY: one stream each, told apart by a header. */
import { ApiError } from '../../client/contract.js'
import type { Clock } from '../../kernel/contract.js'
import { createQueue } from './byte-queue.js'
import type { ChannelOptions, CommandStatus, RemoteChannels } from './remote-command.js'
import type { SpdyStream } from './spdy.js'
import { parseSize, type Size } from './terminal-size.js'
import type { Upgrade } from './upgrade.js'

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io']
const openMs = 30_000

type StreamType = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize'

/** Resolves once the client has opened every stream that it asked for. */
export async function openSpdyChannels(upgrade: Upgrade, options: ChannelOptions, clock: Clock): Promise<RemoteChannels> {
  const opened = new Map<StreamType, SpdyStream>()
  const gone = new AbortController()
  let complete: () => void = () => {}
  const all = new Promise<void>((resolve) => {
    complete = resolve
  })
  let expected: StreamType[] = []
  const { session, protocol } = await upgrade.spdy(protocols, (stream) => {
    opened.set(stream.headers.get('streamtype') as StreamType, stream)
    if (expected.length > 0 && expected.every((type) => opened.has(type))) complete()
  })
  const version = versionOf(protocol)
  expected = streamTypes(options, version)
  session.signal.addEventListener('abort', () => gone.abort())
  if (expected.every((type) => opened.has(type))) complete()
  await Promise.race([all, clock.sleep(openMs, gone.signal)]).catch(() => {})
  if (!expected.every((type) => opened.has(type))) {
    session.close()
    throw ApiError.badRequest('the client did not open its streams in time')
  }
  const write = (type: StreamType, chunk: Uint8Array): Promise<void> => opened.get(type)?.write(chunk) ?? Promise.resolve()
  return {
    streams: {
      stdin: opened.get('stdin')?.incoming ?? none(),
      stdout: (chunk) => write('stdout', chunk),
      stderr: (chunk) => write(opened.has('stderr') ? 'stderr' : 'stdout', chunk),
      resize: sizes(opened.get('resize')),
      signal: gone.signal,
    },
    async finish(status) {
      const text = version >= 4 ? JSON.stringify(status) : messageOf(status)
      if (text !== '') await write('error', Buffer.from(text, 'utf8'))
      for (const stream of opened.values()) stream.end()
      session.close()
    },
  }
}

function versionOf(protocol: string): number {
  return Number(/^v(\d)\./.exec(protocol)?.[1] ?? 1)
}

function streamTypes(options: ChannelOptions, version: number): StreamType[] {
  const types: StreamType[] = ['error']
  if (options.stdin) types.push('stdin')
  if (options.stdout) types.push('stdout')
  if (options.stderr) types.push('stderr')
  if (options.tty && version >= 3) types.push('resize')
  return types
}

function messageOf(status: CommandStatus): string {
  return status.status === 'Success' ? '' : status.message
}

function none(): AsyncIterable<Uint8Array> {
  const queue = createQueue<Uint8Array>()
  queue.end()
  return queue
}

/** One JSON object after the other; Go writes each with a line end, and in one frame. */
async function* sizes(stream: SpdyStream | undefined): AsyncIterable<Size> {
  if (stream === undefined) return
  for await (const chunk of stream.incoming) {
    for (const line of Buffer.from(chunk).toString('utf8').split('\n')) {
      const size = parseSize(Buffer.from(line, 'utf8'))
      if (size) yield size
    }
  }
}
