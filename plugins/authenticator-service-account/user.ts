/** As whom a token acts. */
import type { UserInfo } from '@davit/core/api'
import type { AccountToken } from './claims.js'

const prefix = 'authentication.kubernetes.io/'

export function userOf(token: AccountToken): UserInfo {
  const { namespace, account } = token
  const extra = extraOf(token)
  return {
    name: `system:serviceaccount:${namespace}:${account.name}`,
    uid: account.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    ...(Object.keys(extra).length > 0 && { extra }),
  }
}

function extraOf(token: AccountToken): Record<string, readonly string[]> {
  if (token.type === 'legacy') return {}
  const { id, pod, node } = token
  const facts = {
    'credential-id': id && `JTI=${id}`,
    'node-name': node?.name,
    'node-uid': node?.uid,
    'pod-name': pod?.name,
    'pod-uid': pod?.uid,
  }
  return Object.fromEntries(Object.entries(facts).flatMap(([key, value]) => (value ? [[prefix + key, [value]]] : [])))
}
