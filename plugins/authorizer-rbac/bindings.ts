/** Who has the roles that a cluster starts with, as data; and the roles that hold in one namespace. */
import { controllerNames, ruleOf } from './controller-roles.js'
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
const account = (name: string): StartingSubject => ({ kind: 'ServiceAccount', name, namespace: 'kube-system' })
const to = (role: string, ...subjects: StartingSubject[]): StartingBinding => ({ name: role, role, subjects })

export const startingBindings: readonly StartingBinding[] = [
  to('cluster-admin', group('system:masters')),
  to('system:monitoring', group('system:monitoring')),
  to('system:discovery', group('system:authenticated')),
  to('system:basic-user', group('system:authenticated')),
  to('system:public-info-viewer', group('system:authenticated'), group('system:unauthenticated')),
  to('system:node-proxier', user('system:kube-proxy')),
  to('system:kube-controller-manager', user('system:kube-controller-manager')),
  to('system:kube-dns', account('kube-dns')),
  to('system:kube-scheduler', user('system:kube-scheduler')),
  to('system:volume-scheduler', user('system:kube-scheduler')),
  to('system:node'),
  to('system:service-account-issuer-discovery', group('system:serviceaccounts')),
  ...controllerNames.map((name) => to(`system:controller:${name}`, account(name))),
]

/** Roles that hold in one namespace alone, each with the one binding that it has. */
export interface StartingNamespacedRole {
  readonly namespace: string
  readonly name: string
  readonly rules: readonly Rule[]
  /** Its binding's name. */
  readonly binding: string
  readonly subjects: readonly StartingSubject[]
}

const leases = 'coordination.k8s.io leases create,read,update'
const events = '-,events.k8s.io events create,patch,update'

const controller = (name: string, namespace: string, ...lines: string[]): StartingNamespacedRole => ({
  namespace,
  name: `system:controller:${name}`,
  rules: lines.map(ruleOf),
  binding: `system:controller:${name}`,
  subjects: [account(name)],
})
const leaderLocking = (name: string): StartingNamespacedRole => ({
  namespace: 'kube-system',
  name: `system::leader-locking-${name}`,
  rules: [ruleOf(leases)],
  binding: `system::leader-locking-${name}`,
  subjects: [user(`system:${name}`), account(name)],
})

export const namespacedRoles: readonly StartingNamespacedRole[] = [
  {
    // How add-ons that serve an API learn whom to trust.
    namespace: 'kube-system',
    name: 'extension-apiserver-authentication-reader',
    rules: [ruleOf('- configmaps read extension-apiserver-authentication')],
    binding: 'system::extension-apiserver-authentication-reader',
    subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler')],
  },
  leaderLocking('kube-controller-manager'),
  leaderLocking('kube-scheduler'),
  controller('bootstrap-signer', 'kube-public', '- configmaps read', '- configmaps update cluster-info', events),
  controller('bootstrap-signer', 'kube-system', '- secrets read'),
  controller('cloud-provider', 'kube-system', '- configmaps create,read'),
  controller('token-cleaner', 'kube-system', '- secrets delete,read', events),
]
