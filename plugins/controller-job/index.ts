import { GrantToken } from '@davit/core/api'
import { ControllerToken, JobBackOffToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { kubernetesBackOff } from './back-off.js'
import { jobConfig } from './config.js'
import { CronJobReconciler } from './cron-reconciler.js'
import { grants } from './grants.js'
import { JobReconciler } from './reconciler.js'
import { TtlReconciler } from './ttl.js'

export default definePlugin({
  id: 'controller-job',
  api: '^1.0',
  optional: { backOff: JobBackOffToken },
  provides: { controllers: ControllerToken, grants: GrantToken },
  config: jobConfig,
  async setup({ config }, { backOff = kubernetesBackOff }) {
    const controllers = [new JobReconciler(backOff), new CronJobReconciler(config.timeZone), new TtlReconciler()]
    return { provides: { controllers, grants } }
  },
})
