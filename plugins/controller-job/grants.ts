/** What each of the controllers may do, and no more. */
import type { Grant, GrantRule } from '@davit/core/api'

const events: GrantRule = { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] }

export const grants: readonly Grant[] = [
  {
    user: 'system:controller:job-controller',
    rules: [
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get'] },
      { apiGroups: ['batch'], resources: ['jobs/status'], verbs: ['update'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete', 'patch'] },
      events,
    ],
  },
  {
    user: 'system:controller:cronjob-controller',
    rules: [
      { apiGroups: ['batch'], resources: ['cronjobs/status'], verbs: ['update'] },
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'create', 'delete'] },
      events,
    ],
  },
  {
    user: 'system:controller:ttl-after-finished-controller',
    rules: [{ apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'delete'] }],
  },
]
