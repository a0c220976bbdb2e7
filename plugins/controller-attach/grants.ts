import type { Grant } from '@davit/core/api'

export const grants: readonly Grant[] = [
  {
    user: 'system:controller:attachdetach-controller',
    rules: [
      { apiGroups: ['storage.k8s.io'], resources: ['volumeattachments'], verbs: ['list', 'create', 'delete'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    ],
  },
]
