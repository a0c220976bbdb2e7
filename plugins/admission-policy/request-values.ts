/** What the expressions of policies see of a request. */
import { type AdmissionRequest, type ApiHooks, admittedNamespace, type UserInfo } from '@davit/core/api'
import type { Cel, CelAuthorization, CelDecision, CelValue, KubeObject, ResourceKind } from '@davit/core/kinds'
import { requestType } from './compiled-policy.js'

export type Values = Readonly<Record<string, CelValue>>

/** `kind`: as which a policy has matched the request. */
export function requestValue(cel: Cel, request: AdmissionRequest, kind: ResourceKind): CelValue {
  const { name, operation, subresource, user, dryRun } = request
  const { uid, groups, extra = {} } = user
  const sent = request.kind
  const json = {
    kind: kindOf(kind),
    resource: resourceOf(kind),
    subResource: subresource,
    requestKind: kindOf(sent),
    requestResource: resourceOf(sent),
    requestSubResource: subresource,
    name,
    namespace: admittedNamespace(request),
    operation,
    userInfo: { username: user.name, uid: uid ?? '', groups, extra },
    dryRun,
  }
  return cel.value(json, requestType)
}

const kindOf = ({ group, version, kind }: ResourceKind) => ({ group, version, kind })
const resourceOf = ({ group, version, resource }: ResourceKind) => ({ group, version, resource })

export function namespaceValue(cel: Cel, namespace: KubeObject | undefined): CelValue {
  return namespace === undefined ? null : cel.value(namespace)
}

/** Decisions are asked for in the midst of an evaluation, which cannot wait: it fails, and is made again when they are known. */
export class Decisions {
  readonly #request: AdmissionRequest
  readonly #authorize: ApiHooks['authorize']
  readonly #known = new Map<string, CelDecision>()
  readonly #wanted = new Map<string, CelAuthorization>()

  constructor(request: AdmissionRequest, authorize: ApiHooks['authorize']) {
    this.#request = request
    this.#authorize = authorize
  }

  value(cel: Cel): CelValue {
    const { kind, subresource, namespace, name } = this.#request
    const { group, resource } = kind
    return cel.authorizer((asked) => this.#decide(asked), { path: '', verb: '', group, resource, subresource, namespace, name })
  }

  #decide(asked: CelAuthorization): CelDecision | undefined {
    const key = JSON.stringify(asked)
    const known = this.#known.get(key)
    if (!known) this.#wanted.set(key, asked)
    return known
  }

  /** True where something was found out that an evaluation had asked for in vain. */
  async findOut(): Promise<boolean> {
    const wanted = [...this.#wanted]
    this.#wanted.clear()
    for (const [key, asked] of wanted) this.#known.set(key, await this.#ask(asked))
    return wanted.length > 0
  }

  async #ask({ serviceAccount, ...asked }: CelAuthorization): Promise<CelDecision> {
    const user = serviceAccount ? serviceAccountUser(serviceAccount.namespace, serviceAccount.name) : this.#request.user
    if (user.groups.includes('system:masters')) return { allowed: true, reason: '', error: '' }
    try {
      const verdict = await this.#authorize.call({ ...asked, user, version: '*' })
      return { allowed: verdict?.allowed ?? false, reason: verdict?.reason ?? '', error: '' }
    } catch (error) {
      return { allowed: false, reason: '', error: error instanceof Error ? error.message : String(error) }
    }
  }
}

function serviceAccountUser(namespace: string, name: string): UserInfo {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated']
  return { name: `system:serviceaccount:${namespace}:${name}`, groups }
}
