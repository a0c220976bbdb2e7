/** What each of the two controllers may do, and no more. */
import type { Grant } from '@davit/core/api'

export const grants: readonly Grant[] = [
  {
    user: 'system:controller:namespace-controller',
    rules: [
      // Whatever is in a namespace goes with it.
      { apiGroups: ['*'], resources: ['*'], verbs: ['list', 'delete'] },
      { apiGroups: [''], resources: ['namespaces/status', 'namespaces/finalize'], verbs: ['update'] },
    ],
  },
  {
    user: 'system:controller:namespace-furnishing-controller',
    rules: [
      { apiGroups: [''], resources: ['serviceaccounts', 'configmaps'], verbs: ['create'] },
      { apiGroups: [''], resources: ['configmaps'], verbs: ['update'] },
    ],
  },
]
