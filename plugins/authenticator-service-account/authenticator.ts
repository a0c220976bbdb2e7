/** From a token to the ServiceAccount that it speaks for. */
import { hash } from 'node:crypto'
import {
  type AuthenticatedUser,
  type Authentication,
  type AuthenticationFailure,
  type Authenticator,
  type Credentials,
  readJwt,
  type TokenIssuer,
  type UserInfo,
} from '@davit/core/api'
import type { Clock } from '@davit/core/kernel'
import { type AccountToken, accountTokenOf, type BoundClaims, legacyIssuer } from './claims.js'
import { leewayMs } from './leeway.js'
import type { Objects } from './objects.js'
import { userOf } from './user.js'
import { boundProblem, legacyProblem } from './verdict.js'

/** A token whose signature was checked. What changes is asked each time: whether it is still time, and who still exists. */
interface Proven {
  readonly token: AccountToken
  readonly user: UserInfo
}
/** About 2 KB each. The oldest go first: who still comes is proven anew. */
const rememberedTokens = 10_000

export class ServiceAccountAuthenticator implements Authenticator {
  readonly name = 'service-account'
  readonly #issuer: TokenIssuer
  readonly #objects: Objects
  readonly #clock: Clock
  readonly #proven = new Map<string, Proven>()

  constructor(issuer: TokenIssuer, objects: Objects, clock: Clock) {
    this.#issuer = issuer
    this.#objects = objects
    this.#clock = clock
  }

  async authenticate({ token, audiences = this.#issuer.audiences }: Credentials): Promise<Authentication> {
    // A JSON object in base64url: nothing else is looked at.
    if (token === undefined || !token.startsWith('ey')) return undefined
    const proven = await this.#prove(token)
    if (!proven || 'failure' in proven) return proven
    return this.#check(proven, token, audiences)
  }

  async #prove(text: string): Promise<Proven | AuthenticationFailure | undefined> {
    const digest = hash('sha256', text, 'base64')
    const known = this.#proven.get(digest)
    if (known) return known
    const issuer = readJwt(text)?.claims.iss
    if (issuer !== this.#issuer.issuer && issuer !== legacyIssuer) return undefined
    const claims = await this.#issuer.verify(text)
    if (!claims) return { failure: 'the signature of the token is not valid' }
    const token = accountTokenOf(claims)
    if (!token) return { failure: 'service account token claims could not be validated due to unexpected errors' }
    const proven = { token, user: userOf(token) }
    if (this.#proven.size >= rememberedTokens) this.#proven.delete(this.#proven.keys().next().value ?? '')
    this.#proven.set(digest, proven)
    return proven
  }

  async #check(
    { token, user }: Proven,
    text: string,
    wanted: readonly string[],
  ): Promise<AuthenticatedUser | AuthenticationFailure> {
    const meant = token.type === 'bound' && token.audiences.length > 0 ? token.audiences : this.#issuer.audiences
    const audiences = meant.filter((one) => wanted.includes(one))
    if (audiences.length === 0) {
      return { failure: `token audiences ${listed(meant)} is invalid for the target audiences ${listed(wanted)}` }
    }
    const problem =
      token.type === 'bound'
        ? (this.#timeProblem(token) ?? (await boundProblem(token, this.#objects)))
        : await legacyProblem(token, text, this.#objects)
    return problem === undefined ? { ...user, audiences } : { failure: problem }
  }

  #timeProblem({ notBefore, issuedAt, expires }: BoundClaims): string | undefined {
    const now = this.#clock.now()
    if (now + leewayMs < notBefore * 1000) return 'service account token is not valid yet'
    if (now - leewayMs > expires * 1000) return 'service account token has expired'
    if (now + leewayMs < issuedAt * 1000) return 'service account token is issued in the future'
    return undefined
  }
}

function listed(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`
}
