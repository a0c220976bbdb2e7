/** What each of the controllers may do, and no more. */
import type { Grant } from '@davit/core/api'

export const grants: readonly Grant[] = [
  {
    user: 'system:controller:garbage-collector-controller',
    // Anything may own anything, kinds to come included.
    rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'patch', 'delete'] }],
  },
  {
    user: 'system:controller:pod-garbage-collector-controller',
    rules: [
      { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
      { apiGroups: [''], resources: ['pods/status'], verbs: ['update'] },
      { apiGroups: [''], resources: ['nodes'], verbs: ['get'] },
    ],
  },
]
