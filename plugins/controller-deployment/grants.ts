/** What the controller may do, and no more. */
import type { Grant } from '@davit/core/api'

export const grants: readonly Grant[] = [
  {
    user: 'system:controller:deployment-controller',
    rules: [
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
      { apiGroups: ['apps'], resources: ['deployments/status'], verbs: ['update'] },
      { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get', 'create', 'update', 'patch', 'delete'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    ],
  },
]
