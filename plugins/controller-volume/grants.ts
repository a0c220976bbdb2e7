/** What each of the controllers may do, and no more. */
import type { Grant } from '@davit/core/api'

const events = { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] }

export const grants: readonly Grant[] = [
  {
    user: 'system:controller:persistentvolume-controller',
    rules: [
      { apiGroups: [''], resources: ['persistentvolumes'], verbs: ['get', 'create', 'update', 'delete'] },
      { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['get', 'update'] },
      { apiGroups: [''], resources: ['persistentvolumes/status', 'persistentvolumeclaims/status'], verbs: ['update'] },
      events,
    ],
  },
  {
    user: 'system:controller:ephemeral-volume-controller',
    rules: [{ apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['create'] }, events],
  },
  {
    user: 'system:controller:expand-controller',
    rules: [
      { apiGroups: [''], resources: ['persistentvolumes', 'persistentvolumeclaims'], verbs: ['update'] },
      { apiGroups: [''], resources: ['persistentvolumeclaims/status'], verbs: ['update'] },
      events,
    ],
  },
]
