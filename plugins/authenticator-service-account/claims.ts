/** What the claims of a token say, in both forms that Kubernetes has. */
import type { JwtClaims } from '@davit/core/api'

export interface Reference {
  readonly name: string
  readonly uid: string
}
interface AccountClaims {
  readonly namespace: string
  readonly account: Reference
}
/** Of a TokenRequest: ends by itself, and with what it is bound to. */
export interface BoundClaims extends AccountClaims {
  readonly type: 'bound'
  readonly audiences: readonly string[]
  /** Seconds since 1970. */
  readonly notBefore: number
  readonly issuedAt: number
  readonly expires: number
  readonly id: string
  readonly pod?: Reference
  readonly node?: Reference
  readonly secret?: Reference
}
/** Of a Secret of type `kubernetes.io/service-account-token`: good as long as it stands there. */
export interface LegacyClaims extends AccountClaims {
  readonly type: 'legacy'
  readonly secret: string
}
export type AccountToken = BoundClaims | LegacyClaims

export const legacyIssuer = 'kubernetes/serviceaccount'

/** Undefined where they are not complete: such a token was signed for something else. */
export function accountTokenOf(claims: JwtClaims): AccountToken | undefined {
  return claims.iss === legacyIssuer ? legacy(claims) : bound(claims)
}

function bound(claims: JwtClaims): BoundClaims | undefined {
  const own = treeOf(claims['kubernetes.io'])
  const account = referenceOf(own.serviceaccount)
  const { nbf, iat, exp, aud, jti } = claims
  if (!account?.uid || typeof own.namespace !== 'string' || !isTime(nbf) || !isTime(iat) || !isTime(exp)) return undefined
  const optional = { pod: referenceOf(own.pod), node: referenceOf(own.node), secret: referenceOf(own.secret) }
  return {
    type: 'bound',
    namespace: own.namespace,
    account,
    audiences: [aud ?? []].flat().filter((one) => typeof one === 'string'),
    notBefore: nbf,
    issuedAt: iat,
    expires: exp,
    id: typeof jti === 'string' ? jti : '',
    ...(optional.pod && { pod: optional.pod }),
    ...(optional.node && { node: optional.node }),
    ...(optional.secret && { secret: optional.secret }),
  }
}

const legacyPrefix = 'kubernetes.io/serviceaccount/'

function legacy(claims: JwtClaims): LegacyClaims | undefined {
  const text = (key: string): string => {
    const value = claims[legacyPrefix + key]
    return typeof value === 'string' ? value : ''
  }
  const [namespace, secret] = [text('namespace'), text('secret.name')]
  const account = { name: text('service-account.name'), uid: text('service-account.uid') }
  if (!namespace || !secret || !account.name || !account.uid) return undefined
  return { type: 'legacy', namespace, account, secret }
}

function referenceOf(value: unknown): Reference | undefined {
  const { name, uid } = treeOf(value)
  return typeof name === 'string' ? { name, uid: typeof uid === 'string' ? uid : '' } : undefined
}

function treeOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
