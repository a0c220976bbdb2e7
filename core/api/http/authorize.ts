/** Authorisation of what the transport serves by itself: paths beside the API's objects, impersonation, streams to a node. */
import { ApiError } from '../../client/contract.js'
import { mastersGroup } from '../authorize.js'
import type { ApiHooks, AuthorizationRequest, AuthorizationVerdict, UserInfo } from '../contract.js'
import { callSlot } from '../slots.js'

export type Action = Partial<Omit<AuthorizationRequest, 'user'>> & { readonly verb: string }

const nothing = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '', path: '' }

/** The verdict of the slot; members of `system:masters` may do anything. Undefined where nobody has an opinion. */
async function verdictOf(hooks: ApiHooks, user: UserInfo, action: Action): Promise<AuthorizationVerdict | undefined> {
  if (user.groups.includes(mastersGroup)) return { allowed: true, reason: '' }
  return callSlot(() => hooks.authorize.call({ ...nothing, ...action, user }))
}

/** Rejects with 403, in Kubernetes' words, unless somebody allows it; with `open` only where somebody forbids it. */
export async function authorize(hooks: ApiHooks, user: UserInfo, action: Action, open = false): Promise<void> {
  const verdict = await verdictOf(hooks, user, action)
  if (verdict?.allowed ?? open) return
  const { group, resource, name } = { ...nothing, ...action }
  throw ApiError.forbidden({ group, resource }, name, refusal(user, action, verdict?.reason ?? ''))
}

function refusal(user: UserInfo, action: Action, reason: string): string {
  const { verb, group, resource, subresource, namespace, path } = { ...nothing, ...action }
  const because = reason === '' ? '' : `: ${reason}`
  if (path !== '') return `User "${user.name}" cannot ${verb} path "${path}"${because}`
  const what = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`
  return `User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${where}${because}`
}
