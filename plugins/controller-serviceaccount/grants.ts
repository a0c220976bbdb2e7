/** What each of the controllers may do, and no more. */
import type { Grant } from '@davit/core/api'

const core = (resources: readonly string[], verbs: readonly string[]) => ({ apiGroups: [''], resources, verbs })

export const grants: readonly Grant[] = [
  { user: 'system:controller:serviceaccount-controller', rules: [core(['serviceaccounts'], ['create'])] },
  { user: 'system:controller:root-ca-cert-publisher-controller', rules: [core(['configmaps'], ['create', 'update'])] },
  {
    user: 'system:controller:serviceaccount-token-controller',
    rules: [core(['secrets'], ['update', 'delete']), core(['serviceaccounts'], ['get'])],
  },
]
