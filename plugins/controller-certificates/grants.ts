/** What the controller may do, and no more. */
import type { Grant } from '@davit/core/api'

const group = ['certificates.k8s.io']

export const grants: readonly Grant[] = [
  {
    user: 'system:controller:certificate-controller',
    rules: [
      { apiGroups: group, resources: ['certificatesigningrequests'], verbs: ['delete'] },
      {
        apiGroups: group,
        resources: ['certificatesigningrequests/approval', 'certificatesigningrequests/status'],
        verbs: ['update'],
      },
      { apiGroups: group, resources: ['signers'], verbs: ['approve', 'sign'] },
    ],
  },
]
