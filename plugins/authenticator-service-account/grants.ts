import type { Grant } from '@davit/core/api'
import type { Identity } from '@davit/core/client'

export const identity: Identity = { name: 'system:davit:authenticator-service-account' }

/** To ask the API itself where an informer has not heard yet of what a token is bound to. */
export const grants: readonly Grant[] = [
  {
    user: identity.name,
    rules: [{ apiGroups: [''], resources: ['serviceaccounts', 'pods', 'secrets', 'nodes'], verbs: ['get'] }],
  },
]
