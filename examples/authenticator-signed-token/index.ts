import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Authenticator, AuthenticatorToken } from '@davit/core/api'
import { definePlugin, Type } from '@davit/core/kernel'

interface Claims {
  readonly name: string
  readonly groups?: readonly string[]
  /** Milliseconds since 1970. */
  readonly until: number
}

/**
 * An authenticator says who sends a request; what that user may do is decided elsewhere. It answers `undefined` for
 * credentials that are not its own, also for nonsense: another may know them.
 *
 * The tokens are "claims.signature", both base64url: whoever has the key can make them, and nothing has to be stored.
 */
export default definePlugin({
  id: 'authenticator-signed-token',
  api: '^1.0',
  provides: { authenticator: AuthenticatorToken },
  config: {
    version: 1,
    schema: Type.Object({
      key: Type.String({ minLength: 16, description: 'Secret that signs the tokens, 16 characters or more.' }),
    }),
  },
  async setup({ config, clock }) {
    const authenticator: Authenticator = {
      name: 'signed-token',
      authenticate({ token }) {
        const [body, signature, ...rest] = token?.split('.') ?? []
        if (body === undefined || signature === undefined || rest.length > 0) return undefined
        const expected = createHmac('sha256', config.key).update(body).digest()
        const given = Buffer.from(signature, 'base64url')
        if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
        // Whoever signed it wrote it too, so from here on it can be trusted to be JSON.
        const { name, groups = [], until } = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims
        return clock.now() < until ? { name, groups } : undefined
      },
    }
    return { provides: { authenticator } }
  },
})
