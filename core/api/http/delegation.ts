/** Requests on group versions that other servers answer for: authorised here, then carried on in the name of the user. */
import type { Agent } from 'node:https'
import { ApiError } from '../../client/contract.js'
import type { Bag } from '../../kernel/contract.js'
import type { ApiDelegate, ApiDelegates, ApiHooks, DelegateAddress, FrontProxy, UserInfo } from '../contract.js'
import { remoteHeaders } from '../remote-headers.js'
import { verbOf } from './api-request.js'
import { authorize } from './authorize.js'
import type { Exchange } from './exchange.js'
import type { Metrics } from './metrics.js'
import { sendText } from './reply.js'
import { parseTarget } from './target.js'
import type { Upgrade } from './upgrade.js'

export interface Delegation {
  /** By the path of the URL; undefined: it is ours. */
  find(path: string): ApiDelegate | undefined
  all(): readonly ApiDelegate[]
  onChange(listener: () => void): () => void
  serve(exchange: Exchange, delegate: ApiDelegate, user: UserInfo, upgrade: Upgrade | undefined): Promise<void>
  close(): void
}
export interface DelegationServices {
  readonly delegates: Bag<ApiDelegates>
  readonly hooks: ApiHooks
  readonly frontProxy: FrontProxy
  readonly metrics: Metrics
}

const dotted = /\/(?:\.|%2e){1,2}(?:\/|$)/i
const delegated = /^\/(?:openapi\/v3\/)?apis\/([^/?]+)\/([^/?]+)/

export function createDelegation(services: DelegationServices): Delegation {
  const { delegates, hooks, frontProxy, metrics } = services
  let agent: Agent | undefined
  const all = (): readonly ApiDelegate[] => {
    const lists = delegates.all()
    return lists.length === 1 ? (lists[0] as ApiDelegates).all() : lists.flatMap((list) => list.all())
  }
  return {
    all,
    find(path) {
      const list = all()
      if (list.length === 0) return undefined
      const [, group, version] = delegated.exec(path) ?? []
      return list.find((one) => one.group === group && one.version === version)
    },
    onChange(listener) {
      let lists = delegates.all().map((list) => list.onChange(listener))
      const leave = delegates.onChange(() => {
        for (const undo of lists) undo()
        lists = delegates.all().map((list) => list.onChange(listener))
        listener()
      })
      return () => {
        for (const undo of [leave, ...lists]) undo()
      }
    },
    async serve(exchange, delegate, user, upgrade) {
      await authorizeDelegated(hooks, exchange, user)
      const address = delegate.available ? delegate.locate() : undefined
      if (!address) return sendText(exchange, 503, 'service unavailable\n')
      const [{ relay }, { Agent: HttpsAgent }] = await Promise.all([import('./relay.js'), import('node:https')])
      agent ??= new HttpsAgent({ keepAlive: true, scheduling: 'lifo', timeout: 90_000 })
      const { key, certificate } = await frontProxy.identity()
      const ended = metrics.longRunning('DELEGATED')
      try {
        await relay(exchange, upgrade, {
          secure: true,
          tls: { key, cert: certificate, ...tlsOf(address) },
          host: address.host,
          port: address.port,
          path: exchange.request.url ?? exchange.path,
          headers: { host: address.serverName, ...remoteHeaders(user) },
          without: /^x-remote-/,
          refuseRedirects: true,
          ...(upgrade ? {} : { agent }),
        })
      } finally {
        ended()
      }
    },
    close: () => agent?.destroy(),
  }
}

export function tlsOf({ serverName, ca, verify }: DelegateAddress): object {
  return { servername: serverName, rejectUnauthorized: verify, ...(ca === undefined ? {} : { ca }) }
}

async function authorizeDelegated(hooks: ApiHooks, exchange: Exchange, user: UserInfo): Promise<void> {
  // The other server may take such a path for another one than was authorised here.
  if (dotted.test(exchange.path)) throw ApiError.badRequest('the path holds "." or ".." as a segment')
  const target = parseTarget(exchange.path, true)
  if (target.type === 'other') {
    const isRead = exchange.method === 'GET' || exchange.method === 'HEAD'
    const verb = isRead ? 'get' : exchange.method.toLowerCase()
    return authorize(hooks, user, { verb, path: target.path }, isRead)
  }
  const { group, version, resource, subresource, namespace, name } = target
  // A method that the API has no verb for: only who may do everything may send it on.
  const verb = exchange.method === 'OPTIONS' ? '' : verbOf(exchange, target)
  return authorize(hooks, user, { verb, group, version, resource, subresource, namespace, name })
}
