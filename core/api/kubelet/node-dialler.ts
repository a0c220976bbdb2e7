/** Connections to the servers of nodes, over mutual TLS: the node is known by its name, and we by our certificate. */
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { isIP } from 'node:net'
import type { ConnectionOptions, PeerCertificate } from 'node:tls'
import { WebSocket } from 'ws'
import { ApiError, isNotFound, type KeyAndCertificate } from '../../client/contract.js'
import type { Node } from '../../kinds/contract.js'

export interface DiallerOptions {
  /** Rejects with 404. */
  node(name: string): Promise<Node>
  /** PEM of the CA of the cluster. */
  readonly ca: string
  identity(): Promise<KeyAndCertificate>
}
export interface NodePlace {
  readonly host: string
  readonly port: number
  readonly tls: ConnectionOptions
}
export interface NodeDialler {
  /** Rejects with 503 where its agent has no server. */
  locate(node: string): Promise<NodePlace>
  /** Resolves with a reply below 400; rejects with the node's `ApiError`, with 503 where there is no answer. */
  get(node: string, path: string, signal?: AbortSignal): Promise<IncomingMessage>
  webSocket(node: string, path: string, protocols: readonly string[]): Promise<WebSocket>
  close(): void
}

/** For the connection, and until the node answers. */
const answerMs = 10_000
const keepAliveMs = 10_000
/** More than the statistics of a node with thousands of containers. */
export const largestReply = 8 << 20
const preferred = ['InternalIP', 'ExternalIP', 'InternalDNS', 'ExternalDNS', 'Hostname']

export function createDialler({ node: read, ca, identity }: DiallerOptions): NodeDialler {
  const agent = new Agent({ keepAlive: true })

  async function locate(name: string): Promise<NodePlace> {
    const absent = (why: string): ApiError => ApiError.serviceUnavailable(`the agent of node ${name} is not connected${why}`)
    const node = await read(name).catch((error: unknown) => {
      throw isNotFound(error) ? absent('') : error
    })
    const { addresses = [], daemonEndpoints } = node.status ?? {}
    const [address] = preferred.flatMap((type) => addresses.filter((each) => each.type === type))
    const port = daemonEndpoints?.kubeletEndpoint?.Port ?? 0
    if (!address || port === 0) throw absent('')
    const { key, certificate } = await identity()
    // Whoever has the address now: the certificate must be for the node itself.
    const checkServerIdentity = (_host: string, peer: PeerCertificate): Error | undefined => identityProblem(peer, name)
    // A name that looks like an address cannot be said.
    const servername = isIP(name) === 0 ? name : ''
    return { host: address.address, port, tls: { ca, key, cert: certificate, servername, checkServerIdentity } }
  }

  return {
    locate,
    async get(node, path, signal) {
      const { host, port, tls } = await locate(node)
      return new Promise((resolve, reject) => {
        // Connections are kept by the name that was said: without one, by that of nobody, and the next could be another node.
        const kept = tls.servername === '' ? false : agent
        const outgoing = request({ host, port, path, agent: kept, ...tls, ...(signal && { signal }) })
        outgoing.setTimeout(answerMs, () => void outgoing.destroy(new Error('it does not answer')))
        outgoing.on('socket', (socket) => socket.setKeepAlive(true, keepAliveMs))
        outgoing.on('error', (error) => reject(unreachable(node, error)))
        outgoing.on('response', (reply) => {
          outgoing.setTimeout(0)
          if ((reply.statusCode ?? 0) < 400) resolve(reply)
          else void refusalOf(reply).then(reject)
        })
        outgoing.end()
      })
    },
    async webSocket(node, path, protocols) {
      const { host, port, tls } = await locate(node)
      const at = host.includes(':') ? `[${host}]` : host
      const options = { ...tls, handshakeTimeout: answerMs, perMessageDeflate: false, maxPayload: largestReply }
      const socket = new WebSocket(`wss://${at}:${port}${path}`, [...protocols], options)
      return new Promise((resolve, reject) => {
        // Also after the end of the handshake: an error without a listener would end the process.
        socket.on('error', (error) => reject(unreachable(node, error)))
        socket.once('unexpected-response', (_outgoing, reply) => void refusalOf(reply).then(reject))
        socket.once('upgrade', ({ socket: connection }) => connection.setKeepAlive(true, keepAliveMs))
        socket.once('open', () => {
          // Whoever takes it must have its listeners on before the first message.
          socket.pause()
          resolve(socket)
        })
      })
    },
    close: () => agent.destroy(),
  }
}

/** All of it. Rejects where it breaks off, and where a node says more than one has to say. */
export async function textOf(reply: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  // The end of the loop destroys the reply, also by an error.
  for await (const chunk of reply) {
    size += (chunk as Buffer).length
    if (size > largestReply) throw ApiError.serviceUnavailable(`the reply of the node has more than ${largestReply} bytes`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function refusalOf(reply: IncomingMessage): Promise<ApiError> {
  // Of one that cannot be read the code says enough.
  const text = await textOf(reply).catch(() => '')
  return ApiError.fromReply(reply.statusCode ?? 502, parsed(text))
}

/** Among the names that the cluster signed; addresses are no names of a node, also where its name looks like one. */
function identityProblem({ raw }: PeerCertificate, node: string): Error | undefined {
  const found = new X509Certificate(raw).checkHost(node, { subject: 'never', wildcards: false })
  return found === undefined ? new Error(`the certificate of who answers is not for node ${node}`) : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function unreachable(node: string, error: Error): ApiError {
  return ApiError.serviceUnavailable(`node ${node} cannot be reached: ${error.message}`)
}
