import { ApiAddressToken, GrantToken, KindsToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { grants } from './grants.js'
import { NamespaceController } from './namespace-controller.js'
import { RootCaController } from './root-ca-controller.js'
import { ServiceAccountController } from './service-account-controller.js'

export default definePlugin({
  id: 'controller-namespace',
  api: '^1.0',
  requires: { kinds: KindsToken },
  optional: { address: ApiAddressToken },
  provides: { controllers: ControllerToken, grants: GrantToken },
  async setup(_context, { kinds, address }) {
    const controllers = [
      new NamespaceController(kinds),
      new ServiceAccountController(),
      // Without a server there is no certificate to trust.
      ...(address ? [new RootCaController(address)] : []),
    ]
    return { provides: { controllers, grants } }
  },
})
