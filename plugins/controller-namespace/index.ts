import { ApiAddressToken, GrantToken, KindsToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { NamespaceController } from './emptying.js'
import { FurnishingController } from './furnishing.js'
import { grants } from './grants.js'

export default definePlugin({
  id: 'controller-namespace',
  api: '^1.0',
  requires: { kinds: KindsToken },
  // A control plane without a server has no certificate to hand out.
  optional: { address: ApiAddressToken },
  provides: { controllers: ControllerToken, grants: GrantToken },
  async setup(_context, { kinds, address }) {
    return { provides: { controllers: [new NamespaceController(kinds), new FurnishingController(address?.ca)], grants } }
  },
})
