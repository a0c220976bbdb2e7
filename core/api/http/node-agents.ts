/** The agents of all nodes, as the API server reaches them: in this process, or by their own servers. */
import { ApiError, isNotFound, type KeyAndCertificate } from '../../client/contract.js'
import type { Clock, Logger } from '../../kernel/contract.js'
import type { Node, Pod } from '../../kinds/contract.js'
import { mastersGroup } from '../authorize.js'
import type { ApiPipeline, NodeConnections, NodeStreams, UserInfo } from '../contract.js'
import type { NodeDialler } from '../kubelet/node-dialler.js'
import type { Exchange } from './exchange.js'
import type { Upgrade } from './upgrade.js'

export interface NodeAgentsOptions {
  readonly pipeline: ApiPipeline
  readonly connections: NodeConnections
  /** PEM. */
  readonly ca: string
  /** By which nodes know this server. */
  identity(): Promise<KeyAndCertificate>
  readonly clock: Clock
  readonly log: Logger
}
export interface NodeAgents {
  /** Sends a request on to the agent of a node, `path` with its query. Rejects only while it can be refused. */
  serve(exchange: Exchange, upgrade: Upgrade | undefined, node: string, path: string): Promise<void>
  close(): void
}

const server: UserInfo = { name: 'system:apiserver', groups: [mastersGroup] }
const asServer = { version: 'v1', group: '', user: server, userAgent: '' }
/** For a certificate that has grown old: this process may run for longer than it lasts. */
const identityMs = 24 * 3_600_000

/** Nothing is loaded or opened before somebody asks for the first node of another process. */
export function nodeAgents({ pipeline, connections, ca, identity, clock, log }: NodeAgentsOptions): NodeAgents {
  let dialling: Promise<NodeDialler> | undefined
  let known: { readonly since: number; readonly pair: Promise<KeyAndCertificate> } | undefined
  const read = async <T>(resource: string, namespace: string, name: string): Promise<T> => {
    const result = await pipeline.handle({ ...asServer, verb: 'get', resource, namespace, name, query: {} })
    if (result.type !== 'object') throw ApiError.unknownPath()
    return result.object as unknown as T
  }
  const pair = (): Promise<KeyAndCertificate> => {
    if (known && clock.monotonic() - known.since <= identityMs) return known.pair
    const asked = { since: clock.monotonic(), pair: identity() }
    // A disk that was full for a moment must not keep all nodes away for a day.
    asked.pair.catch(() => {
      if (known === asked) known = undefined
    })
    known = asked
    return asked.pair
  }
  const dialler = (): Promise<NodeDialler> => {
    if (dialling) return dialling
    const begun = import('../kubelet/node-dialler.js').then(({ createDialler }) =>
      createDialler({ ca, node: (name) => read<Node>('nodes', '', name), identity: pair }),
    )
    begun.catch(() => {
      dialling = undefined
    })
    dialling = begun
    return begun
  }
  const agents = new Map<string, NodeStreams>()
  const remote = async (node: string): Promise<NodeStreams> => {
    const found = agents.get(node) ?? (await import('../kubelet/remote-node.js')).remoteNode(await dialler(), node, clock)
    agents.set(node, found)
    return found
  }
  const undo = connections.reach((node) => ({
    async *logs(pod, options) {
      yield* (await remote(node)).logs(pod, options)
    },
    exec: async (pod, options, streams) => (await remote(node)).exec(pod, options, streams),
    attach: async (pod, options, streams) => (await remote(node)).attach(pod, options, streams),
    dial: async (pod, port) => (await remote(node)).dial(pod, port),
    async usage(signal) {
      const { usage } = await remote(node)
      if (!usage) throw ApiError.badRequest('the container runtime of this node does not support stats')
      return usage(signal)
    },
  }))
  const kubelet = {
    ...{ connections, clock, log },
    pod: (namespace: string, name: string) =>
      read<Pod>('pods', namespace, name).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
        return undefined
      }),
    async pods(node: string): Promise<readonly Pod[]> {
      const query = { fieldSelector: `spec.nodeName=${node}` }
      const result = await pipeline.handle({ ...asServer, verb: 'list', resource: 'pods', namespace: '', name: '', query })
      return result.type === 'list' ? result.items.map(({ object }) => object as unknown as Pod) : []
    },
  }
  return {
    async serve(exchange, upgrade, node, path) {
      await read('nodes', '', node)
      if (connections.has(node)) {
        const mark = path.indexOf('?')
        const { serveKubelet } = await import('../kubelet/kubelet.js')
        return serveKubelet(exchange, upgrade, { node, path: mark < 0 ? path : path.slice(0, mark) }, kubelet)
      }
      const { host, port, tls } = await (await dialler()).locate(node)
      const { relay } = await import('./relay.js')
      return relay(exchange, upgrade, { secure: true, tls, host, port, path, headers: {} })
    },
    close() {
      undo()
      void dialling?.then(
        (one) => one.close(),
        () => undefined,
      )
    },
  }
}
