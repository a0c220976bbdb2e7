/** The built-in kinds as rows of data: what differs from an ordinary kind stands in its row. */
import type { GroupVersionKind, ResourceKind, Verb } from './contract.js'
import { jobFields, type SelectableFields, selectable } from './selectable.js'

export interface KindRow {
  readonly kind: string
  /** Where it is not formed by the rules of English from the kind. */
  readonly resource?: string
  readonly short?: readonly string[]
  readonly categories?: readonly string[]
  /** Absent: namespaced. */
  readonly cluster?: boolean
  readonly verbs?: readonly Verb[]
  readonly stored?: false
  /** `status` is the ordinary one; others by name. */
  readonly subresources?: readonly SubresourceRow[]
  readonly generation?: ResourceKind['generation']
  readonly unconditionalUpdate?: false
  readonly createOnUpdate?: true
  readonly deleteReturnsObject?: true
  readonly defaultPropagation?: 'Orphan'
  readonly selectableFields?: SelectableFields
  readonly escapes?: 'go'
}
export interface SubresourceRow {
  readonly name: string
  readonly verbs: readonly Verb[]
  readonly kind?: GroupVersionKind
}
export interface GroupRow {
  readonly group: string
  readonly version: string
  /** The package of the field table. */
  readonly pack: string
  readonly kinds: readonly KindRow[]
}

const all = ['all']
const webhooks = ['api-extensions']
const change: readonly Verb[] = ['get', 'patch', 'update']
const createOnly: readonly Verb[] = ['create']
const status: SubresourceRow = { name: 'status', verbs: change }
const core = (kind: string): GroupVersionKind => ({ group: '', version: 'v1', kind })
const scale: SubresourceRow = { name: 'scale', verbs: change, kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } }
const proxyVerbs: readonly Verb[] = ['create', 'delete', 'get', 'patch', 'update']
const connect = (name: string, kind: string, verbs: readonly Verb[] = ['create', 'get']): SubresourceRow => ({
  name,
  verbs,
  kind: core(kind),
})

const podSubresources: readonly SubresourceRow[] = [
  connect('attach', 'PodAttachOptions'),
  { name: 'binding', verbs: createOnly, kind: core('Binding') },
  { name: 'ephemeralcontainers', verbs: change },
  { name: 'eviction', verbs: createOnly, kind: { group: 'policy', version: 'v1', kind: 'Eviction' } },
  connect('exec', 'PodExecOptions'),
  { name: 'log', verbs: ['get'] },
  connect('portforward', 'PodPortForwardOptions'),
  connect('proxy', 'PodProxyOptions', proxyVerbs),
  { name: 'resize', verbs: change },
  status,
]
const namespaceVerbs: readonly Verb[] = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']
const tokenRequest: GroupVersionKind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }

const coreKinds: readonly KindRow[] = [
  { kind: 'Binding', verbs: createOnly, stored: false },
  { kind: 'ComponentStatus', short: ['cs'], cluster: true, verbs: ['get', 'list'] },
  { kind: 'ConfigMap', short: ['cm'] },
  { kind: 'Endpoints', resource: 'endpoints', short: ['ep'], createOnUpdate: true },
  { kind: 'Event', short: ['ev'], createOnUpdate: true, selectableFields: selectable.coreEvent },
  { kind: 'LimitRange', short: ['limits'], createOnUpdate: true },
  {
    kind: 'Namespace',
    short: ['ns'],
    cluster: true,
    verbs: namespaceVerbs,
    subresources: [{ name: 'finalize', verbs: ['update'] }, status],
    deleteReturnsObject: true,
    selectableFields: selectable.namespace,
  },
  {
    kind: 'Node',
    short: ['no'],
    cluster: true,
    subresources: [connect('proxy', 'NodeProxyOptions', proxyVerbs), status],
    selectableFields: selectable.node,
  },
  { kind: 'PersistentVolume', short: ['pv'], cluster: true, subresources: [status], deleteReturnsObject: true },
  { kind: 'PersistentVolumeClaim', short: ['pvc'], subresources: [status], deleteReturnsObject: true },
  {
    kind: 'Pod',
    short: ['po'],
    categories: all,
    subresources: podSubresources,
    generation: 'spec',
    deleteReturnsObject: true,
    selectableFields: selectable.pod,
  },
  { kind: 'PodTemplate', deleteReturnsObject: true },
  {
    kind: 'ReplicationController',
    short: ['rc'],
    categories: all,
    subresources: [scale, status],
    generation: 'spec',
    defaultPropagation: 'Orphan',
    selectableFields: selectable.replicas,
  },
  { kind: 'ResourceQuota', short: ['quota'], subresources: [status], deleteReturnsObject: true },
  { kind: 'Secret', selectableFields: selectable.secret },
  {
    kind: 'Service',
    short: ['svc'],
    categories: all,
    subresources: [connect('proxy', 'ServiceProxyOptions', proxyVerbs), status],
    createOnUpdate: true,
    deleteReturnsObject: true,
  },
  {
    kind: 'ServiceAccount',
    short: ['sa'],
    subresources: [{ name: 'token', verbs: createOnly, kind: tokenRequest }],
    deleteReturnsObject: true,
  },
]

const appsKinds: readonly KindRow[] = [
  // `kubectl rollout undo` compares the bytes of its data with those that it makes of the present template.
  { kind: 'ControllerRevision', escapes: 'go' },
  { kind: 'DaemonSet', short: ['ds'], categories: all, subresources: [status], generation: 'spec' },
  {
    kind: 'Deployment',
    short: ['deploy'],
    categories: all,
    subresources: [scale, status],
    generation: 'spec-and-annotations',
  },
  {
    kind: 'ReplicaSet',
    short: ['rs'],
    categories: all,
    subresources: [scale, status],
    generation: 'spec',
    selectableFields: selectable.replicas,
  },
  { kind: 'StatefulSet', short: ['sts'], categories: all, subresources: [scale, status], generation: 'spec' },
]

const autoscalerKinds: readonly KindRow[] = [
  { kind: 'HorizontalPodAutoscaler', short: ['hpa'], categories: all, subresources: [status] },
]

/** Only created, never stored. */
const review = (kind: string, cluster = true): KindRow => ({
  kind,
  verbs: createOnly,
  stored: false,
  ...(cluster ? { cluster } : {}),
})

const storageKinds: readonly KindRow[] = [
  { kind: 'CSIDriver', cluster: true, unconditionalUpdate: false, deleteReturnsObject: true },
  { kind: 'CSINode', cluster: true, unconditionalUpdate: false, deleteReturnsObject: true },
  { kind: 'CSIStorageCapacity', unconditionalUpdate: false, deleteReturnsObject: true },
  { kind: 'StorageClass', short: ['sc'], cluster: true, deleteReturnsObject: true },
  {
    kind: 'VolumeAttachment',
    cluster: true,
    subresources: [status],
    unconditionalUpdate: false,
    deleteReturnsObject: true,
  },
]

const admissionKinds: readonly KindRow[] = [
  {
    kind: 'MutatingWebhookConfiguration',
    categories: webhooks,
    cluster: true,
    generation: 'non-metadata',
    unconditionalUpdate: false,
  },
  {
    kind: 'ValidatingAdmissionPolicy',
    categories: webhooks,
    cluster: true,
    subresources: [status],
    generation: 'spec',
    unconditionalUpdate: false,
  },
  {
    kind: 'ValidatingAdmissionPolicyBinding',
    categories: webhooks,
    cluster: true,
    generation: 'spec',
    unconditionalUpdate: false,
  },
  {
    kind: 'ValidatingWebhookConfiguration',
    categories: webhooks,
    cluster: true,
    generation: 'non-metadata',
    unconditionalUpdate: false,
  },
]

/** In discovery order; kinds by resource. */
export const builtinGroups: readonly GroupRow[] = [
  { group: '', version: 'v1', pack: 'core/v1', kinds: coreKinds },
  {
    group: 'apiregistration.k8s.io',
    version: 'v1',
    pack: 'apiregistration/v1',
    kinds: [{ kind: 'APIService', categories: webhooks, cluster: true, subresources: [status], unconditionalUpdate: false }],
  },
  { group: 'apps', version: 'v1', pack: 'apps/v1', kinds: appsKinds },
  {
    group: 'events.k8s.io',
    version: 'v1',
    pack: 'events/v1',
    kinds: [{ kind: 'Event', short: ['ev'], createOnUpdate: true, selectableFields: selectable.event }],
  },
  {
    group: 'authentication.k8s.io',
    version: 'v1',
    pack: 'authentication/v1',
    kinds: [review('SelfSubjectReview'), review('TokenReview')],
  },
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    pack: 'authorization/v1',
    kinds: [
      review('LocalSubjectAccessReview', false),
      review('SelfSubjectAccessReview'),
      review('SelfSubjectRulesReview'),
      review('SubjectAccessReview'),
    ],
  },
  { group: 'autoscaling', version: 'v2', pack: 'autoscaling/v2', kinds: autoscalerKinds },
  { group: 'autoscaling', version: 'v1', pack: 'autoscaling/v1', kinds: autoscalerKinds },
  {
    group: 'batch',
    version: 'v1',
    pack: 'batch/v1',
    kinds: [
      { kind: 'CronJob', short: ['cj'], categories: all, subresources: [status], generation: 'spec' },
      {
        kind: 'Job',
        categories: all,
        subresources: [status],
        generation: 'spec',
        defaultPropagation: 'Orphan',
        selectableFields: jobFields,
      },
    ],
  },
  {
    group: 'certificates.k8s.io',
    version: 'v1',
    pack: 'certificates/v1',
    kinds: [
      {
        kind: 'CertificateSigningRequest',
        short: ['csr'],
        cluster: true,
        subresources: [{ name: 'approval', verbs: change }, status],
        selectableFields: selectable.certificateRequest,
      },
    ],
  },
  {
    group: 'networking.k8s.io',
    version: 'v1',
    pack: 'networking/v1',
    kinds: [
      { kind: 'Ingress', short: ['ing'], subresources: [status], generation: 'spec' },
      { kind: 'IngressClass', cluster: true, generation: 'spec' },
      { kind: 'IPAddress', short: ['ip'], cluster: true },
      { kind: 'NetworkPolicy', short: ['netpol'], generation: 'spec' },
      { kind: 'ServiceCIDR', cluster: true, subresources: [status] },
    ],
  },
  {
    group: 'policy',
    version: 'v1',
    pack: 'policy/v1',
    kinds: [
      { kind: 'PodDisruptionBudget', short: ['pdb'], subresources: [status], generation: 'spec', unconditionalUpdate: false },
    ],
  },
  {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    pack: 'rbac/v1',
    kinds: [
      { kind: 'ClusterRoleBinding', cluster: true, createOnUpdate: true },
      { kind: 'ClusterRole', cluster: true, createOnUpdate: true },
      { kind: 'RoleBinding', createOnUpdate: true },
      { kind: 'Role', createOnUpdate: true },
    ],
  },
  { group: 'storage.k8s.io', version: 'v1', pack: 'storage/v1', kinds: storageKinds },
  { group: 'admissionregistration.k8s.io', version: 'v1', pack: 'admissionregistration/v1', kinds: admissionKinds },
  {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    pack: 'apiextensions/v1',
    kinds: [
      {
        kind: 'CustomResourceDefinition',
        short: ['crd', 'crds'],
        categories: webhooks,
        cluster: true,
        subresources: [status],
        generation: 'spec',
        unconditionalUpdate: false,
      },
    ],
  },
  {
    group: 'scheduling.k8s.io',
    version: 'v1',
    pack: 'scheduling/v1',
    kinds: [{ kind: 'PriorityClass', short: ['pc'], cluster: true }],
  },
  {
    group: 'coordination.k8s.io',
    version: 'v1',
    pack: 'coordination/v1',
    kinds: [{ kind: 'Lease', unconditionalUpdate: false, createOnUpdate: true }],
  },
  {
    group: 'node.k8s.io',
    version: 'v1',
    pack: 'node/v1',
    kinds: [{ kind: 'RuntimeClass', cluster: true, unconditionalUpdate: false, createOnUpdate: true }],
  },
  {
    group: 'discovery.k8s.io',
    version: 'v1',
    pack: 'discovery/v1',
    kinds: [{ kind: 'EndpointSlice', generation: 'non-metadata' }],
  },
  {
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    pack: 'flowcontrol/v1',
    kinds: [
      { kind: 'FlowSchema', cluster: true, subresources: [status], generation: 'spec' },
      { kind: 'PriorityLevelConfiguration', cluster: true, subresources: [status], generation: 'spec' },
    ],
  },
]

/** Groups of Kubernetes' that are served only where a plugin makes their objects. */
export const offeredGroups: readonly GroupRow[] = [
  {
    group: 'metrics.k8s.io',
    version: 'v1beta1',
    pack: 'metrics/v1beta1',
    kinds: [
      { kind: 'NodeMetrics', resource: 'nodes', cluster: true, verbs: ['get', 'list'], stored: false },
      { kind: 'PodMetrics', resource: 'pods', verbs: ['get', 'list'], stored: false },
    ],
  },
]

/** Objects that are only ever the body of a request or of a subresource. */
export const builtinBodies: readonly (GroupVersionKind & { readonly pack: string })[] = [
  { group: '', version: 'v1', kind: 'DeleteOptions', pack: 'meta/v1' },
  { group: 'meta.k8s.io', version: 'v1', kind: 'DeleteOptions', pack: 'meta/v1' },
  { group: '', version: 'v1', kind: 'Status', pack: 'meta/v1' },
  { group: 'autoscaling', version: 'v1', kind: 'Scale', pack: 'autoscaling/v1' },
  { group: 'policy', version: 'v1', kind: 'Eviction', pack: 'policy/v1' },
  { group: 'policy', version: 'v1beta1', kind: 'Eviction', pack: 'policy/v1' },
  { ...tokenRequest, pack: 'authentication/v1' },
]
