import { type Grant, GrantToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { ConfigCopy } from './copy.js'

/** The controller's own identity may do this and nothing else: what is missing here is refused by the API. */
const grant: Grant = {
  user: 'system:controller:config-copy-controller',
  rules: [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'update', 'delete'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
  ],
}

export default definePlugin({
  id: 'controller-config-copy',
  api: '^1.0',
  provides: { controller: ControllerToken, grant: GrantToken },
  setup: async () => ({ provides: { controller: new ConfigCopy(), grant } }),
})
