import { admissionV1 } from './admission-v1.js'
import { admissionregistrationV1 } from './admissionregistration-v1.js'
import { apidiscoveryV2 } from './apidiscovery-v2.js'
import { apiextensionsV1 } from './apiextensions-v1.js'
import { apiregistrationV1 } from './apiregistration-v1.js'
import { appsV1 } from './apps-v1.js'
import { authenticationV1 } from './authentication-v1.js'
import { authorizationV1 } from './authorization-v1.js'
import { autoscalingV1 } from './autoscaling-v1.js'
import { autoscalingV2 } from './autoscaling-v2.js'
import { batchV1 } from './batch-v1.js'
import { certificatesV1 } from './certificates-v1.js'
import { coordinationV1 } from './coordination-v1.js'
import { coreV1 } from './core-v1.js'
import { discoveryV1 } from './discovery-v1.js'
import { eventsV1 } from './events-v1.js'
import { flowcontrolV1 } from './flowcontrol-v1.js'
import { metaV1 } from './meta-v1.js'
import { metricsV1beta1 } from './metrics-v1beta1.js'
import { networkingV1 } from './networking-v1.js'
import { nodeV1 } from './node-v1.js'
import { policyV1 } from './policy-v1.js'
import { rbacV1 } from './rbac-v1.js'
import { schedulingV1 } from './scheduling-v1.js'
import { storageV1 } from './storage-v1.js'

/** The table of each package of types, by its name. */
export const tables: Readonly<Record<string, string>> = {
  'admission/v1': admissionV1,
  'admissionregistration/v1': admissionregistrationV1,
  'apps/v1': appsV1,
  'authentication/v1': authenticationV1,
  'authorization/v1': authorizationV1,
  'autoscaling/v1': autoscalingV1,
  'autoscaling/v2': autoscalingV2,
  'batch/v1': batchV1,
  'certificates/v1': certificatesV1,
  'coordination/v1': coordinationV1,
  'core/v1': coreV1,
  'discovery/v1': discoveryV1,
  'events/v1': eventsV1,
  'flowcontrol/v1': flowcontrolV1,
  'metrics/v1beta1': metricsV1beta1,
  'networking/v1': networkingV1,
  'node/v1': nodeV1,
  'policy/v1': policyV1,
  'rbac/v1': rbacV1,
  'scheduling/v1': schedulingV1,
  'storage/v1': storageV1,
  'apidiscovery/v2': apidiscoveryV2,
  'meta/v1': metaV1,
  'apiextensions/v1': apiextensionsV1,
  'apiregistration/v1': apiregistrationV1,
}
