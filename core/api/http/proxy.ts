/** The `proxy` subresources: a request goes on to a server in a pod, behind a service or on a node. */
import type { Duplex } from 'node:stream'
import { ApiError } from '../../client/contract.js'
import type { Random } from '../../kernel/contract.js'
import type { NodeConnections } from '../contract.js'
import { type Exchange, header } from './exchange.js'
import { rewriteLink } from './link-rewriter.js'
import type { NodeAgents } from './node-agents.js'
import { nodeStreams, type PodShape, podRef } from './pod-target.js'
import { agentOf, type Location, type LocationReader, locate, type ProxyResource } from './proxy-location.js'
import { type Destination, relay, unreachable } from './relay.js'
import { sendEmpty } from './reply.js'
import type { ResourceTarget } from './target.js'
import type { Upgrade } from './upgrade.js'

export interface ProxyServices {
  readonly reader: LocationReader
  readonly connections: NodeConnections
  readonly nodes: NodeAgents
  readonly random: Random
}

/** Resolves when the reply is out. Rejects only while the request can still be refused. */
export async function serveProxy(
  exchange: Exchange,
  upgrade: Upgrade | undefined,
  target: ResourceTarget,
  services: ProxyServices,
): Promise<void> {
  const { resource, namespace, name, rest } = target
  const agent = resource === 'nodes' ? await agentOf(name, services.reader) : undefined
  const location = agent ?? (await locate(resource as ProxyResource, namespace, name, services.reader, services.random))
  const query = queryOf(exchange)
  const isRead = exchange.method === 'GET' || exchange.method === 'HEAD'
  // Without the slash relative links of the page would lead beside it.
  if (rest === '' && isRead && !upgrade) return sendEmpty(exchange, 301, { location: `${exchange.path}/${query}` })
  if ('node' in location) return services.nodes.serve(exchange, upgrade, location.node, (rest === '' ? '/' : rest) + query)
  const connection = await connect(location, services.connections)
  try {
    await relay(exchange, upgrade, destination(exchange, location, rest === '' ? '/' : rest, query, connection))
  } finally {
    connection?.destroy()
  }
}

function destination(
  exchange: Exchange,
  { secure, address, port }: Location,
  path: string,
  query: string,
  connection: Duplex | undefined,
): Destination {
  const asked = header(exchange, 'host') ?? header(exchange, ':authority')
  const host = address.includes(':') ? `[${address}]` : address
  const prefix = exchange.path.endsWith(path) ? exchange.path.slice(0, -path.length) : exchange.path
  return {
    secure,
    // As Kubernetes: what runs in a pod seldom has a certificate for the pod's address.
    tls: { rejectUnauthorized: false },
    ...{ host: address, port, path: path + query },
    headers: {
      'x-forwarded-uri': prefix + path,
      'x-forwarded-proto': 'https',
      ...(asked === undefined ? {} : { 'x-forwarded-host': asked }),
    },
    rewrite: (link) => rewriteLink(link, { prefix, hosts: [`${host}:${port}`, host, asked] }),
    ...(connection ? { connection } : {}),
  }
}

/**
 * By the agent of the pod's node, which reaches it from wherever the server is. A pod in the node's own network is
 * dialled by its address, which is the node's: the agent would reach what listens on the node's loopback address alone.
 */
async function connect({ pod, port }: Location, connections: NodeConnections): Promise<Duplex | undefined> {
  if (pod === undefined || pod.spec.hostNetwork) return undefined
  const shape = pod as unknown as PodShape
  const node = nodeStreams(shape, connections)
  if (node === undefined) throw ApiError.serviceUnavailable(`pod ${pod.metadata.name} does not have a host assigned`)
  try {
    return await node.dial(podRef(shape), port)
  } catch (error) {
    throw ApiError.serviceUnavailable(unreachable(error).message)
  }
}

function queryOf({ request }: Exchange): string {
  const url = request.url ?? ''
  const mark = url.indexOf('?')
  return mark < 0 ? '' : url.slice(mark)
}
