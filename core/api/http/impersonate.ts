/** `Impersonate-*` headers: acting as somebody else, for those who are allowed to. */
import { ApiError } from '../../client/contract.js'
import type { ApiHooks, UserInfo } from '../contract.js'
import { anonymous } from './authenticate.js'
import { authorize } from './authorize.js'
import type { Exchange } from './exchange.js'

/** The user that the request acts as: the one asked for, or `user` where nobody is. Rejects with 400 or 403. */
export async function impersonate(hooks: ApiHooks, user: UserInfo, exchange: Exchange): Promise<UserInfo> {
  const wanted = readHeaders(exchange)
  if (wanted === undefined) return user
  if (wanted.name === '') throw ApiError.badRequest('requested to impersonate groups, uid or extra without impersonating a user')
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(wanted.name)
  const [, namespace = '', name = ''] = account ?? []
  if (account) await authorize(hooks, user, { verb: 'impersonate', version: 'v1', resource: 'serviceaccounts', namespace, name })
  else await authorize(hooks, user, { verb: 'impersonate', version: 'v1', resource: 'users', name: wanted.name })
  for (const group of wanted.groups) {
    await authorize(hooks, user, { verb: 'impersonate', version: 'v1', resource: 'groups', name: group })
  }
  const rest = { verb: 'impersonate', group: 'authentication.k8s.io', version: 'v1' }
  if (wanted.uid !== undefined) await authorize(hooks, user, { ...rest, resource: 'uids', name: wanted.uid })
  for (const [key, values] of Object.entries(wanted.extra)) {
    for (const value of values) await authorize(hooks, user, { ...rest, resource: 'userextras', subresource: key, name: value })
  }
  return userOf(wanted, namespace)
}

interface Wanted {
  name: string
  uid?: string
  readonly groups: string[]
  readonly extra: Record<string, string[]>
}

function readHeaders(exchange: Exchange): Wanted | undefined {
  const { headers } = exchange.request
  // Nearly no request has such a header; `in` on the parsed headers is all that those pay.
  let any = false
  for (const key in headers) if (key.startsWith('impersonate-')) any = true
  if (!any) return undefined
  // The keys are the client's: `constructor` must find nothing here.
  const wanted: Wanted = { name: '', groups: [], extra: Object.create(null) as Record<string, string[]> }
  for (const [name, value] of rawPairs(exchange)) {
    if (name === 'impersonate-user') wanted.name = value
    else if (name === 'impersonate-uid') wanted.uid = value
    else if (name === 'impersonate-group') wanted.groups.push(value)
    else if (name.startsWith('impersonate-extra-')) {
      const key = decodeKey(name.slice('impersonate-extra-'.length))
      wanted.extra[key] ??= []
      wanted.extra[key].push(value)
    }
  }
  return wanted
}

// Node joins repeated headers by a comma, which a group's name may hold itself.
function* rawPairs(exchange: Exchange): Generator<[name: string, value: string]> {
  const raw = (exchange.request as { rawHeaders?: readonly string[] }).rawHeaders ?? []
  for (let index = 0; index + 1 < raw.length; index += 2) yield [(raw[index] ?? '').toLowerCase(), raw[index + 1] ?? '']
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

function userOf(wanted: Wanted, accountNamespace: string): UserInfo {
  const groups = [...wanted.groups]
  if (groups.length === 0 && accountNamespace !== '')
    groups.push('system:serviceaccounts', `system:serviceaccounts:${accountNamespace}`)
  const own = wanted.name === anonymous.name ? 'system:unauthenticated' : 'system:authenticated'
  if (!groups.includes('system:authenticated') && !groups.includes('system:unauthenticated')) groups.push(own)
  const extra = Object.keys(wanted.extra).length === 0 ? {} : { extra: wanted.extra }
  return { name: wanted.name, groups, ...(wanted.uid === undefined ? {} : { uid: wanted.uid }), ...extra }
}
