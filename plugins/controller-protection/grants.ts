/** What each of the two controllers may do, and no more. */
import type { Grant } from '@davit/core/api'

export const grants: readonly Grant[] = [
  {
    user: 'system:controller:pvc-protection-controller',
    rules: [{ apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['update'] }],
  },
  {
    user: 'system:controller:pv-protection-controller',
    rules: [{ apiGroups: [''], resources: ['persistentvolumes'], verbs: ['update'] }],
  },
]
