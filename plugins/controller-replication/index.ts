import { GrantToken } from '@davit/core/api'
import { ControllerToken, VictimChoiceToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { grants } from './grants.js'
import { replicaSetOwners, replicationControllerOwners } from './owners.js'
import { ReplicationReconciler } from './reconciler.js'

export default definePlugin({
  id: 'controller-replication',
  api: '^1.0',
  requires: { choices: VictimChoiceToken },
  provides: { controllers: ControllerToken, grants: GrantToken },
  async setup(_context, { choices }) {
    const controllers = [
      new ReplicationReconciler(replicaSetOwners, choices),
      new ReplicationReconciler(replicationControllerOwners, choices),
    ]
    return { provides: { controllers, grants } }
  },
})
