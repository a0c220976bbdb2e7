/** Subresources that are streams: log, exec, attach and port-forward of pods, and `proxy`. */
import { ApiError } from '../../client/contract.js'
import type { Clock, Logger, Random } from '../../kernel/contract.js'
import type { EndpointSlice, KindRegistry } from '../../kinds/contract.js'
import { mastersGroup } from '../authorize.js'
import type { ApiHooks, ApiPipeline, NodeConnections, RequestRecord, UserInfo } from '../contract.js'
import { createNotes } from '../notes.js'
import { callSlot } from '../slots.js'
import { authorize } from './authorize.js'
import { connectOptions } from './connect-options.js'
import type { Exchange } from './exchange.js'
import type { Metrics } from './metrics.js'
import type { NodeAgents } from './node-agents.js'
import { nodeStreams, type PodShape } from './pod-target.js'
import { isProxyResource, type LocationReader } from './proxy-location.js'
import type { ResourceTarget } from './target.js'
import type { Upgrade } from './upgrade.js'
import { warningValues } from './warning.js'

export interface ConnectServices {
  readonly pipeline: ApiPipeline
  readonly hooks: ApiHooks
  readonly kinds: KindRegistry
  readonly connections: NodeConnections
  readonly nodes: NodeAgents
  readonly metrics: Metrics
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}
export interface Connect {
  takes(target: ResourceTarget): boolean
  /**
   * Resolves when the stream is over. Rejects only while the request can still be refused. What admission said is in
   * `record`, where there is one, before the first byte of an answer.
   */
  serve(
    exchange: Exchange,
    target: ResourceTarget,
    user: UserInfo,
    upgrade: Upgrade | undefined,
    record: RequestRecord | undefined,
  ): Promise<void>
}
interface Asked {
  readonly exchange: Exchange
  readonly target: ResourceTarget
  readonly user: UserInfo
  readonly record: RequestRecord | undefined
}

const streams = new Set(['log', 'exec', 'attach', 'portforward'])

/** The pod is read by the server itself: who may exec need not be allowed to read. */
const server: UserInfo = { name: 'system:apiserver', groups: [mastersGroup] }

export function createConnect(services: ConnectServices): Connect {
  const { connections, clock, log } = services

  const asServer = { version: 'v1', query: {}, user: server, userAgent: '' }
  const reader: LocationReader = {
    async get(resource, namespace, name) {
      const result = await services.pipeline.handle({ ...asServer, verb: 'get', group: '', resource, namespace, name })
      if (result.type !== 'object') throw ApiError.unknownPath()
      return result.object
    },
    async slices(namespace, service) {
      const query = { labelSelector: `kubernetes.io/service-name=${service}` }
      const of = { group: 'discovery.k8s.io', resource: 'endpointslices', namespace, name: '', query }
      const result = await services.pipeline.handle({ ...asServer, ...of, verb: 'list' })
      return result.type === 'list' ? result.items.map((item) => item.object as EndpointSlice) : []
    },
  }
  async function admit({ exchange, target, user, record }: Asked): Promise<void> {
    const kind = services.kinds.resource(target.group, target.version, target.resource)
    if (kind === undefined) throw ApiError.unknownPath()
    const { namespace, name, subresource } = target
    const notes = createNotes()
    if (record) record.notes = notes
    const { warn, audit } = notes
    const object = connectOptions(kind, target, exchange.query)
    const about = { operation: 'CONNECT', kind, subresource, namespace, name, user, dryRun: false, warn, audit } as const
    const asked = object ? { ...about, object } : about
    try {
      // Nobody may change what is asked for, but who only denies may do that by either slot.
      if (object) await callSlot(() => services.hooks.mutate.call(object, asked))
      const denial = await callSlot(() => services.hooks.validate.call(asked))
      if (denial) throw ApiError.denied(denial.code, denial.reason, denial.message)
    } finally {
      // Whoever answers, now or later: with a refusal, with what another server says, but not with a change of protocol.
      const values = warningValues(notes.warnings)
      if (values.length > 0) exchange.response.setHeader('Warning', values)
    }
  }
  async function stream(asked: Asked, upgrade: Upgrade | undefined): Promise<void> {
    const { exchange, target } = asked
    if (target.subresource === 'proxy') {
      await admit(asked)
      const { serveProxy } = await import('./proxy.js')
      return serveProxy(exchange, upgrade, target, { reader, connections, nodes: services.nodes, random: services.random })
    }
    const pod = (await reader.get('pods', target.namespace, target.name)) as PodShape
    if (target.subresource !== 'log') await admit(asked)
    if (target.subresource === 'log') {
      return (await import('./logs.js')).serveLogs(exchange, pod, () => nodeStreams(pod, connections), clock, upgrade)
    }
    const node = nodeStreams(pod, connections)
    if (target.subresource === 'portforward') {
      return (await import('./port-forward.js')).servePortForward(exchange, upgrade, pod, node)
    }
    const { serveRemoteCommand } = await import('./remote-command.js')
    return serveRemoteCommand(exchange, upgrade, target.subresource === 'exec' ? 'exec' : 'attach', pod, node, { clock, log })
  }
  return {
    takes({ group, version, resource, name, subresource }) {
      if (subresource === '' || group !== '' || version !== 'v1' || name === '') return false
      return subresource === 'proxy' ? isProxyResource(resource) : resource === 'pods' && streams.has(subresource)
    },
    async serve(exchange, target, user, upgrade, record) {
      const { group, version, resource, subresource, namespace, name } = target
      const verb = verbs(subresource)[exchange.method]
      if (verb === undefined) throw ApiError.methodNotAllowed(target, exchange.method)
      await authorize(services.hooks, user, { verb, group, version, resource, subresource, namespace, name })
      const ended = services.metrics.longRunning(subresource.toUpperCase())
      try {
        await stream({ exchange, target, user, record }, upgrade)
      } finally {
        ended()
      }
    },
  }
}

/** OPTIONS is no verb of the API: only who may do everything may send it on. */
const proxyVerbs = { GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete', OPTIONS: '' }

function verbs(subresource: string): Readonly<Record<string, string>> {
  if (subresource === 'proxy') return proxyVerbs
  return subresource === 'log' ? { GET: 'get', HEAD: 'get' } : { GET: 'get', POST: 'create' }
}
