/** What each of the two controllers may do, and no more. */
import type { Grant, GrantRule } from '@davit/core/api'

const pods: GrantRule = { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete', 'patch'] }
const events: GrantRule = { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] }

export const grants: readonly Grant[] = [
  {
    user: 'system:controller:replicaset-controller',
    rules: [
      { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get'] },
      { apiGroups: ['apps'], resources: ['replicasets/status'], verbs: ['update'] },
      pods,
      events,
    ],
  },
  {
    user: 'system:controller:replication-controller',
    rules: [
      { apiGroups: [''], resources: ['replicationcontrollers'], verbs: ['get'] },
      { apiGroups: [''], resources: ['replicationcontrollers/status'], verbs: ['update'] },
      pods,
      events,
    ],
  },
]
