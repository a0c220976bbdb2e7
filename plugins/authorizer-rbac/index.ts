import { ApiHooksToken, GrantToken, RuleListerToken } from '@davit/core/api'
import { ClientsToken, clusterRoleBindings, clusterRoles, roleBindings, roles } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { Aggregation } from './aggregation.js'
import { denialOf } from './escalation.js'
import { Policy } from './policy.js'
import { reconcile } from './reconcile.js'
import { startingObjects } from './starting.js'

export default definePlugin({
  id: 'authorizer-rbac',
  api: '^1.0',
  // Before the control stage: the controllers' own requests are authorised too.
  stage: 'cache',
  requires: { hooks: ApiHooksToken, clients: ClientsToken, grants: GrantToken },
  provides: { rules: RuleListerToken },
  async setup(context, { hooks, clients, grants }) {
    const sources = {
      roles: clients.informer(roles),
      roleBindings: clients.informer(roleBindings),
      clusterRoles: clients.informer(clusterRoles),
      clusterRoleBindings: clients.informer(clusterRoleBindings),
      grants,
    }
    const starting = startingObjects()
    const policy = new Policy(sources, starting)
    context.tap(hooks.authorize, (request) => policy.verdict(request))
    context.defer(policy.follow())
    const client = clients.as({ name: 'system:davit', groups: ['system:masters'], manager: 'davit' })
    const { authorize } = hooks
    context.tap(hooks.validate, (request) => denialOf(request, { policy, authorize, client }))
    const { clock, log, signal } = context
    return {
      provides: { rules: { rulesOf: (user, namespace) => ({ rules: policy.rulesOf(user, namespace) }) } },
      async start() {
        const informers = [sources.roles, sources.roleBindings, sources.clusterRoles, sources.clusterRoleBindings]
        await Promise.all(informers.map((informer) => informer.whenSynced(signal)))
      },
      // Writing what a new cluster has takes longer than a whole start; until then it counts as if it were written.
      async afterStart() {
        await reconcile(client, sources, starting)
        if (signal.aborted) return
        const aggregation = new Aggregation({ roles: sources.clusterRoles, client, clock, log })
        context.defer(aggregation.follow())
      },
    }
  },
})
