/** The words that the Job controller and its clients know each other by. */

/** Keeps a finished Pod until it is counted. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
/** Annotation and label of a Pod of an indexed Job. */
export const indexKey = 'batch.kubernetes.io/job-completion-index'
/** How often the Pods of this index failed before this one. */
export const failureCountKey = 'batch.kubernetes.io/job-index-failure-count'
/** How often they failed in a way that the failure policy ignores. */
export const ignoredCountKey = 'batch.kubernetes.io/job-index-ignored-failure-count'
/** `spec.managedBy` of the Jobs that this controller runs. */
export const ownName = 'kubernetes.io/job-controller'
