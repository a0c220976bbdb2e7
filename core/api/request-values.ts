/** What expressions in CEL see of a request: those of policies and those of webhooks. */
import type {
  Cel,
  CelAuthorization,
  CelDecision,
  CelObjectType,
  CelResult,
  CelType,
  CelValue,
  ResourceKind,
} from '../kinds/contract.js'
import { mastersGroup } from './authorize.js'
import type { AdmissionRequest, ApiHooks, UserInfo } from './contract.js'
import { admittedNamespace } from './match-rules.js'

const objectType = (name: string, fields: Record<string, CelType>): CelObjectType => ({
  object: `kubernetes.${name}`,
  fields: new Map(Object.entries(fields)),
})
const kindType = objectType('GroupVersionKind', { group: 'string', version: 'string', kind: 'string' })
const resourceType = objectType('GroupVersionResource', { group: 'string', version: 'string', resource: 'string' })

/** Of the variable `request`. */
export const admissionRequestType: CelObjectType = objectType('AdmissionRequest', {
  kind: kindType,
  resource: resourceType,
  subResource: 'string',
  requestKind: kindType,
  requestResource: resourceType,
  requestSubResource: 'string',
  name: 'string',
  namespace: 'string',
  operation: 'string',
  userInfo: objectType('UserInfo', {
    username: 'string',
    uid: 'string',
    groups: { list: 'string' },
    extra: { map: { list: 'string' } },
  }),
  dryRun: 'bool',
  options: 'dyn',
})

/** The variable `request`; `kind`: as which the request was matched. */
export function admissionRequestValue(cel: Cel, request: AdmissionRequest, kind: ResourceKind): CelValue {
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
  return cel.value(json, admissionRequestType)
}

const kindOf = ({ group, version, kind }: ResourceKind) => ({ group, version, kind })
const resourceOf = ({ group, version, resource }: ResourceKind) => ({ group, version, resource })

/**
 * The variable `authorizer`, for one request. Decisions are asked for in the midst of an evaluation, which cannot wait: it
 * fails, and is made again as long as `findOut` resolves with true.
 */
export class AdmissionDecisions {
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
    if (user.groups.includes(mastersGroup)) return { allowed: true, reason: '', error: '' }
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

/**
 * Whether all match conditions hold: false where one does not, whatever becomes of the others; otherwise what is wrong
 * with those that fail, in Kubernetes' words.
 */
export function conditionsHold<T extends { readonly text: string }>(
  conditions: readonly T[],
  run: (condition: T) => CelResult,
): boolean | string {
  const failures: string[] = []
  for (const condition of conditions) {
    const { value, error } = run(condition)
    if (error !== undefined) failures.push(`expression '${condition.text}' resulted in error: ${error}`)
    else if (value !== true) return false
  }
  if (failures.length === 0) return true
  return failures.length === 1 ? (failures[0] as string) : `[${failures.join(', ')}]`
}
