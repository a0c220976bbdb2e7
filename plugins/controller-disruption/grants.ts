/** What the controller may do, and no more. */
import type { Grant } from '@davit/core/api'

export const grants: readonly Grant[] = [
  {
    user: 'system:controller:disruption-controller',
    rules: [
      { apiGroups: ['policy'], resources: ['poddisruptionbudgets/status'], verbs: ['update'] },
      // Whatever scales Pods may own those of a budget, kinds to come included.
      { apiGroups: ['*'], resources: ['*/scale'], verbs: ['get'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    ],
  },
]
