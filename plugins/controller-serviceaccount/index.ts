import { ApiAddressToken, GrantToken, TokenIssuerToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { grants } from './grants.js'
import { RootCaController } from './root-ca-controller.js'
import { ServiceAccountController } from './service-account-controller.js'
import { TokenSecretController } from './token-secret-controller.js'

export default definePlugin({
  id: 'controller-serviceaccount',
  api: '^1.0',
  optional: { address: ApiAddressToken, issuer: TokenIssuerToken },
  provides: { controllers: ControllerToken, grants: GrantToken },
  async setup(_context, { address, issuer }) {
    const controllers = [
      new ServiceAccountController(),
      // Without a server there is no certificate to trust.
      ...(address ? [new RootCaController(address)] : []),
      ...(issuer ? [new TokenSecretController(issuer, address?.ca)] : []),
    ]
    return { provides: { controllers, grants } }
  },
})
