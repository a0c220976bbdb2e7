/** What the composition root takes of the API room besides the HTTP server. */
import { parseRange } from './address-range.js'
import { nodeServer } from './kubelet/plugin.js'
import { namespaceLifecycle } from './namespace-lifecycle.js'
import { apiEndpoint, apiPipeline, nodeConnections } from './plugin.js'
import { defaultTolerations } from './pod-admission.js'
import { priorityAdmission } from './priority.js'
import { serviceAccountAdmission } from './service-account-admission.js'
import { tokenIssuer } from './token-issuer.js'

export {
  apiEndpoint,
  apiPipeline,
  defaultTolerations,
  namespaceLifecycle,
  nodeConnections,
  nodeServer,
  parseRange,
  priorityAdmission,
  serviceAccountAdmission,
  tokenIssuer,
}

/**
 * The admission that is on also where nobody but the API runs. `serviceAccountAdmission` is not: it refuses Pods of
 * accounts that are missing, and it takes a controller to make them.
 */
export const admissionPlugins = [namespaceLifecycle, defaultTolerations, priorityAdmission]
