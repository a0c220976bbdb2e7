import { GrantToken, KindsToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { quotaConfig } from './config.js'
import { grants } from './grants.js'
import { QuotaReconciler } from './reconciler.js'

export default definePlugin({
  id: 'controller-quota',
  api: '^1.0',
  requires: { kinds: KindsToken },
  provides: { controllers: ControllerToken, grants: GrantToken },
  config: quotaConfig,
  async setup({ config }, { kinds }) {
    return { provides: { controllers: [new QuotaReconciler(kinds, config.settleMs)], grants } }
  },
})
