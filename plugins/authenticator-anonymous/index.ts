import { AuthenticatorToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import { anonymousAuthenticator } from './anonymous.js'
import { anonymousConfig } from './config.js'

export default definePlugin({
  id: 'authenticator-anonymous',
  api: '^1.0',
  stage: 'cache',
  provides: { authenticator: AuthenticatorToken },
  config: { version: 1, schema: anonymousConfig },
  async setup({ config }) {
    return { provides: { authenticator: anonymousAuthenticator(config.paths) } }
  },
})
