/** Asking who it is whose credentials these are. */
import type { Bag } from '../kernel/contract.js'
import type { AuthenticatedUser, Authenticator, Credentials } from './contract.js'

export const authenticatedGroup = 'system:authenticated'
export const unauthenticatedGroup = 'system:unauthenticated'

export type Identified =
  | { readonly user: AuthenticatedUser; readonly failures?: undefined }
  /** Why those refused it whose kind of credentials it is. */
  | { readonly user?: undefined; readonly failures: readonly string[] }

/** `own`: the audiences that are the API itself. */
export async function identify(
  authenticators: Bag<Authenticator>,
  credentials: Credentials,
  own: readonly string[],
): Promise<Identified> {
  const failures: string[] = []
  for (const authenticator of authenticators.all()) {
    const answer = await authenticator.authenticate(credentials)
    if (answer === undefined) continue
    if ('failure' in answer) failures.push(answer.failure)
    else if (isMeant(answer, credentials, own)) return { user: withAudiences(withGroup(answer), credentials, own) }
  }
  return { failures }
}

/** Everybody but who is nobody is one of the authenticated. */
function withGroup(user: AuthenticatedUser): AuthenticatedUser {
  const { groups } = user
  if (groups.includes(authenticatedGroup) || groups.includes(unauthenticatedGroup)) return user
  return { ...user, groups: [...groups, authenticatedGroup] }
}

function isMeant({ audiences }: AuthenticatedUser, asked: Credentials, own: readonly string[]): boolean {
  return audiences !== undefined || asked.audiences === undefined || common(asked.audiences, own).length > 0
}

function withAudiences(user: AuthenticatedUser, asked: Credentials, own: readonly string[]): AuthenticatedUser {
  if (user.audiences !== undefined || asked.audiences === undefined) return user
  return { ...user, audiences: common(asked.audiences, own) }
}

function common(some: readonly string[], others: readonly string[]): string[] {
  return some.filter((one) => others.includes(one))
}
