/** What the composition root takes of the API room besides the HTTP server. */
import { namespaceLifecycle } from './namespace-lifecycle.js'
import { apiEndpoint, apiPipeline } from './plugin.js'
import { defaultTolerations, serviceAccountAdmission } from './pod-admission.js'
import { priorityAdmission } from './priority.js'

export { apiEndpoint, apiPipeline, defaultTolerations, namespaceLifecycle, priorityAdmission, serviceAccountAdmission }

/** The admission that is on in every cluster. */
export const admissionPlugins = [namespaceLifecycle, serviceAccountAdmission, defaultTolerations, priorityAdmission]
