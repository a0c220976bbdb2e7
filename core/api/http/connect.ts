/** Subresources of pods that are streams to the agent of a node: log, exec, attach, port-forward. */
import { ApiError } from '../../client/contract.js'
import type { Clock, Logger } from '../../kernel/contract.js'
import type { KindRegistry } from '../../kinds/contract.js'
import { mastersGroup } from '../authorize.js'
import type { ApiHooks, ApiPipeline, NodeConnections, UserInfo } from '../contract.js'
import { createNotes } from '../notes.js'
import { callSlot } from '../slots.js'
import { authorize } from './authorize.js'
import type { Exchange } from './exchange.js'
import type { Metrics } from './metrics.js'
import { nodeStreams, type PodShape } from './pod-target.js'
import type { ResourceTarget } from './target.js'
import type { Upgrade } from './upgrade.js'

export interface ConnectServices {
  readonly pipeline: ApiPipeline
  readonly hooks: ApiHooks
  readonly kinds: KindRegistry
  readonly connections: NodeConnections
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Logger
}
export interface Connect {
  takes(target: ResourceTarget): boolean
  /** Resolves when the stream is over. Rejects only while the request can still be refused. */
  serve(exchange: Exchange, target: ResourceTarget, user: UserInfo, upgrade: Upgrade | undefined): Promise<void>
}

const streams = new Set(['log', 'exec', 'attach', 'portforward'])

/** The pod is read by the server itself: who may exec need not be allowed to read. */
const server: UserInfo = { name: 'system:apiserver', groups: [mastersGroup] }

export function createConnect(services: ConnectServices): Connect {
  const { connections, clock, log } = services

  async function podOf(target: ResourceTarget): Promise<PodShape> {
    const { group, version, resource, namespace, name } = target
    const request = { verb: 'get', group, version, resource, namespace, name, query: {}, user: server, userAgent: '' } as const
    const result = await services.pipeline.handle(request)
    if (result.type !== 'object') throw ApiError.unknownPath()
    return result.object as PodShape
  }
  async function admit(target: ResourceTarget, user: UserInfo): Promise<void> {
    const kind = services.kinds.resource(target.group, target.version, target.resource)
    if (kind === undefined) throw ApiError.unknownPath()
    const { namespace, name, subresource } = target
    const { warn, audit } = createNotes()
    const asked = { operation: 'CONNECT', kind, subresource, namespace, name, user, dryRun: false, warn, audit } as const
    const denial = await callSlot(() => services.hooks.validate.call(asked))
    if (denial) throw ApiError.denied(denial.code, denial.reason, denial.message)
  }
  async function stream(exchange: Exchange, target: ResourceTarget, pod: PodShape, upgrade: Upgrade | undefined): Promise<void> {
    const node = nodeStreams(pod, connections)
    if (target.subresource === 'log') return (await import('./logs.js')).serveLogs(exchange, pod, node, clock, upgrade)
    if (target.subresource === 'portforward') {
      return (await import('./port-forward.js')).servePortForward(exchange, upgrade, pod, node)
    }
    const { serveRemoteCommand } = await import('./remote-command.js')
    return serveRemoteCommand(exchange, upgrade, target.subresource === 'exec' ? 'exec' : 'attach', pod, node, { clock, log })
  }
  return {
    takes: (target) => target.group === '' && target.resource === 'pods' && target.name !== '' && streams.has(target.subresource),
    async serve(exchange, target, user, upgrade) {
      const { group, version, resource, subresource, namespace, name } = target
      const verb = verbs(subresource)[exchange.method]
      if (verb === undefined) throw ApiError.methodNotAllowed(target, exchange.method)
      await authorize(services.hooks, user, { verb, group, version, resource, subresource, namespace, name })
      const pod = await podOf(target)
      if (subresource !== 'log') await admit(target, user)
      const ended = services.metrics.longRunning(subresource.toUpperCase())
      try {
        await stream(exchange, target, pod, upgrade)
      } finally {
        ended()
      }
    },
  }
}

function verbs(subresource: string): Readonly<Record<string, string>> {
  return subresource === 'log' ? { GET: 'get', HEAD: 'get' } : { GET: 'get', POST: 'create' }
}
