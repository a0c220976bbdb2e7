/** What the controller may do, and no more. */
import type { Grant } from '@davit/core/api'

export const grants: readonly Grant[] = [
  {
    user: 'system:controller:daemonset-controller',
    rules: [
      { apiGroups: ['apps'], resources: ['daemonsets'], verbs: ['get'] },
      { apiGroups: ['apps'], resources: ['daemonsets/status'], verbs: ['update'] },
      { apiGroups: ['apps'], resources: ['controllerrevisions'], verbs: ['get', 'create', 'update', 'patch', 'delete'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['create', 'patch', 'delete'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    ],
  },
]
