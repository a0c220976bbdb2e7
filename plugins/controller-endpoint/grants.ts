/** What each of the controllers may do, and no more. */
import type { Grant } from '@davit/core/api'

const events = { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] }
const slices = {
  apiGroups: ['discovery.k8s.io'],
  resources: ['endpointslices'],
  verbs: ['create', 'update', 'delete'],
}

export const grants: readonly Grant[] = [
  { user: 'system:controller:endpointslice-controller', rules: [slices, events] },
  { user: 'system:controller:endpointslicemirroring-controller', rules: [slices, events] },
  {
    user: 'system:controller:endpoint-controller',
    rules: [{ apiGroups: [''], resources: ['endpoints'], verbs: ['create', 'update', 'delete'] }, events],
  },
]
