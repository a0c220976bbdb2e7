import { AuthenticatorToken, GrantToken, TokenIssuerToken } from '@davit/core/api'
import { ClientsToken } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { ServiceAccountAuthenticator } from './authenticator.js'
import { grants, identity } from './grants.js'
import { Objects } from './objects.js'

export default definePlugin({
  id: 'authenticator-service-account',
  api: '^1.0',
  stage: 'cache',
  requires: { clients: ClientsToken, issuer: TokenIssuerToken },
  provides: { authenticator: AuthenticatorToken, grants: GrantToken },
  async setup({ clock, signal }, { clients, issuer }) {
    const objects = new Objects(clients, clients.as(identity), clock, signal)
    return { provides: { authenticator: new ServiceAccountAuthenticator(issuer, objects, clock), grants } }
  },
})
