/** Who may do what. The slot decides; `system:masters` need not ask. */
import { ApiError } from '../client/contract.js'
import type { ApiHooks, ApiRequest, AuthorizationRequest, AuthorizationVerdict } from './contract.js'
import { callSlot } from './slots.js'

export const mastersGroup = 'system:masters'
const masters: AuthorizationVerdict = { allowed: true, reason: '' }
const nobody: AuthorizationVerdict = { allowed: false, reason: '' }

/** Synchronous where no tap has to be asked. */
export function authorizationVerdict(
  hooks: ApiHooks,
  request: AuthorizationRequest,
): AuthorizationVerdict | Promise<AuthorizationVerdict> {
  if (request.user.groups.includes(mastersGroup)) return masters
  return callSlot(() => hooks.authorize.call(request)).then((verdict) => verdict ?? nobody)
}

/** Throws or rejects with 403. Returns nothing, not even a promise, where the answer is known at once. */
export function authorize(hooks: ApiHooks, request: ApiRequest): void | Promise<void> {
  if (request.user.groups.includes(mastersGroup)) {
    if (request.record) request.record.decision = masters
    return
  }
  const asked: AuthorizationRequest = {
    user: request.user,
    verb: request.verb === 'connect' ? 'create' : request.verb,
    group: request.group,
    version: request.version,
    resource: request.resource,
    subresource: request.subresource ?? '',
    // A namespace lies in itself: who may read in it may read it.
    namespace: isNamespace(request) ? request.name : request.namespace,
    name: request.name === '' && request.query.fieldSelector ? selectedName(request) : request.name,
    path: '',
    ...(request.query.fieldSelector ? { fieldSelector: request.query.fieldSelector } : {}),
  }
  return Promise.resolve(authorizationVerdict(hooks, asked)).then((verdict) => {
    if (request.record) request.record.decision = verdict
    if (!verdict.allowed) throw forbidden(asked, verdict.reason)
  })
}

const exactName = /(?:^|,)metadata\.name==?([^,=!\\]+)(?:,|$)/

/** A list or watch of the one object that its field selector names is a request for that object: a rule may name it. */
function selectedName({ verb, query }: ApiRequest): string {
  if (verb !== 'list' && verb !== 'watch' && verb !== 'deletecollection') return ''
  return exactName.exec(query.fieldSelector ?? '')?.[1] ?? ''
}

const isNamespace = ({ group, resource }: ApiRequest): boolean => group === '' && resource === 'namespaces'

function forbidden(asked: AuthorizationRequest, reason: string): ApiError {
  const resource = asked.subresource ? `${asked.resource}/${asked.subresource}` : asked.resource
  const place = asked.namespace ? `in the namespace "${asked.namespace}"` : 'at the cluster scope'
  const text = `User "${asked.user.name}" cannot ${asked.verb} resource "${resource}" in API group "${asked.group}" ${place}`
  return ApiError.forbidden({ group: asked.group, resource: asked.resource }, asked.name, reason ? `${text}: ${reason}` : text)
}
