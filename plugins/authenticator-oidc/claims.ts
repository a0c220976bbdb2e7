/** From the claims of an ID token to a user; the words are Kubernetes'. Pure. */
import type { AuthenticationFailure, JwtClaims, UserInfo } from '@davit/core/api'
import type { OidcConfig } from './config.js'

const notBeforeLeewaySeconds = 300

/** Whether it is for us, now. Undefined: yes. `now` in seconds since 1970. */
export function claimsProblem(claims: JwtClaims, { audiences }: OidcConfig, now: number): string | undefined {
  const meant = [claims.aud ?? []].flat()
  if (!meant.some((one) => audiences.includes(one as string))) {
    return `oidc: verify token: oidc: expected audience in ${JSON.stringify(audiences)} got ${JSON.stringify(meant)}`
  }
  const { exp, nbf } = claims
  if (typeof exp !== 'number' || exp <= now) return 'oidc: verify token: oidc: token is expired'
  if (typeof nbf === 'number' && now + notBeforeLeewaySeconds < nbf) {
    return 'oidc: verify token: oidc: current time is before the nbf (not before) time'
  }
  return undefined
}

export function userOfClaims(claims: JwtClaims, config: OidcConfig): UserInfo | AuthenticationFailure {
  const missing = requiredProblem(claims, config.requiredClaims)
  if (missing !== undefined) return { failure: missing }
  const name = claims[config.usernameClaim]
  if (typeof name !== 'string' || name === '') {
    return { failure: `oidc: parse username claims "${config.usernameClaim}": claim not present` }
  }
  const { email_verified: verified = true } = claims
  if (config.usernameClaim === 'email' && verified !== true) return { failure: 'oidc: email not verified' }
  const groups = groupsOf(claims, config)
  if (!groups) return { failure: `oidc: parse groups claim "${config.groupsClaim}": it is no list of names` }
  const user = { name: prefixOf(config) + name, groups }
  // Whoever fills the claims in must not become one of the cluster's own.
  const own = [user.name, ...groups].find((one) => one.startsWith('system:'))
  return own === undefined ? user : { failure: `oidc: the name "${own}" is reserved: it begins with "system:"` }
}

function requiredProblem(claims: JwtClaims, required: OidcConfig['requiredClaims']): string | undefined {
  for (const [claim, wanted] of Object.entries(required)) {
    if (!Object.hasOwn(claims, claim)) return `oidc: required claim ${claim} not present in ID token`
    if (claims[claim] !== wanted) {
      return `oidc: required claim ${claim} value does not match. Got = ${String(claims[claim])}, want = ${wanted}`
    }
  }
  return undefined
}

function prefixOf({ usernamePrefix, usernameClaim, issuerUrl }: OidcConfig): string {
  if (usernamePrefix === '-') return ''
  if (usernamePrefix !== '') return usernamePrefix
  return usernameClaim === 'email' ? '' : `${issuerUrl}#`
}

function groupsOf(claims: JwtClaims, { groupsClaim, groupsPrefix }: OidcConfig): string[] | undefined {
  const value = groupsClaim === '' ? undefined : claims[groupsClaim]
  const names = value === undefined ? [] : [value].flat()
  return names.every((name) => typeof name === 'string') ? names.map((name) => groupsPrefix + name) : undefined
}
