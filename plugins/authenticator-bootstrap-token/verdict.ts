/** Whether a bootstrap token is good. Pure. */
import { timingSafeEqual } from 'node:crypto'
import type { Authentication } from '@davit/core/api'
import type { Secret } from '@davit/core/kinds'

const secretType = 'bootstrap.kubernetes.io/token'
const baseGroup = 'system:bootstrappers'
const extraGroup = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

export interface BootstrapToken {
  readonly id: string
  readonly secret: string
}

/** `now`: milliseconds since 1970. */
export function bootstrapVerdict(token: BootstrapToken, stored: Secret | undefined, now: number): Authentication {
  if (stored?.type !== secretType || stored.metadata.deletionTimestamp !== undefined) return undefined
  const text = (key: string): string => Buffer.from(stored.data?.[key] ?? '', 'base64').toString('utf8')
  // Of a secret that is wrong nothing is told, not even that there is a token of this id.
  if (text('token-id') !== token.id || !same(text('token-secret'), token.secret)) return undefined
  if (isOver(text('expiration'), now)) return { failure: 'the bootstrap token has expired' }
  if (text('usage-bootstrap-authentication') !== 'true') return { failure: 'the bootstrap token is not for authentication' }
  const groups = groupsOf(text('auth-extra-groups'))
  if (!groups) return { failure: `the groups of the bootstrap token must match ${extraGroup.source}` }
  return { name: `system:bootstrap:${token.id}`, groups }
}

/** A time that cannot be read is over. */
function isOver(expiration: string, now: number): boolean {
  if (expiration === '') return false
  const end = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(expiration) ? Date.parse(expiration) : Number.NaN
  return !(end > now)
}

function groupsOf(extra: string): string[] | undefined {
  const groups = extra === '' ? [] : extra.split(',')
  return groups.every((group) => extraGroup.test(group)) ? [...new Set([baseGroup, ...groups])] : undefined
}

function same(stored: string, given: string): boolean {
  const [a, b] = [Buffer.from(stored), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}
