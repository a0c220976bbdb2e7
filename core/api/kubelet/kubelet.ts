/** What a node's own server answers, to whoever was let in: the containers of its Pods, and what they use. */
import { pipeline } from 'node:stream/promises'
import { ApiError } from '../../client/contract.js'
import type { Clock, Logger } from '../../kernel/contract.js'
import type { Pod } from '../../kinds/contract.js'
import type { NodeConnections, NodeStreams } from '../contract.js'
import { type Exchange, header } from '../http/exchange.js'
import { type PodShape, podRef } from '../http/pod-target.js'
import { parseQuery } from '../http/query.js'
import { sendJson, sendText } from '../http/reply.js'
import type { Upgrade } from '../http/upgrade.js'
import { type KubeletRoute, parseRoute } from './routes.js'

export interface KubeletServices {
  readonly connections: NodeConnections
  /** Of the nodes of this process. */
  pod(namespace: string, name: string): Promise<Pod | undefined>
  pods(node: string): Promise<readonly Pod[]>
  readonly clock: Clock
  readonly log: Logger
}

/** `path` without a query. Resolves when the reply is out; rejects as long as the request can be refused. */
export async function serveKubelet(
  exchange: Exchange,
  upgrade: Upgrade | undefined,
  asked: { readonly node: string; readonly path: string },
  services: KubeletServices,
): Promise<void> {
  const route = parseRoute(asked.path)
  if ('pod' in route) return servePod(exchange, upgrade, { ...route, node: asked.node }, services)
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD')
    throw ApiError.methodNotAllowed({ group: '', resource: 'nodes' }, exchange.method)
  return serveNode(exchange, route.type, asked.node, services)
}

type NodeRoute = Exclude<KubeletRoute, { readonly pod: string }>['type']

async function serveNode(exchange: Exchange, type: NodeRoute, node: string, services: KubeletServices): Promise<void> {
  if (type === 'health') return sendText(exchange, 200, 'ok')
  if (type === 'pods') {
    const items = await services.pods(node)
    return sendJson(exchange, 200, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items })
  }
  if (type === 'metrics') {
    const { agentMetrics } = await import('./summary.js')
    const running = (await services.pods(node)).filter(({ status }) => status?.phase === 'Running')
    return sendText(exchange, 200, agentMetrics(running.length, process.memoryUsage.rss()), metricsType)
  }
  const streams = agentOf(services, node)
  if (!streams.usage) throw ApiError.badRequest('the container runtime of this node does not support stats')
  const { summaryOf, resourceMetrics } = await import('./summary.js')
  const usage = await streams.usage()
  if (type === 'summary') sendJson(exchange, 200, summaryOf(node, usage))
  else sendText(exchange, 200, resourceMetrics(usage), metricsType)
}

const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

async function servePod(
  exchange: Exchange,
  upgrade: Upgrade | undefined,
  route: Extract<KubeletRoute, { readonly pod: string }> & { readonly node: string },
  services: KubeletServices,
): Promise<void> {
  const { clock, log } = services
  const pod = (await services.pod(route.namespace, route.pod)) as PodShape | undefined
  // Whoever asks was let in to this node, and not to others of the process.
  if (pod?.spec.nodeName !== route.node) throw ApiError.notFound({ group: '', resource: 'pods' }, route.pod)
  const streams = agentOf(services, route.node)
  if (route.type === 'portForward') return servePort(exchange, upgrade, pod, streams)
  const named = { ...exchange, query: queryOf(exchange, route.container) }
  if (route.type === 'logs') return (await import('../http/logs.js')).serveLogs(named, pod, () => streams, clock, upgrade)
  const { serveRemoteCommand } = await import('../http/remote-command.js')
  return serveRemoteCommand(named, upgrade, route.type, pod, streams, { clock, log })
}

function agentOf({ connections }: KubeletServices, node: string): NodeStreams {
  const streams = connections.has(node) ? connections.get(node) : undefined
  if (!streams) throw ApiError.serviceUnavailable(`the agent of node ${node} has not begun its work yet`)
  return streams
}

/** Kubelets have words of their own for the streams. */
const words: Readonly<Record<string, string>> = { input: 'stdin', output: 'stdout', error: 'stderr' }

function queryOf({ request }: Exchange, container: string) {
  const url = request.url ?? ''
  const mark = url.indexOf('?')
  const given = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
  const asked = new URLSearchParams({ container })
  for (const [key, value] of given) asked.append(words[key] ?? key, value)
  return parseQuery(asked.toString())
}

async function servePort(exchange: Exchange, upgrade: Upgrade | undefined, pod: PodShape, streams: NodeStreams): Promise<void> {
  const offered = header(exchange, 'sec-websocket-protocol') ?? ''
  const { PortSocket, portProtocols } = await import('./port-socket.js')
  if (upgrade?.protocol !== 'websocket' || !portProtocols.some((protocol) => offered.includes(protocol))) {
    return (await import('../http/port-forward.js')).servePortForward(exchange, upgrade, pod, streams)
  }
  const port = Number(exchange.query.first.port ?? exchange.query.first.ports)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw ApiError.badRequest('port must be between 1 and 65535')
  const connection = await streams.dial(podRef(pod), port).catch((error: unknown) => {
    throw error instanceof ApiError ? error : ApiError.serviceUnavailable((error as Error).message)
  })
  try {
    const socket = new PortSocket(await upgrade.webSocket(portProtocols), { headers: 'sent', port })
    exchange.replied(101)
    await Promise.allSettled([pipeline(socket, connection), pipeline(connection, socket)])
  } finally {
    connection.destroy()
  }
}
