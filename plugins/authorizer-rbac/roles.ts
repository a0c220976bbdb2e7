/** The cluster roles of Kubernetes 1.33, as data: `reconcile.ts` writes them, and they count from the first request on. */
import type { ClusterRole } from '@davit/core/kinds'
import { controllerRoles } from './controller-roles.js'
import type { Rule } from './rules.js'
import { editRules, viewRules } from './user-rules.js'

export interface StartingRole {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
  readonly rules?: readonly Rule[]
  readonly aggregationRule?: NonNullable<ClusterRole['aggregationRule']>
}

const read = ['get', 'list', 'watch']
const write = ['create', 'delete', 'deletecollection', 'patch', 'update']
const core = ['']
const eventRules: readonly Rule[] = [
  { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] },
]

const aggregateTo = (role: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true' })
const aggregated = (role: string) => ({ clusterRoleSelectors: [{ matchLabels: aggregateTo(role) }] })
const urls = (...nonResourceURLs: string[]): readonly Rule[] => [{ nonResourceURLs, verbs: ['get'] }]
const approving = (name: string, signer: string): StartingRole => ({
  name: `system:certificates.k8s.io:${name}`,
  rules: [{ apiGroups: ['certificates.k8s.io'], resources: ['signers'], resourceNames: [signer], verbs: ['approve'] }],
})

const forUsers: readonly StartingRole[] = [
  {
    name: 'cluster-admin',
    rules: [
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { nonResourceURLs: ['*'], verbs: ['*'] },
    ],
  },
  { name: 'admin', aggregationRule: aggregated('admin') },
  { name: 'edit', labels: aggregateTo('admin'), aggregationRule: aggregated('edit') },
  { name: 'view', labels: aggregateTo('edit'), aggregationRule: aggregated('view') },
  {
    name: 'system:aggregate-to-admin',
    labels: aggregateTo('admin'),
    rules: [
      { apiGroups: ['authorization.k8s.io'], resources: ['localsubjectaccessreviews'], verbs: ['create'] },
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: [...read, ...write] },
    ],
  },
  {
    name: 'system:aggregated-metrics-reader',
    labels: { ...aggregateTo('admin'), ...aggregateTo('edit'), ...aggregateTo('view') },
    rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: read }],
  },
  { name: 'system:aggregate-to-edit', labels: aggregateTo('edit'), rules: editRules },
  { name: 'system:aggregate-to-view', labels: aggregateTo('view'), rules: viewRules },
  {
    name: 'system:basic-user',
    rules: [
      {
        apiGroups: ['authorization.k8s.io'],
        resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
        verbs: ['create'],
      },
      { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
    ],
  },
]

const forPaths: readonly StartingRole[] = [
  {
    name: 'system:discovery',
    rules: urls(
      ...['/livez', '/readyz', '/healthz', '/version', '/version/', '/openapi', '/openapi/*'],
      ...['/api', '/api/*', '/apis', '/apis/*'],
    ),
  },
  { name: 'system:public-info-viewer', rules: urls('/livez', '/readyz', '/healthz', '/version', '/version/') },
  {
    name: 'system:monitoring',
    rules: urls(...['/metrics', '/metrics/slis', '/livez', '/readyz', '/healthz', '/livez/*', '/readyz/*', '/healthz/*']),
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: urls(
      ...['/.well-known/openid-configuration', '/.well-known/openid-configuration/'],
      ...['/openid/v1/jwks', '/openid/v1/jwks/'],
    ),
  },
]

/** Bound to nobody, as in Kubernetes: a node's rights come from authorizer-node, which knows what its Pods refer to. */
const nodeRules: readonly Rule[] = [
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  {
    apiGroups: ['authorization.k8s.io'],
    resources: ['localsubjectaccessreviews', 'subjectaccessreviews'],
    verbs: ['create'],
  },
  { apiGroups: core, resources: ['services'], verbs: read },
  { apiGroups: core, resources: ['nodes'], verbs: ['create', ...read] },
  { apiGroups: core, resources: ['nodes/status'], verbs: ['patch', 'update'] },
  { apiGroups: core, resources: ['nodes'], verbs: ['patch', 'update'] },
  ...eventRules,
  { apiGroups: core, resources: ['pods'], verbs: read },
  { apiGroups: core, resources: ['pods'], verbs: ['create', 'delete'] },
  { apiGroups: core, resources: ['pods/status'], verbs: ['patch', 'update'] },
  { apiGroups: core, resources: ['pods/eviction'], verbs: ['create'] },
  { apiGroups: core, resources: ['configmaps', 'secrets'], verbs: read },
  { apiGroups: core, resources: ['persistentvolumeclaims', 'persistentvolumes'], verbs: ['get'] },
  { apiGroups: core, resources: ['endpoints'], verbs: ['get'] },
  { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'], verbs: ['create', ...read] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'delete', 'get', 'patch', 'update'] },
  { apiGroups: ['storage.k8s.io'], resources: ['volumeattachments'], verbs: ['get'] },
  { apiGroups: core, resources: ['serviceaccounts/token'], verbs: ['create'] },
  { apiGroups: core, resources: ['persistentvolumeclaims/status'], verbs: ['get', 'patch', 'update'] },
  { apiGroups: ['storage.k8s.io'], resources: ['csidrivers'], verbs: read },
  { apiGroups: ['storage.k8s.io'], resources: ['csinodes'], verbs: ['create', 'delete', 'get', 'patch', 'update'] },
  { apiGroups: ['node.k8s.io'], resources: ['runtimeclasses'], verbs: read },
]

const forNodes: readonly StartingRole[] = [
  { name: 'system:node', rules: nodeRules },
  {
    name: 'system:node-bootstrapper',
    rules: [{ apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'], verbs: ['create', ...read] }],
  },
  {
    name: 'system:node-problem-detector',
    rules: [
      { apiGroups: core, resources: ['nodes'], verbs: ['get'] },
      { apiGroups: core, resources: ['nodes/status'], verbs: ['patch'] },
      ...eventRules,
    ],
  },
  {
    name: 'system:node-proxier',
    rules: [
      { apiGroups: core, resources: ['services', 'endpoints'], verbs: ['list', 'watch'] },
      { apiGroups: core, resources: ['nodes'], verbs: read },
      ...eventRules,
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      { apiGroups: ['networking.k8s.io'], resources: ['servicecidrs'], verbs: ['list', 'watch'] },
    ],
  },
  {
    name: 'system:kubelet-api-admin',
    rules: [
      { apiGroups: core, resources: ['nodes'], verbs: read },
      { apiGroups: core, resources: ['nodes'], verbs: ['proxy'] },
      {
        apiGroups: core,
        resources: ['nodes/configz', 'nodes/healthz', 'nodes/log', 'nodes/metrics', 'nodes/pods', 'nodes/proxy', 'nodes/stats'],
        verbs: ['*'],
      },
    ],
  },
]

const schedulerRules: readonly Rule[] = [
  ...eventRules,
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'list', 'update', 'watch'] },
  { apiGroups: core, resources: ['nodes'], verbs: read },
  { apiGroups: core, resources: ['pods'], verbs: ['delete', ...read] },
  { apiGroups: core, resources: ['bindings', 'pods/binding'], verbs: ['create'] },
  { apiGroups: core, resources: ['pods/status'], verbs: ['patch', 'update'] },
  { apiGroups: core, resources: ['replicationcontrollers', 'services'], verbs: read },
  { apiGroups: ['apps'], resources: ['replicasets', 'statefulsets'], verbs: read },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: read },
  { apiGroups: core, resources: ['persistentvolumeclaims', 'persistentvolumes'], verbs: read },
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  { apiGroups: ['storage.k8s.io'], resources: ['csinodes', 'csidrivers', 'csistoragecapacities'], verbs: read },
  { apiGroups: core, resources: ['namespaces'], verbs: read },
]

const managerRules: readonly Rule[] = [
  ...eventRules,
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'update'] },
  { apiGroups: core, resources: ['secrets', 'serviceaccounts'], verbs: ['create', 'get', 'update'] },
  { apiGroups: core, resources: ['serviceaccounts/token'], verbs: ['create'] },
  { apiGroups: core, resources: ['secrets'], verbs: ['delete'] },
  { apiGroups: core, resources: ['configmaps', 'namespaces'], verbs: ['get'] },
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  { apiGroups: ['*'], resources: ['*'], verbs: ['list', 'watch'] },
]

const forComponents: readonly StartingRole[] = [
  { name: 'system:kube-scheduler', rules: schedulerRules },
  { name: 'system:kube-controller-manager', rules: managerRules },
  {
    name: 'system:volume-scheduler',
    rules: [
      { apiGroups: core, resources: ['persistentvolumes'], verbs: [...read, 'patch', 'update'] },
      { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: read },
      { apiGroups: core, resources: ['persistentvolumeclaims'], verbs: [...read, 'patch', 'update'] },
    ],
  },
  {
    name: 'system:kube-dns',
    rules: [
      { apiGroups: core, resources: ['endpoints', 'services'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ],
  },
  { name: 'system:kube-aggregator', rules: [{ apiGroups: core, resources: ['endpoints', 'services'], verbs: read }] },
  {
    name: 'system:auth-delegator',
    rules: [
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
      { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
    ],
  },
  {
    name: 'system:persistent-volume-provisioner',
    rules: [
      { apiGroups: core, resources: ['persistentvolumes'], verbs: ['create', 'delete', ...read] },
      { apiGroups: core, resources: ['persistentvolumeclaims'], verbs: [...read, 'update'] },
      { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: read },
      { apiGroups: core, resources: ['events'], verbs: ['watch'] },
      ...eventRules,
    ],
  },
  {
    name: 'system:heapster',
    rules: [
      { apiGroups: core, resources: ['events', 'pods', 'nodes', 'namespaces'], verbs: read },
      { apiGroups: ['extensions'], resources: ['deployments'], verbs: read },
    ],
  },
]

const forCertificates: readonly StartingRole[] = [
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    rules: [{ apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/nodeclient'], verbs: ['create'] }],
  },
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    rules: [{ apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/selfnodeclient'], verbs: ['create'] }],
  },
  approving('legacy-unknown-approver', 'kubernetes.io/legacy-unknown'),
  approving('kubelet-serving-approver', 'kubernetes.io/kubelet-serving'),
  approving('kube-apiserver-client-approver', 'kubernetes.io/kube-apiserver-client'),
  approving('kube-apiserver-client-kubelet-approver', 'kubernetes.io/kube-apiserver-client-kubelet'),
]

export const startingRoles: readonly StartingRole[] = [
  ...forUsers,
  ...forPaths,
  ...forNodes,
  ...forComponents,
  ...forCertificates,
  ...controllerRoles,
]
