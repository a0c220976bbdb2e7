import { GrantToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { grants } from './grants.js'
import { DaemonSetReconciler } from './reconciler.js'

export default definePlugin({
  id: 'controller-daemonset',
  api: '^1.0',
  provides: { controller: ControllerToken, grants: GrantToken },
  async setup() {
    return { provides: { controller: new DaemonSetReconciler(), grants } }
  },
})
