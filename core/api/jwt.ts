/**
 * JSON Web Tokens (RFC 7515, 7518, 7519) as far as a cluster needs them: signed, in the compact form. The cryptography is
 * OpenSSL's; a library would cost more to load than all of this.
 */
import { constants, createHash, type JsonWebKey, type KeyObject, type SignKeyObjectInput, sign, verify } from 'node:crypto'

export type JwtClaims = Readonly<Record<string, unknown>>

/** A token as it was read: nothing of it is proven before `isSignedBy`. */
export interface Jwt {
  readonly algorithm: string
  /** '' where the header names none. */
  readonly keyId: string
  readonly claims: JwtClaims
  /** What the signature is over. */
  readonly signed: string
  readonly signature: Uint8Array
}

/** No honest token is longer; what is gets no work. */
const longest = 64 * 1024

interface Algorithm {
  readonly hash: string
  /** As `KeyObject.asymmetricKeyType` names it. */
  readonly type: string
  /** As `asymmetricKeyDetails.namedCurve` names it. */
  readonly curve?: string
  readonly options: Omit<SignKeyObjectInput, 'key'>
}
const rsa = (hash: string): Algorithm => ({ hash, type: 'rsa', options: { padding: constants.RSA_PKCS1_PADDING } })
const pss = (hash: string): Algorithm => ({
  hash,
  type: 'rsa',
  options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
})
const ec = (hash: string, curve: string): Algorithm => ({ hash, type: 'ec', curve, options: { dsaEncoding: 'ieee-p1363' } })

/** Signatures alone: neither `none` nor a shared secret proves who made a token. */
const algorithms: ReadonlyMap<string, Algorithm> = new Map([
  ['RS256', rsa('sha256')],
  ['RS384', rsa('sha384')],
  ['RS512', rsa('sha512')],
  ['PS256', pss('sha256')],
  ['PS384', pss('sha384')],
  ['PS512', pss('sha512')],
  ['ES256', ec('sha256', 'prime256v1')],
  ['ES384', ec('sha384', 'secp384r1')],
  ['ES512', ec('sha512', 'secp521r1')],
])
export const jwtAlgorithms: readonly string[] = [...algorithms.keys()]

/** Undefined for what is no token of this form. */
export function readJwt(token: string): Jwt | undefined {
  if (token.length > longest) return undefined
  const [head = '', body = '', end = '', ...more] = token.split('.')
  const [header, claims, signature] = [treeOf(head), treeOf(body), bytesOf(end)]
  if (more.length > 0 || !header || !claims || !signature || signature.length === 0) return undefined
  const { alg, kid = '', crit } = header
  // What is critical must be understood, and nothing of the kind is here.
  if (typeof alg !== 'string' || typeof kid !== 'string' || crit !== undefined) return undefined
  return { algorithm: alg, keyId: kid, claims, signed: `${head}.${body}`, signature }
}

/** By an EC key on the curve P-256. The same claims give another token each time. */
export function signJwt(claims: JwtClaims, key: KeyObject, keyId: string): string {
  const signed = `${encode({ alg: 'ES256', kid: keyId })}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

/** The key must be of the kind that the token's algorithm is for: a token does not choose how it is checked. */
export function isSignedBy(jwt: Jwt, key: KeyObject): boolean {
  const algorithm = algorithms.get(jwt.algorithm)
  if (!algorithm || key.asymmetricKeyType !== algorithm.type) return false
  if (algorithm.curve !== undefined && key.asymmetricKeyDetails?.namedCurve !== algorithm.curve) return false
  return verify(algorithm.hash, Buffer.from(jwt.signed), { key, ...algorithm.options }, jwt.signature)
}

/** Names a public key by its content, as Kubernetes does. */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
}

/** For a set of keys (RFC 7517). */
export function publicJwk(publicKey: KeyObject): JsonWebKey {
  return { use: 'sig', kid: keyIdOf(publicKey), alg: 'ES256', ...publicKey.export({ format: 'jwk' }) }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** Only the one way to write the bytes counts: a token that differs in a single letter is another token. */
function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

function treeOf(text: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = bytesOf(text)
  if (!bytes) return undefined
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
