import { hash } from 'node:crypto'
import {
  type Authentication,
  type Authenticator,
  type Credentials,
  isSignedBy,
  type Jwt,
  readJwt,
  type UserInfo,
} from '@davit/core/api'
import type { Clock } from '@davit/core/kernel'
import { claimsProblem, userOfClaims } from './claims.js'
import type { OidcConfig } from './config.js'
import type { IssuerKeys } from './issuer-keys.js'

/** A token that was good under the keys of a generation, until it ends by itself. */
interface Proven {
  readonly user: UserInfo
  /** Seconds since 1970. */
  readonly expires: number
  readonly generation: number
}
const rememberedTokens = 1000

export class OidcAuthenticator implements Authenticator {
  readonly name = 'oidc'
  readonly #config: OidcConfig
  readonly #keys: IssuerKeys
  readonly #clock: Clock
  readonly #proven = new Map<string, Proven>()

  constructor(config: OidcConfig, keys: IssuerKeys, clock: Clock) {
    this.#config = config
    this.#keys = keys
    this.#clock = clock
  }

  async authenticate({ token }: Credentials): Promise<Authentication> {
    if (token === undefined || !token.startsWith('ey')) return undefined
    const digest = hash('sha256', token, 'base64')
    const known = this.#proven.get(digest)
    const jwt = known ? undefined : readJwt(token)
    if (!known && jwt?.claims.iss !== this.#config.issuerUrl) return undefined
    await this.#keys.refresh()
    if (known && known.generation === this.#keys.generation && known.expires > this.#now()) return known.user
    this.#proven.delete(digest)
    const read = jwt ?? readJwt(token)
    return read && this.#prove(read, digest)
  }

  async #prove(jwt: Jwt, digest: string): Promise<Authentication> {
    const problem = claimsProblem(jwt.claims, this.#config, this.#now()) ?? (await this.#signatureProblem(jwt))
    if (problem !== undefined) return { failure: problem }
    const user = userOfClaims(jwt.claims, this.#config)
    if ('failure' in user) return user
    if (this.#proven.size >= rememberedTokens) this.#proven.delete(this.#proven.keys().next().value ?? '')
    this.#proven.set(digest, { user, expires: Number(jwt.claims.exp), generation: this.#keys.generation })
    return user
  }

  async #signatureProblem(jwt: Jwt): Promise<string | undefined> {
    if (!this.#config.algorithms.includes(jwt.algorithm)) {
      return `oidc: verify token: oidc: id token signed with unsupported algorithm, expected ${JSON.stringify(this.#config.algorithms)} got "${jwt.algorithm}"`
    }
    const keys = await this.#keys.find(jwt.keyId)
    if (!keys) return 'oidc: authenticator not initialized'
    if (keys.some((key) => isSignedBy(jwt, key))) return undefined
    return 'oidc: verify token: failed to verify signature: failed to verify id token signature'
  }

  #now(): number {
    return this.#clock.now() / 1000
  }
}
