import { type Grant, GrantToken } from '@davit/core/api'
import { ClientsToken } from '@davit/core/client'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { install } from './install.js'
import { WebsiteOperator } from './operator.js'

const grant: Grant = {
  user: 'system:controller:website-controller',
  rules: [
    { apiGroups: ['example.davit.dev'], resources: ['websites', 'websites/status'], verbs: ['update'] },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'update'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
  ],
}

export default definePlugin({
  id: 'operator-website',
  api: '^1.0',
  // Before the controllers start: what theirs watches must be there.
  stage: 'cache',
  requires: { clients: ClientsToken },
  provides: { controller: ControllerToken, grant: GrantToken },
  async setup({ clock, signal }, { clients }) {
    // An administrator's work: what is installed by hand elsewhere.
    const client = clients.as({ name: 'operator-website', groups: ['system:masters'] })
    return {
      provides: { controller: new WebsiteOperator(), grant },
      start: () => install(client, clock, signal),
    }
  },
})
