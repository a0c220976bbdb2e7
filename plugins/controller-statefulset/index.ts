import { GrantToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { grants } from './grants.js'
import { StatefulSetReconciler } from './reconciler.js'

export default definePlugin({
  id: 'controller-statefulset',
  api: '^1.0',
  provides: { controller: ControllerToken, grants: GrantToken },
  async setup() {
    return { provides: { controller: new StatefulSetReconciler(), grants } }
  },
})
