/** Who has the roles that a cluster starts with, as data; and the one namespaced role that add-ons look for. */
import type { Rule } from './rules.js'

export interface StartingSubject {
  readonly kind: 'User' | 'Group' | 'ServiceAccount'
  readonly name: string
  readonly namespace?: string
}
export interface StartingBinding {
  readonly name: string
  readonly role: string
  readonly subjects: readonly StartingSubject[]
}

const user = (name: string): StartingSubject => ({ kind: 'User', name })
const group = (name: string): StartingSubject => ({ kind: 'Group', name })
const to = (role: string, ...subjects: StartingSubject[]): StartingBinding => ({ name: role, role, subjects })

export const startingBindings: readonly StartingBinding[] = [
  to('cluster-admin', group('system:masters')),
  to('system:monitoring', group('system:monitoring')),
  to('system:discovery', group('system:authenticated')),
  to('system:basic-user', group('system:authenticated')),
  to('system:public-info-viewer', group('system:authenticated'), group('system:unauthenticated')),
  to('system:node-proxier', user('system:kube-proxy')),
  to('system:kube-controller-manager', user('system:kube-controller-manager')),
  to('system:kube-dns', { kind: 'ServiceAccount', name: 'kube-dns', namespace: 'kube-system' }),
  to('system:kube-scheduler', user('system:kube-scheduler')),
  to('system:volume-scheduler', user('system:kube-scheduler')),
  to('system:node'),
  to('system:service-account-issuer-discovery', group('system:serviceaccounts')),
]

/** How add-ons that serve an API learn whom to trust. */
export const namespacedRole = {
  namespace: 'kube-system',
  name: 'extension-apiserver-authentication-reader',
  rules: [
    {
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['extension-apiserver-authentication'],
      verbs: ['get', 'list', 'watch'],
    },
  ] satisfies readonly Rule[],
  binding: 'system::extension-apiserver-authentication-reader',
  subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler')],
} as const
