/** What the controller may do, and no more. */
import type { Grant } from '@davit/core/api'

export const grants: readonly Grant[] = [
  {
    user: 'system:controller:resourcequota-controller',
    rules: [{ apiGroups: [''], resources: ['resourcequotas/status'], verbs: ['update'] }],
  },
]
