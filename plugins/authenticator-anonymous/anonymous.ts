import type { Authenticator, UserInfo } from '@davit/core/api'

const anonymous: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

/** Answers where nobody says who asks; what nobody may then do is for roles to say. No paths: for all of them. */
export function anonymousAuthenticator(paths: readonly string[]): Authenticator {
  const open = new Set(paths)
  return {
    name: 'anonymous',
    authenticate: ({ path }) => (path !== undefined && (open.size === 0 || open.has(path)) ? anonymous : undefined),
  }
}
