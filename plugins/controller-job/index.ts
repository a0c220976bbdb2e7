import { GrantToken } from '@davit/core/api'
import { ControllerToken, JobBackOffToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { kubernetesBackOff } from './back-off.js'
import { grants } from './grants.js'
import { JobReconciler } from './reconciler.js'
import { TtlReconciler } from './ttl.js'

export default definePlugin({
  id: 'controller-job',
  api: '^1.0',
  optional: { backOff: JobBackOffToken },
  provides: { controllers: ControllerToken, grants: GrantToken },
  async setup(_context, { backOff = kubernetesBackOff }) {
    return { provides: { controllers: [new JobReconciler(backOff), new TtlReconciler()], grants } }
  },
})
