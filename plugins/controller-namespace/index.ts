import { GrantToken, KindsToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { grants } from './grants.js'
import { NamespaceController } from './namespace-controller.js'

export default definePlugin({
  id: 'controller-namespace',
  api: '^1.0',
  requires: { kinds: KindsToken },
  provides: { controllers: ControllerToken, grants: GrantToken },
  async setup(_context, { kinds }) {
    return { provides: { controllers: new NamespaceController(kinds), grants } }
  },
})
