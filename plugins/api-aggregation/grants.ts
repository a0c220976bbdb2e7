/** What the plugin does under its own name, and no more. */
import type { Grant } from '@davit/core/api'
import type { Identity } from '@davit/core/client'

export const identity: Identity = { name: 'system:kube-aggregator', manager: 'kube-aggregator' }

export const grants: Grant = {
  user: identity.name,
  rules: [
    {
      apiGroups: ['apiregistration.k8s.io'],
      resources: ['apiservices', 'apiservices/status'],
      verbs: ['get', 'create', 'update', 'delete'],
    },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'update'] },
  ],
}
