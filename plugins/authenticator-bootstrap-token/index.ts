import { AuthenticatorToken } from '@davit/core/api'
import { ClientsToken } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { BootstrapTokenAuthenticator } from './authenticator.js'

export default definePlugin({
  id: 'authenticator-bootstrap-token',
  api: '^1.0',
  stage: 'cache',
  requires: { clients: ClientsToken },
  provides: { authenticator: AuthenticatorToken },
  async setup({ clock, signal }, { clients }) {
    return { provides: { authenticator: new BootstrapTokenAuthenticator(clients, clock, signal) } }
  },
})
