import { GrantToken } from '@davit/core/api'
import { ControllerToken, RolloutStrategyToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { grants } from './grants.js'
import { DeploymentReconciler } from './reconciler.js'
import { recreate } from './recreate.js'
import { rollingUpdate } from './rolling.js'

export default definePlugin({
  id: 'controller-deployment',
  api: '^1.0',
  requires: { strategies: RolloutStrategyToken },
  provides: { controllers: ControllerToken, grants: GrantToken, strategies: RolloutStrategyToken },
  async setup(_context, { strategies }) {
    const controllers = [new DeploymentReconciler(strategies)]
    return { provides: { controllers, grants, strategies: [rollingUpdate, recreate] } }
  },
})
