/** What the controller may do, and no more. */
import type { Grant } from '@davit/core/api'

const core = (resources: readonly string[], verbs: readonly string[]) => ({ apiGroups: [''], resources, verbs })

export const grants: readonly Grant[] = [
  {
    user: 'system:controller:namespace-controller',
    rules: [
      core(['namespaces/status', 'namespaces/finalize'], ['update']),
      // Anything may lie in a namespace, kinds to come included.
      { apiGroups: ['*'], resources: ['*'], verbs: ['list', 'delete'] },
    ],
  },
]
