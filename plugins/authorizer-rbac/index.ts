import { ApiHooksToken, GrantToken } from '@davit/core/api'
import { ClientsToken, clusterRoleBindings, clusterRoles, roleBindings, roles } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { writeStartingRoles } from './bootstrap.js'
import { denialOf } from './escalation.js'
import { Policy } from './policy.js'

export default definePlugin({
  id: 'authorizer-rbac',
  api: '^1.0',
  // Before the control stage: the controllers' own requests are authorised too.
  stage: 'cache',
  requires: { hooks: ApiHooksToken, clients: ClientsToken, grants: GrantToken },
  async setup(context, { hooks, clients, grants }) {
    const sources = {
      roles: clients.informer(roles),
      roleBindings: clients.informer(roleBindings),
      clusterRoles: clients.informer(clusterRoles),
      clusterRoleBindings: clients.informer(clusterRoleBindings),
      grants,
    }
    const policy = new Policy(sources)
    context.tap(hooks.authorize, (request) => policy.verdict(request))
    context.defer(policy.follow())
    const client = clients.as({ name: 'system:davit', groups: ['system:masters'], manager: 'davit' })
    const { authorize } = hooks
    context.tap(hooks.validate, (request) => denialOf(request, { policy, authorize, client }))
    return {
      async start() {
        const { signal } = context
        const informers = [sources.roles, sources.roleBindings, sources.clusterRoles, sources.clusterRoleBindings]
        await Promise.all(informers.map((informer) => informer.whenSynced(signal)))
        const present = { roles: sources.clusterRoles, bindings: sources.clusterRoleBindings }
        await writeStartingRoles(client, present, signal)
      },
    }
  },
})
