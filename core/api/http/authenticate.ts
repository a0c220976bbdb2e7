/** Who sends a request: by client certificate, or by what authenticators know. */
import type { TLSSocket } from 'node:tls'
import { ApiError } from '../../client/contract.js'
import type { Bag } from '../../kernel/contract.js'
import { authenticatedGroup, identify, unauthenticatedGroup } from '../authenticators.js'
import type { Authenticator, Credentials, UserInfo } from '../contract.js'
import { type Exchange, header } from './exchange.js'

export const anonymous: UserInfo = { name: 'system:anonymous', groups: [unauthenticatedGroup] }

/** What anybody may read, so that load balancers and clients can look before they have credentials. */
const publicPaths = /^\/(?:healthz|livez|readyz|version)(?:\/|$)/

/** Rejects with 401 for credentials that nobody knows, and for none where they are needed. */
export function createAuthentication(authenticators: Bag<Authenticator>): (exchange: Exchange) => Promise<UserInfo> {
  // Asking OpenSSL for the certificate costs more than all the rest of a small request.
  const certificates = new WeakMap<TLSSocket, Credentials['certificate'] | null>()

  function certificateOf(socket: TLSSocket): Credentials['certificate'] {
    const known = certificates.get(socket)
    if (known !== undefined) return known ?? undefined
    const found = readCertificate(socket)
    certificates.set(socket, found ?? null)
    return found
  }

  // Without audiences of its own each question is about the API.
  const ask = async (credentials: Credentials): Promise<UserInfo | undefined> =>
    (await identify(authenticators, credentials, [])).user

  return async (exchange) => {
    const certificate = certificateOf(exchange.socket)
    if (certificate) return (await ask({ certificate })) ?? ownerOf(certificate)
    const token = bearerToken(exchange)
    if (token === undefined && publicPaths.test(exchange.path)) return anonymous
    const user = await ask(token === undefined ? { path: exchange.path } : { token })
    if (user === undefined) throw ApiError.unauthorized()
    return user
  }
}

function ownerOf({ commonName, organizations }: NonNullable<Credentials['certificate']>): UserInfo {
  return { name: commonName, groups: [...new Set([...organizations, authenticatedGroup])] }
}

function readCertificate(socket: TLSSocket): Credentials['certificate'] {
  // Also false for a certificate that another authority signed.
  if (!socket.authorized) return undefined
  const subject = socket.getPeerCertificate().subject as { CN?: string | string[]; O?: string | string[] } | undefined
  const [commonName] = [subject?.CN].flat()
  if (!commonName) return undefined
  return { commonName, organizations: [subject?.O ?? []].flat() }
}

const bearer = /^bearer +(\S+) *$/i
const protocolPrefix = 'base64url.bearer.authorization.k8s.io.'

function bearerToken(exchange: Exchange): string | undefined {
  const value = header(exchange, 'authorization')
  if (value !== undefined) {
    const token = bearer.exec(value)?.[1]
    // Other schemes (basic, negotiate) are credentials that nobody here knows.
    if (token === undefined) throw ApiError.unauthorized()
    return token
  }
  // Browsers cannot set headers on a WebSocket, so the token comes as one of its protocols.
  const protocols = header(exchange, 'sec-websocket-protocol')
  const entry = protocols?.split(',').find((protocol) => protocol.trim().startsWith(protocolPrefix))
  return entry && Buffer.from(entry.trim().slice(protocolPrefix.length), 'base64url').toString('utf8')
}
