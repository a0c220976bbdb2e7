/** What the controller may do, and no more. */
import type { Grant } from '@davit/core/api'

export const grants: Grant = {
  user: 'system:controller:horizontal-pod-autoscaler-controller',
  rules: [
    { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers/status'], verbs: ['update'] },
    { apiGroups: ['*'], resources: ['*/scale'], verbs: ['get', 'update'] },
    { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['list'] },
    { apiGroups: ['custom.metrics.k8s.io'], resources: ['*'], verbs: ['get'] },
    { apiGroups: ['external.metrics.k8s.io'], resources: ['*'], verbs: ['list'] },
    { apiGroups: ['apiregistration.k8s.io'], resources: ['apiservices'], verbs: ['get'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
  ],
}
