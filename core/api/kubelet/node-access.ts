/** Who may ask a node's server: the API server by its certificate, and whoever the API says may see the node. */
import { ApiError, type Clients, nodeIdentity, type ResourceRef } from '../../client/contract.js'
import type { Bag } from '../../kernel/contract.js'
import type { KubeObject } from '../../kinds/contract.js'
import { mastersGroup } from '../authorize.js'
import type { Authentication, Authenticator, UserInfo } from '../contract.js'
import { itemVerbs } from '../http/api-request.js'
import { createAuthentication } from '../http/authenticate.js'
import type { Exchange } from '../http/exchange.js'

const ref = (group: string, resource: string, kind: string): ResourceRef => ({
  ...{ group, version: 'v1', resource, kind, namespaced: false },
})
const tokenReviews = ref('authentication.k8s.io', 'tokenreviews', 'TokenReview')
const accessReviews = ref('authorization.k8s.io', 'subjectaccessreviews', 'SubjectAccessReview')

export interface NodeAccess {
  /** Rejects with 401 or 403. `subresource` of nodes: "proxy", "stats", "metrics". */
  enter(exchange: Exchange, node: string, subresource: string): Promise<void>
}

export function createNodeAccess(clients: Clients, [first = '']: readonly string[]): NodeAccess {
  const ask = <T>(resource: ResourceRef, spec: object): Promise<T> => {
    const body = { apiVersion: `${resource.group}/v1`, kind: resource.kind, metadata: {}, spec }
    return clients.as(nodeIdentity(first)).create(resource, body as unknown as KubeObject) as Promise<T>
  }
  const reviewer: Authenticator = {
    name: 'token-review',
    async authenticate({ token }): Promise<Authentication> {
      if (token === undefined) return undefined
      const { status } = await ask<{ status: TokenStatus }>(tokenReviews, { token })
      if (!status.authenticated || !status.user?.username) return undefined
      return { name: status.user.username, groups: status.user.groups ?? [] }
    },
  }
  const all = [reviewer]
  const bag: Bag<Authenticator> = { all: () => all, entries: () => [], onChange: () => () => undefined }
  const authenticate = createAuthentication(bag)
  return {
    async enter(exchange, node, subresource) {
      const user = await authenticate(exchange)
      // Who may do everything need not be asked about, and is let in while the API is away.
      if (user.groups.includes(mastersGroup)) return
      const verb = itemVerbs[exchange.method] ?? ''
      const { status } = await ask<{ status: { allowed: boolean } }>(accessReviews, specOf(user, verb, node, subresource))
      if (!status.allowed) {
        throw ApiError.denied(
          403,
          'Forbidden',
          `Forbidden (user=${user.name}, verb=${verb}, resource=nodes, subresource=${subresource})`,
        )
      }
    },
  }
}

interface TokenStatus {
  readonly authenticated?: boolean
  readonly user?: { readonly username?: string; readonly groups?: readonly string[] }
}

function specOf({ name, groups }: UserInfo, verb: string, node: string, subresource: string): object {
  return { user: name, groups, resourceAttributes: { verb, version: 'v1', resource: 'nodes', subresource, name: node } }
}
