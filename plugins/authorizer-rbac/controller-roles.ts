/**
 * The roles of Kubernetes' own controllers, as data. Davit's controllers have their rights from grants beside their code;
 * these are for programs that run as Kubernetes' do (a cloud provider's manager, an external provisioner), and for tools
 * that look for the roles or bind them.
 */
import type { Rule } from './rules.js'

const events = '-,events.k8s.io events create,patch,update'
const stars = '* *'

/** Name → rules: groups (- for the core), resources, verbs (read: get, list, watch; all: those and every write), names. */
const clusterTable: Readonly<Record<string, readonly string[]>> = {
  'attachdetach-controller': [
    '- persistentvolumeclaims,persistentvolumes list,watch',
    '- nodes read',
    '- nodes/status patch,update',
    '- pods list,watch',
    events,
    'storage.k8s.io volumeattachments create,delete,read',
    'storage.k8s.io csidrivers read',
    'storage.k8s.io csinodes read',
  ],
  'certificate-controller': [
    'certificates.k8s.io certificatesigningrequests delete,read',
    'certificates.k8s.io certificatesigningrequests/approval,certificatesigningrequests/status update',
    'certificates.k8s.io signers approve kubernetes.io/kube-apiserver-client-kubelet',
    'certificates.k8s.io signers sign kubernetes.io/kube-apiserver-client,kubernetes.io/kube-apiserver-client-kubelet,kubernetes.io/kubelet-serving,kubernetes.io/legacy-unknown',
    'authorization.k8s.io subjectaccessreviews create',
    events,
  ],
  'clusterrole-aggregation-controller': ['rbac.authorization.k8s.io clusterroles escalate,read,patch,update'],
  'cronjob-controller': [
    'batch cronjobs read,update',
    'batch jobs all',
    'batch cronjobs/status update',
    'batch cronjobs/finalizers update',
    '- pods delete,list,watch',
    events,
  ],
  'daemon-set-controller': [
    'apps,extensions daemonsets read',
    'apps,extensions daemonsets/status update',
    'apps,extensions daemonsets/finalizers update',
    '- nodes list,watch',
    '- pods create,delete,list,patch,watch',
    '- pods/binding create',
    'apps controllerrevisions all',
    events,
  ],
  'deployment-controller': [
    'apps,extensions deployments read,update',
    'apps,extensions deployments/status update',
    'apps,extensions deployments/finalizers update',
    'apps,extensions replicasets all',
    '- pods read,update',
    events,
  ],
  'disruption-controller': [
    'apps,extensions deployments read',
    'apps,extensions replicasets read',
    '- replicationcontrollers read',
    'policy poddisruptionbudgets read',
    'apps statefulsets read',
    'policy poddisruptionbudgets/status update',
    '- pods/status patch,update',
    '* */scale get',
    events,
  ],
  'endpoint-controller': [
    '- pods,services read',
    '- endpoints create,delete,read,update',
    '- endpoints/restricted create',
    events,
  ],
  'endpointslice-controller': [
    '- nodes,pods,services read',
    '- services/finalizers update',
    'discovery.k8s.io endpointslices create,delete,read,update',
    events,
  ],
  'endpointslicemirroring-controller': [
    '- endpoints,services read',
    '- services/finalizers update',
    '- endpoints/finalizers update',
    'discovery.k8s.io endpointslices create,delete,read,update',
    events,
  ],
  'ephemeral-volume-controller': ['- pods read', '- pods/finalizers update', '- persistentvolumeclaims create,read', events],
  'expand-controller': [
    '- persistentvolumes read,patch,update',
    '- persistentvolumeclaims/status patch,update',
    '- persistentvolumeclaims read',
    events,
  ],
  'generic-garbage-collector': [`${stars} delete,read,patch,update`, events],
  'horizontal-pod-autoscaler': [
    'autoscaling horizontalpodautoscalers read',
    'autoscaling horizontalpodautoscalers/status update',
    '* */scale get,update',
    '- pods list,watch',
    'metrics.k8s.io pods list,watch',
    'custom.metrics.k8s.io * read',
    'external.metrics.k8s.io * read',
    events,
  ],
  'job-controller': [
    'batch jobs read,patch,update',
    'batch jobs/status update',
    'batch jobs/finalizers update',
    '- pods create,delete,list,patch,watch',
    events,
  ],
  'legacy-service-account-token-cleaner': [
    '- configmaps get kube-apiserver-legacy-service-account-token-tracking',
    '- secrets delete,patch',
  ],
  'namespace-controller': [
    '- namespaces delete,read',
    '- namespaces/finalize,namespaces/status update',
    `${stars} delete,deletecollection,read`,
  ],
  'node-controller': [
    '- nodes delete,read,patch,update',
    '- nodes/status patch,update',
    '- pods/status patch,update',
    '- pods delete,read',
    events,
  ],
  'persistent-volume-binder': [
    '- persistentvolumes create,delete,read,update',
    '- persistentvolumes/status update',
    '- persistentvolumeclaims read,update',
    '- persistentvolumeclaims/status update',
    '- pods create,delete,read',
    'storage.k8s.io storageclasses read',
    '- nodes list,watch',
    events,
    '- events watch',
  ],
  'pod-garbage-collector': ['- pods delete,list,watch', '- nodes read', '- pods/status patch'],
  'pv-protection-controller': ['- persistentvolumes read,update', events],
  'pvc-protection-controller': [
    '- persistentvolumeclaims read,update',
    '- persistentvolumeclaims/status update',
    '- pods read',
    events,
  ],
  'replicaset-controller': [
    'apps,extensions replicasets read,update',
    'apps,extensions replicasets/status update',
    'apps,extensions replicasets/finalizers update',
    '- pods create,delete,list,patch,watch',
    events,
  ],
  'replication-controller': [
    '- replicationcontrollers read,update',
    '- replicationcontrollers/status update',
    '- replicationcontrollers/finalizers update',
    '- pods create,delete,list,patch,watch',
    events,
  ],
  'resourcequota-controller': [`${stars} list,watch`, '- resourcequotas/status update', events],
  'root-ca-cert-publisher': ['- configmaps create,update', events],
  'route-controller': ['- nodes list,watch', '- nodes/status patch', events],
  'selinux-warning-controller': [
    events,
    '- persistentvolumes read',
    '- persistentvolumeclaims read',
    '- pods read',
    'storage.k8s.io csidrivers read',
  ],
  'service-account-controller': ['- serviceaccounts create', events],
  'service-cidrs-controller': [
    'networking.k8s.io servicecidrs read,patch,update',
    'networking.k8s.io servicecidrs/finalizers patch,update',
    'networking.k8s.io servicecidrs/status patch,update',
    'networking.k8s.io ipaddresses read',
    events,
  ],
  'service-controller': ['- services read', '- services/status patch,update', '- nodes list,watch', events],
  'statefulset-controller': [
    '- pods list,watch',
    'apps statefulsets read',
    'apps statefulsets/status update',
    'apps statefulsets/finalizers update',
    '- pods create,delete,get,patch,update',
    'apps controllerrevisions all',
    '- persistentvolumeclaims create,read',
    '- persistentvolumeclaims delete,update',
    '- pods/finalizers update',
    events,
  ],
  'ttl-after-finished-controller': ['batch jobs delete,read', events],
  'ttl-controller': ['- nodes list,patch,update,watch', events],
  'validatingadmissionpolicy-status-controller': [
    'admissionregistration.k8s.io validatingadmissionpolicies read',
    'admissionregistration.k8s.io validatingadmissionpolicies/status get,patch,update',
    events,
  ],
}

const short: Readonly<Record<string, readonly string[]>> = {
  read: ['get', 'list', 'watch'],
  all: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
}

/** A line of a table. */
export function ruleOf(line: string): Rule {
  const [groups = '', resources = '', verbs = '', names] = line.split(' ')
  return {
    apiGroups: groups.split(',').map((group) => (group === '-' ? '' : group)),
    resources: resources.split(','),
    ...(names !== undefined && { resourceNames: names.split(',') }),
    verbs: verbs.split(',').flatMap((verb) => short[verb] ?? verb),
  }
}

/** Each is bound to the service account of its name in kube-system. */
export const controllerNames: readonly string[] = Object.keys(clusterTable)
export const controllerRoles = controllerNames.map((name) => ({
  name: `system:controller:${name}`,
  rules: (clusterTable[name] ?? []).map(ruleOf),
}))
