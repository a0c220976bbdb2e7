/** `pods/portforward`: pairs of streams, one for data and one for what went wrong, each to a port of the pod. */
import type { Duplex } from 'node:stream'
import { ApiError } from '../../client/contract.js'
import type { NodeStreams } from '../contract.js'
import type { Exchange } from './exchange.js'
import { type PodShape, podRef } from './pod-target.js'
import { createSpdySession, type SpdySession, type SpdyStream } from './spdy.js'
import type { Upgrade } from './upgrade.js'

const protocol = 'portforward.k8s.io'
const tunnel = 'SPDY/3.1+portforward.k8s.io'

export async function servePortForward(
  exchange: Exchange,
  upgrade: Upgrade | undefined,
  pod: PodShape,
  node: NodeStreams | undefined,
): Promise<void> {
  if (node === undefined) throw ApiError.badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
  if (upgrade === undefined) throw ApiError.badRequest('Upgrade request required')
  const pairs = new Map<string, Partial<Record<'data' | 'error', SpdyStream>>>()
  const accept = (stream: SpdyStream): void => {
    const type = stream.headers.get('streamtype')
    if (type !== 'data' && type !== 'error') {
      stream.reset()
      return
    }
    // kubectl numbers its requests; those that do not open the two streams one after the other.
    const key = stream.headers.get('requestid') ?? String(type === 'error' ? stream.id : stream.id - 2)
    const pair = pairs.get(key) ?? {}
    pair[type] = stream
    pairs.set(key, pair)
    const { data, error } = pair
    if (data === undefined || error === undefined) return
    pairs.delete(key)
    void forward(data, error, node, pod)
  }
  const session = await openSession(upgrade, accept)
  exchange.replied(101)
  await new Promise<void>((resolve) => {
    if (session.signal.aborted) resolve()
    else session.signal.addEventListener('abort', () => resolve())
  })
}

async function openSession(upgrade: Upgrade, accept: (stream: SpdyStream) => void): Promise<SpdySession> {
  if (upgrade.protocol === 'spdy/3.1') return (await upgrade.spdy([protocol], accept)).session
  if (upgrade.protocol !== 'websocket') throw ApiError.badRequest('unable to upgrade: SPDY/3.1 or WebSocket is required')
  // Loaded first: what the client sends right after the handshake must find a reader.
  const { createWebSocketStream } = await import('ws')
  const socket = await upgrade.webSocket([tunnel])
  return createSpdySession(createWebSocketStream(socket), Buffer.alloc(0), accept)
}

async function forward(data: SpdyStream, error: SpdyStream, node: NodeStreams, pod: PodShape): Promise<void> {
  const port = Number(data.headers.get('port'))
  try {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`invalid port ${data.headers.get('port')}`)
    const connection = await node.dial(podRef(pod), port)
    await Promise.all([toPod(data, connection), fromPod(connection, data)])
  } catch (failure) {
    const { name, uid } = podRef(pod)
    const text = `error forwarding port ${port} to pod ${name}, uid ${uid}: ${(failure as Error).message}`
    await error.write(Buffer.from(text, 'utf8'))
    data.reset()
  } finally {
    data.end()
    error.end()
  }
}

async function toPod(data: SpdyStream, connection: Duplex): Promise<void> {
  for await (const chunk of data.incoming) {
    if (connection.destroyed) return
    if (!connection.write(chunk)) await new Promise<void>((resolve) => onceAny(connection, ['drain', 'close', 'error'], resolve))
  }
  connection.end()
}

async function fromPod(connection: Duplex, data: SpdyStream): Promise<void> {
  try {
    for await (const chunk of connection) await data.write(chunk as Uint8Array)
  } finally {
    data.end()
    connection.destroy()
  }
}

function onceAny(connection: Duplex, events: readonly string[], run: () => void): void {
  const done = (): void => {
    for (const event of events) connection.off(event, done)
    run()
  }
  for (const event of events) connection.on(event, done)
}
