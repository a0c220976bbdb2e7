/** A typed reference to each built-in resource: the first argument of every call of a client. */
import type {
  APIService,
  AutoscalingV1HorizontalPodAutoscaler,
  Binding,
  CertificateSigningRequest,
  ClusterRole,
  ClusterRoleBinding,
  ComponentStatus,
  ConfigMap,
  ControllerRevision,
  CronJob,
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  CustomResourceDefinition,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Endpoints,
  Event,
  EventsV1Event,
  FlowSchema,
  HorizontalPodAutoscaler,
  Ingress,
  IngressClass,
  IPAddress,
  Job,
  KubeObject,
  Lease,
  LimitRange,
  LocalSubjectAccessReview,
  MutatingWebhookConfiguration,
  Namespace,
  NetworkPolicy,
  Node,
  NodeMetrics,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PodMetrics,
  PodTemplate,
  PriorityClass,
  PriorityLevelConfiguration,
  ReplicaSet,
  ReplicationController,
  ResourceQuota,
  Role,
  RoleBinding,
  RuntimeClass,
  Secret,
  SelfSubjectAccessReview,
  SelfSubjectReview,
  SelfSubjectRulesReview,
  Service,
  ServiceAccount,
  ServiceCIDR,
  StatefulSet,
  StorageClass,
  SubjectAccessReview,
  TokenReview,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
  VolumeAttachment,
} from '../kinds/contract.js'
import type { ResourceRef } from './contract.js'

type Make = <T extends KubeObject>(group: string, version: string, resource: string, kind: string) => ResourceRef<T>

const namespaced: Make = (group, version, resource, kind) => Object.freeze({ group, version, resource, kind, namespaced: true })
const cluster: Make = (group, version, resource, kind) => Object.freeze({ group, version, resource, kind, namespaced: false })

export const bindings: ResourceRef<Binding> = namespaced('', 'v1', 'bindings', 'Binding')
export const componentStatuses: ResourceRef<ComponentStatus> = cluster('', 'v1', 'componentstatuses', 'ComponentStatus')
export const configMaps: ResourceRef<ConfigMap> = namespaced('', 'v1', 'configmaps', 'ConfigMap')
export const endpoints: ResourceRef<Endpoints> = namespaced('', 'v1', 'endpoints', 'Endpoints')
export const events: ResourceRef<Event> = namespaced('', 'v1', 'events', 'Event')
export const limitRanges: ResourceRef<LimitRange> = namespaced('', 'v1', 'limitranges', 'LimitRange')
export const namespaces: ResourceRef<Namespace> = cluster('', 'v1', 'namespaces', 'Namespace')
export const nodes: ResourceRef<Node> = cluster('', 'v1', 'nodes', 'Node')
export const persistentVolumeClaims: ResourceRef<PersistentVolumeClaim> = namespaced(
  '',
  'v1',
  'persistentvolumeclaims',
  'PersistentVolumeClaim',
)
export const persistentVolumes: ResourceRef<PersistentVolume> = cluster('', 'v1', 'persistentvolumes', 'PersistentVolume')
export const pods: ResourceRef<Pod> = namespaced('', 'v1', 'pods', 'Pod')
export const podTemplates: ResourceRef<PodTemplate> = namespaced('', 'v1', 'podtemplates', 'PodTemplate')
export const replicationControllers: ResourceRef<ReplicationController> = namespaced(
  '',
  'v1',
  'replicationcontrollers',
  'ReplicationController',
)
export const resourceQuotas: ResourceRef<ResourceQuota> = namespaced('', 'v1', 'resourcequotas', 'ResourceQuota')
export const secrets: ResourceRef<Secret> = namespaced('', 'v1', 'secrets', 'Secret')
export const serviceAccounts: ResourceRef<ServiceAccount> = namespaced('', 'v1', 'serviceaccounts', 'ServiceAccount')
export const services: ResourceRef<Service> = namespaced('', 'v1', 'services', 'Service')
/** Served where a plugin makes them. */
export const nodeMetrics: ResourceRef<NodeMetrics> = cluster('metrics.k8s.io', 'v1beta1', 'nodes', 'NodeMetrics')
export const podMetrics: ResourceRef<PodMetrics> = namespaced('metrics.k8s.io', 'v1beta1', 'pods', 'PodMetrics')
export const apiServices: ResourceRef<APIService> = cluster('apiregistration.k8s.io', 'v1', 'apiservices', 'APIService')
export const controllerRevisions: ResourceRef<ControllerRevision> = namespaced(
  'apps',
  'v1',
  'controllerrevisions',
  'ControllerRevision',
)
export const daemonSets: ResourceRef<DaemonSet> = namespaced('apps', 'v1', 'daemonsets', 'DaemonSet')
export const deployments: ResourceRef<Deployment> = namespaced('apps', 'v1', 'deployments', 'Deployment')
export const replicaSets: ResourceRef<ReplicaSet> = namespaced('apps', 'v1', 'replicasets', 'ReplicaSet')
export const statefulSets: ResourceRef<StatefulSet> = namespaced('apps', 'v1', 'statefulsets', 'StatefulSet')
export const eventsV1: ResourceRef<EventsV1Event> = namespaced('events.k8s.io', 'v1', 'events', 'Event')
export const selfSubjectReviews: ResourceRef<SelfSubjectReview> = cluster(
  'authentication.k8s.io',
  'v1',
  'selfsubjectreviews',
  'SelfSubjectReview',
)
export const tokenReviews: ResourceRef<TokenReview> = cluster('authentication.k8s.io', 'v1', 'tokenreviews', 'TokenReview')
export const localSubjectAccessReviews: ResourceRef<LocalSubjectAccessReview> = namespaced(
  'authorization.k8s.io',
  'v1',
  'localsubjectaccessreviews',
  'LocalSubjectAccessReview',
)
export const selfSubjectAccessReviews: ResourceRef<SelfSubjectAccessReview> = cluster(
  'authorization.k8s.io',
  'v1',
  'selfsubjectaccessreviews',
  'SelfSubjectAccessReview',
)
export const selfSubjectRulesReviews: ResourceRef<SelfSubjectRulesReview> = cluster(
  'authorization.k8s.io',
  'v1',
  'selfsubjectrulesreviews',
  'SelfSubjectRulesReview',
)
export const subjectAccessReviews: ResourceRef<SubjectAccessReview> = cluster(
  'authorization.k8s.io',
  'v1',
  'subjectaccessreviews',
  'SubjectAccessReview',
)
export const horizontalPodAutoscalers: ResourceRef<HorizontalPodAutoscaler> = namespaced(
  'autoscaling',
  'v2',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
)
export const horizontalPodAutoscalersV1: ResourceRef<AutoscalingV1HorizontalPodAutoscaler> = namespaced(
  'autoscaling',
  'v1',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
)
export const cronJobs: ResourceRef<CronJob> = namespaced('batch', 'v1', 'cronjobs', 'CronJob')
export const jobs: ResourceRef<Job> = namespaced('batch', 'v1', 'jobs', 'Job')
export const certificateSigningRequests: ResourceRef<CertificateSigningRequest> = cluster(
  'certificates.k8s.io',
  'v1',
  'certificatesigningrequests',
  'CertificateSigningRequest',
)
export const ingressClasses: ResourceRef<IngressClass> = cluster('networking.k8s.io', 'v1', 'ingressclasses', 'IngressClass')
export const ingresses: ResourceRef<Ingress> = namespaced('networking.k8s.io', 'v1', 'ingresses', 'Ingress')
export const ipAddresses: ResourceRef<IPAddress> = cluster('networking.k8s.io', 'v1', 'ipaddresses', 'IPAddress')
export const networkPolicies: ResourceRef<NetworkPolicy> = namespaced(
  'networking.k8s.io',
  'v1',
  'networkpolicies',
  'NetworkPolicy',
)
export const serviceCIDRs: ResourceRef<ServiceCIDR> = cluster('networking.k8s.io', 'v1', 'servicecidrs', 'ServiceCIDR')
export const podDisruptionBudgets: ResourceRef<PodDisruptionBudget> = namespaced(
  'policy',
  'v1',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
)
export const clusterRoleBindings: ResourceRef<ClusterRoleBinding> = cluster(
  'rbac.authorization.k8s.io',
  'v1',
  'clusterrolebindings',
  'ClusterRoleBinding',
)
export const clusterRoles: ResourceRef<ClusterRole> = cluster('rbac.authorization.k8s.io', 'v1', 'clusterroles', 'ClusterRole')
export const roleBindings: ResourceRef<RoleBinding> = namespaced('rbac.authorization.k8s.io', 'v1', 'rolebindings', 'RoleBinding')
export const roles: ResourceRef<Role> = namespaced('rbac.authorization.k8s.io', 'v1', 'roles', 'Role')
export const csiDrivers: ResourceRef<CSIDriver> = cluster('storage.k8s.io', 'v1', 'csidrivers', 'CSIDriver')
export const csiNodes: ResourceRef<CSINode> = cluster('storage.k8s.io', 'v1', 'csinodes', 'CSINode')
export const csiStorageCapacities: ResourceRef<CSIStorageCapacity> = namespaced(
  'storage.k8s.io',
  'v1',
  'csistoragecapacities',
  'CSIStorageCapacity',
)
export const storageClasses: ResourceRef<StorageClass> = cluster('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass')
export const volumeAttachments: ResourceRef<VolumeAttachment> = cluster(
  'storage.k8s.io',
  'v1',
  'volumeattachments',
  'VolumeAttachment',
)
export const mutatingWebhookConfigurations: ResourceRef<MutatingWebhookConfiguration> = cluster(
  'admissionregistration.k8s.io',
  'v1',
  'mutatingwebhookconfigurations',
  'MutatingWebhookConfiguration',
)
export const validatingAdmissionPolicies: ResourceRef<ValidatingAdmissionPolicy> = cluster(
  'admissionregistration.k8s.io',
  'v1',
  'validatingadmissionpolicies',
  'ValidatingAdmissionPolicy',
)
export const validatingAdmissionPolicyBindings: ResourceRef<ValidatingAdmissionPolicyBinding> = cluster(
  'admissionregistration.k8s.io',
  'v1',
  'validatingadmissionpolicybindings',
  'ValidatingAdmissionPolicyBinding',
)
export const validatingWebhookConfigurations: ResourceRef<ValidatingWebhookConfiguration> = cluster(
  'admissionregistration.k8s.io',
  'v1',
  'validatingwebhookconfigurations',
  'ValidatingWebhookConfiguration',
)
export const customResourceDefinitions: ResourceRef<CustomResourceDefinition> = cluster(
  'apiextensions.k8s.io',
  'v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
)
export const priorityClasses: ResourceRef<PriorityClass> = cluster('scheduling.k8s.io', 'v1', 'priorityclasses', 'PriorityClass')
export const leases: ResourceRef<Lease> = namespaced('coordination.k8s.io', 'v1', 'leases', 'Lease')
export const runtimeClasses: ResourceRef<RuntimeClass> = cluster('node.k8s.io', 'v1', 'runtimeclasses', 'RuntimeClass')
export const endpointSlices: ResourceRef<EndpointSlice> = namespaced('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice')
export const flowSchemas: ResourceRef<FlowSchema> = cluster('flowcontrol.apiserver.k8s.io', 'v1', 'flowschemas', 'FlowSchema')
export const priorityLevelConfigurations: ResourceRef<PriorityLevelConfiguration> = cluster(
  'flowcontrol.apiserver.k8s.io',
  'v1',
  'prioritylevelconfigurations',
  'PriorityLevelConfiguration',
)
