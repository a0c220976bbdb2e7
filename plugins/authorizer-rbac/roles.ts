/** The roles and bindings that a cluster starts with, as data. They are written once, where they are missing. */
import type { Rule } from './rules.js'

export interface StartingRole {
  readonly name: string
  readonly rules: readonly Rule[]
}
export interface StartingBinding {
  readonly role: string
  readonly subjects: readonly { readonly kind: 'User' | 'Group'; readonly name: string }[]
}

const readVerbs = ['get', 'list', 'watch']
const writeVerbs = ['create', 'delete', 'deletecollection', 'patch', 'update']
const core = [
  'configmaps',
  'endpoints',
  'events',
  'limitranges',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'serviceaccounts',
  'services',
]
const coreWritable = ['configmaps', 'persistentvolumeclaims', 'pods', 'replicationcontrollers', 'serviceaccounts', 'services']
const coreParts = ['pods/log', 'pods/status', 'replicationcontrollers/scale', 'replicationcontrollers/status', 'services/status']
const workloads: readonly Rule[] = [
  {
    apiGroups: ['apps', 'batch', 'autoscaling', 'policy', 'networking.k8s.io', 'discovery.k8s.io'],
    resources: ['*'],
    verbs: readVerbs,
  },
]
const view: readonly Rule[] = [
  { apiGroups: [''], resources: [...core, ...coreParts, 'namespaces'], verbs: readVerbs },
  ...workloads,
]
const edit: readonly Rule[] = [
  ...view,
  { apiGroups: [''], resources: ['secrets'], verbs: [...readVerbs, ...writeVerbs] },
  { apiGroups: [''], resources: [...coreWritable, 'replicationcontrollers/scale'], verbs: writeVerbs },
  {
    apiGroups: [''],
    resources: ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'pods/eviction', 'services/proxy'],
    verbs: ['get', 'create'],
  },
  { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] },
  { apiGroups: ['apps', 'batch', 'autoscaling', 'policy', 'networking.k8s.io'], resources: ['*'], verbs: writeVerbs },
]
const roles = ['roles', 'rolebindings']
const nodeReads = [
  'configmaps',
  'endpoints',
  'namespaces',
  'nodes',
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'secrets',
  'serviceaccounts',
  'services',
]

export const startingRoles: readonly StartingRole[] = [
  {
    name: 'cluster-admin',
    rules: [
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { nonResourceURLs: ['*'], verbs: ['*'] },
    ],
  },
  { name: 'view', rules: view },
  { name: 'edit', rules: edit },
  {
    name: 'admin',
    rules: [...edit, { apiGroups: ['rbac.authorization.k8s.io'], resources: roles, verbs: [...readVerbs, ...writeVerbs] }],
  },
  {
    name: 'system:basic-user',
    rules: [
      {
        apiGroups: ['authorization.k8s.io', 'authentication.k8s.io'],
        resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews'],
        verbs: ['create'],
      },
    ],
  },
  {
    name: 'system:discovery',
    rules: [
      {
        nonResourceURLs: [
          '/api',
          '/api/*',
          '/apis',
          '/apis/*',
          '/healthz',
          '/livez',
          '/readyz',
          '/openapi',
          '/openapi/*',
          '/version',
          '/version/',
        ],
        verbs: ['get'],
      },
    ],
  },
  {
    name: 'system:public-info-viewer',
    rules: [{ nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'], verbs: ['get'] }],
  },
  {
    name: 'system:kube-scheduler',
    rules: [
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch', 'update'] },
      { apiGroups: [''], resources: ['pods'], verbs: [...readVerbs, 'delete'] },
      { apiGroups: [''], resources: ['bindings', 'pods/binding'], verbs: ['create'] },
      { apiGroups: [''], resources: ['pods/status'], verbs: ['patch', 'update'] },
      { apiGroups: [''], resources: ['nodes', 'namespaces'], verbs: readVerbs },
    ],
  },
  {
    name: 'system:node',
    rules: [
      { apiGroups: [''], resources: nodeReads, verbs: readVerbs },
      { apiGroups: [''], resources: ['nodes'], verbs: ['create', 'patch', 'update'] },
      { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch', 'update'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
      { apiGroups: [''], resources: ['pods/status'], verbs: ['patch', 'update'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch', 'update'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update', 'patch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: readVerbs },
    ],
  },
]

const authenticated = { kind: 'Group', name: 'system:authenticated' } as const
const unauthenticated = { kind: 'Group', name: 'system:unauthenticated' } as const

export const startingBindings: readonly StartingBinding[] = [
  { role: 'cluster-admin', subjects: [{ kind: 'Group', name: 'system:masters' }] },
  { role: 'system:basic-user', subjects: [authenticated] },
  { role: 'system:discovery', subjects: [authenticated] },
  { role: 'system:public-info-viewer', subjects: [authenticated, unauthenticated] },
  { role: 'system:kube-scheduler', subjects: [{ kind: 'User', name: 'system:kube-scheduler' }] },
  { role: 'system:node', subjects: [{ kind: 'Group', name: 'system:nodes' }] },
]
