/** Which kind has which hand-written behaviour. A kind that is not named here has none besides its schema. */
import type { Strategy } from '../contract.js'
import {
  admissionPolicyBindingStrategy,
  admissionPolicyStrategy,
  apiServiceStrategy,
  mutatingWebhookStrategy,
  validatingWebhookStrategy,
} from './admission.js'
import { autoscalerStrategy } from './autoscaler.js'
import { cronJobStrategy, jobStrategy } from './batch.js'
import { signingRequestStrategy } from './certificates.js'
import { eventStrategy, leaseStrategy, namespaceStrategy, nodeStrategy } from './core.js'
import { definitionStrategy } from './definition.js'
import { endpointSliceStrategy, endpointsStrategy } from './endpoints.js'
import { flowSchemaStrategy, priorityLevelStrategy } from './flow-control.js'
import { ingressClassStrategy, ingressStrategy } from './ingress.js'
import { limitRangeStrategy, resourceQuotaStrategy } from './limits.js'
import { ipAddressStrategy, networkPolicyStrategy, serviceCidrStrategy } from './networking.js'
import { podStrategy, podTemplateStrategy } from './pod.js'
import { podAdvice, templateAdvice } from './pod-warnings.js'
import { disruptionBudgetStrategy, priorityClassStrategy, runtimeClassStrategy } from './policy.js'
import { clusterRoleStrategy, roleBindingStrategy, roleStrategy } from './rbac.js'
import { serviceStrategy } from './service.js'
import { configMapStrategy, secretStrategy } from './settings.js'
import { persistentVolumeClaimStrategy, persistentVolumeStrategy } from './storage.js'
import { csiDriverStrategy, storageClassStrategy, volumeAttachmentStrategy } from './storage-classes.js'
import {
  controllerRevisionStrategy,
  daemonSetStrategy,
  deploymentStrategy,
  replicaSetStrategy,
  replicationControllerStrategy,
  statefulSetStrategy,
} from './workloads.js'

const none: Strategy = {}
const ofTemplate = templateAdvice(['spec', 'template'])

const strategies: Readonly<Record<string, Strategy>> = {
  '/ConfigMap': configMapStrategy,
  '/Endpoints': endpointsStrategy,
  '/Event': eventStrategy,
  '/LimitRange': limitRangeStrategy,
  '/Namespace': namespaceStrategy,
  '/Node': nodeStrategy,
  '/PersistentVolume': persistentVolumeStrategy,
  '/PersistentVolumeClaim': persistentVolumeClaimStrategy,
  '/Pod': { ...podStrategy, ...podAdvice },
  '/PodTemplate': podTemplateStrategy,
  '/ReplicationController': { ...replicationControllerStrategy, ...ofTemplate },
  '/ResourceQuota': resourceQuotaStrategy,
  '/Secret': secretStrategy,
  '/Service': serviceStrategy,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': mutatingWebhookStrategy,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': admissionPolicyStrategy,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': admissionPolicyBindingStrategy,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': validatingWebhookStrategy,
  'apiextensions.k8s.io/CustomResourceDefinition': definitionStrategy,
  'apiregistration.k8s.io/APIService': apiServiceStrategy,
  'apps/ControllerRevision': controllerRevisionStrategy,
  'apps/DaemonSet': { ...daemonSetStrategy, ...ofTemplate },
  'apps/Deployment': { ...deploymentStrategy, ...ofTemplate },
  'apps/ReplicaSet': { ...replicaSetStrategy, ...ofTemplate },
  'apps/StatefulSet': { ...statefulSetStrategy, ...ofTemplate },
  'autoscaling/HorizontalPodAutoscaler': autoscalerStrategy,
  'batch/CronJob': { ...cronJobStrategy, ...templateAdvice(['spec', 'jobTemplate', 'spec', 'template']) },
  'batch/Job': { ...jobStrategy, ...ofTemplate },
  'certificates.k8s.io/CertificateSigningRequest': signingRequestStrategy,
  'coordination.k8s.io/Lease': leaseStrategy,
  'discovery.k8s.io/EndpointSlice': endpointSliceStrategy,
  'events.k8s.io/Event': eventStrategy,
  'flowcontrol.apiserver.k8s.io/FlowSchema': flowSchemaStrategy,
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': priorityLevelStrategy,
  'networking.k8s.io/Ingress': ingressStrategy,
  'networking.k8s.io/IngressClass': ingressClassStrategy,
  'networking.k8s.io/IPAddress': ipAddressStrategy,
  'networking.k8s.io/NetworkPolicy': networkPolicyStrategy,
  'networking.k8s.io/ServiceCIDR': serviceCidrStrategy,
  'node.k8s.io/RuntimeClass': runtimeClassStrategy,
  'policy/PodDisruptionBudget': disruptionBudgetStrategy,
  'rbac.authorization.k8s.io/ClusterRole': clusterRoleStrategy,
  'rbac.authorization.k8s.io/ClusterRoleBinding': roleBindingStrategy,
  'rbac.authorization.k8s.io/Role': roleStrategy,
  'rbac.authorization.k8s.io/RoleBinding': roleBindingStrategy,
  'scheduling.k8s.io/PriorityClass': priorityClassStrategy,
  'storage.k8s.io/CSIDriver': csiDriverStrategy,
  'storage.k8s.io/StorageClass': storageClassStrategy,
  'storage.k8s.io/VolumeAttachment': volumeAttachmentStrategy,
}

export function strategyFor(group: string, kind: string): Strategy {
  const key = `${group}/${kind}`
  return (Object.hasOwn(strategies, key) ? strategies[key] : undefined) ?? none
}
