import { GrantToken, KindsToken } from '@davit/core/api'
import { ControllerToken, ReplicaFormulaToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { autoscalerConfig } from './config.js'
import { grants } from './grants.js'
import { proportional } from './proportional.js'
import { AutoscalerReconciler } from './reconciler.js'

export default definePlugin({
  id: 'controller-autoscaler',
  api: '^1.0',
  requires: { kinds: KindsToken, formulas: ReplicaFormulaToken },
  provides: { controllers: ControllerToken, grants: GrantToken, formulas: ReplicaFormulaToken },
  config: autoscalerConfig,
  async setup({ config }, { kinds, formulas }) {
    const controllers = [new AutoscalerReconciler({ config, kinds, formulas })]
    return { provides: { controllers, grants, formulas: [proportional] } }
  },
})
